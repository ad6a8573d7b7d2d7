"""What `bci align evaluate` and `bci align bundle` ask for alike: a run, its pairs, and a new folder."""

import argparse
from pathlib import Path

__all__ = ["run_parser"]


def run_parser(command: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Return a parser that knows RUN, `--data` and `--out`."""
    parser = argparse.ArgumentParser(
        prog=f"bci align {command}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="folder that bci align train wrote")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the pairs that it was trained on")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new folder for the result")
    return parser
