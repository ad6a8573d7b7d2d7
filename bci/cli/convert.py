"""`bci convert`: text that is too large to read again and again, as arrays."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from replay.mindbigdata.convert import Conversion

__all__ = ["Convert", "main"]

DESCRIPTION = """Convert MindBigData's EP1.01.txt to arrays beside it, which bci train and bci evaluate map.

examples:
  bci convert EP1.01.txt
  bci convert EP1.01.txt --json

Takes 1 GB of disk for the 2.7 GB of text, and little memory. Goes on where it was interrupted. Lines that are no
rows are left out and listed, by number and reason, in EP1.01.arrays/broken.tsv.
Exit codes: 0 converted, 2 no such file, another one, or no room."""


@dataclass(frozen=True)
class Convert:
    """Options of `bci convert`."""

    file: tyro.conf.Positional[Path]
    """EP1.01.txt, under this name."""
    json: bool = False
    """Print JSON."""


def main(argv: list[str]) -> int:
    """Run `bci convert`."""
    options = tyro.cli(Convert, args=argv, prog="bci convert", description=DESCRIPTION)
    from bci.cli.progress import progress_bar
    from bci.errors import FormatError
    from replay.mindbigdata.convert import convert
    from replay.readers import READERS

    if not READERS["mindbigdata"].owns(options.file):
        raise FormatError(f"expected MindBigData's EP1.01.txt, got {options.file}: name it, or rename it so")
    with progress_bar("converting", share=True) as report:
        done = convert(options.file, report)
    print(json.dumps(asdict(done), indent=2)) if options.json else _say(options.file, done)
    return 0


def _say(file: Path, done: "Conversion") -> None:
    from replay.mindbigdata.arrays import Folder

    folder, n_broken = Folder.of(file), sum(done.broken.values())
    print(f"{folder.path}: {done.events} events, {done.complete} of them with all channels")
    listed = f", listed in {folder.broken}" if n_broken else ""
    print(f"{done.lines} lines, {n_broken} of them no rows{listed}")
    for reason, number in sorted(done.broken.items(), key=lambda each: -each[1]):
        print(f"  {number:>8}  {reason}")
