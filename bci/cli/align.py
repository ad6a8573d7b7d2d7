"""`bci align`: bring EEG and fMRI of pictures that are like each other into one space."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from bci.errors import ConfigError

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "pictures": ("bci.cli.align_pictures", "pictures of the Natural Scenes Dataset as files, for bci embed"),
    "data": ("bci.cli.align_data", "pairs of EEG and fMRI, matched, split and projected"),
    "train": ("bci.cli.align_train", "train on pairs, into a folder of its own in runs/"),
    "evaluate": ("bci.cli.align_evaluate", "judge a run on its test pairs, beside shuffled pairs and controls"),
    "bundle": ("bci.cli.align_bundle", "a decoder of EEG alone from a run, for bci live"),
}
"""Name -> module whose `main` it is, and what it does."""


def main(argv: list[str]) -> int:
    """Run `bci align`."""
    if not argv or argv[0] in ("-h", "--help"):
        print(_overview())
        return 0 if argv else 2
    if argv[0] not in COMMANDS:
        raise ConfigError(f"expected bci align {' or '.join(COMMANDS)}, got {argv[0]!r}")
    if not {"-h", "--help"} & set(argv):
        _check_extra()
    command: Callable[[list[str]], int] = import_module(COMMANDS[argv[0]][0]).main
    return command(argv[1:])


def _check_extra() -> None:
    """Refuse to begin without the libraries that read HDF5, NIfTI and LMDB."""
    if missing := [name for name in ("h5py", "lmdb", "nibabel") if find_spec(name) is None]:
        raise ConfigError(f"bci align needs {missing[0]}: pip install 'bci-live[alignment]'")


def _overview() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
    return f"""usage: bci align COMMAND [options]

Bring EEG and fMRI of pictures that are like each other into one space.

commands:
{commands}

  bci align COMMAND --help  options and examples of a command"""
