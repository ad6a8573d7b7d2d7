"""The command line: one file per command, imported only when it is the one that was asked for."""

import logging
import sys
from importlib import import_module
from io import TextIOWrapper

from bci.errors import BciError

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "demo": "the whole story on synthetic data: make, train, stream, decode live",
    "doctor": "what works on this computer, what does not, and what to do",
    "streams": "the LSL streams in sight, with state and rate",
    "devices": "what is known of devices and their streams",
    "fetch": "download a public data set, with resume and checksums",
    "convert": "text that is too large to read often, as arrays",
    "replay": "stream a recording as a simulated device",
    "live": "decode a live stream",
    "bids": "write recorded sessions as a data set in BIDS",
    "calibrate-delay": "how late a device's stamps are, by a photodiode or a loopback",
    "embed": "cache vision features and prototypes with open_clip",
    "pair": "digits' events of EEG beside pictures of their own label, for contrastive training",
    "align": "EEG in the space of another person's fMRI, by pairs of pictures",
    "train": "train a decoder from a config",
    "calibrate": "fit a decoder to a person whom it does not know",
    "evaluate": "judge a decoder honestly, beside its controls",
    "explore": "step through trials: what was shown beside what fits best",
    "reconstruct": "paint what was seen from EEG, and judge how near that comes",
    "table": "several decoders on the same data, beside the oracle",
    "bench": "how fast this computer does what takes time",
    "certify": "whether this computer decides in time with your bundle",
}

_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run `bci`; return the exit code: 0 done, 1 something failed, 2 what was asked for cannot be done."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(_overview())
        return 0 if argv else 2
    command, rest = argv[0], argv[1:]
    if command == "--version":
        print(_version())
        return 0
    if command not in COMMANDS:
        return _refuse(f"expected one of {', '.join(COMMANDS)}; got {command!r}{_nearest(command)}")
    _get_ready()
    return _run(command, rest)


def _get_ready() -> None:
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.raiseExceptions = False  # a log on a full disk
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of concepts on a terminal that lacks their letters


def _run(command: str, argv: list[str]) -> int:
    try:
        code: int = import_module(f"bci.cli.{command.replace('-', '_')}").main(argv)
    except BciError as error:
        return _refuse(str(error), error.exit_code)
    except OSError as error:
        return _refuse(f"{command} cannot go on: {error}", 1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    return code


def _overview() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    return f"""bci names what a person sees from their EEG, live, and says how far to trust it.

usage: bci COMMAND [options]

commands:
{commands}

  bci COMMAND --help  options and examples of a command
  bci --version

start here:
  bci demo            everything at once, on synthetic data, no device needed"""


def _refuse(message: str, code: int = 2) -> int:
    print(f"bci: {message}", file=sys.stderr)
    return code


def _nearest(command: str) -> str:
    import difflib

    near = difflib.get_close_matches(command, COMMANDS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _version() -> str:
    from importlib.metadata import version

    return f"bci-live {version('bci-live')}"
