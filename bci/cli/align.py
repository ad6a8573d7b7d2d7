"""`bci align`: bring EEG into the space of another person's fMRI, through pairs of pictures that are alike."""

from importlib import import_module
from importlib.util import find_spec

from bci.errors import ConfigError
from bci.nearest import nearest

__all__ = ["STEPS", "main"]

STEPS = {
    "pictures": "pictures of the Natural Scenes Dataset as files, for bci embed",
    "data": "pairs of EEG and fMRI, matched, split and projected",
    "train": "train on pairs; a folder in runs/",
    "evaluate": "judge a run on its test pairs, beside shuffled pairs and controls",
    "bundle": "a decoder of EEG alone, for bci live",
}
"""Name -> summary; each is a module `bci.cli.align_NAME`."""

EPILOG = """\
examples:
  bci align data eeg-fmri-synthetic --out pairs
  bci align train eeg-fmri-known
  bci align evaluate runs/eeg-fmri-known_20260101-120000 --out report
  bci align bundle runs/eeg-fmri-known_20260101-120000 --out decoder

  bci align STEP --help  options and examples of a step"""


def main(argv: list[str]) -> int:
    """Run a step; return its exit code."""
    if not argv or argv[0] in ("-h", "--help"):
        print(_overview())
        return 0 if argv else 2
    step = argv[0]
    if step not in STEPS:
        raise ConfigError(f"expected one of {', '.join(STEPS)}; got {step!r}, nearest is {nearest(step, STEPS)!r}")
    if not {"-h", "--help"} & set(argv):
        _check_extra()
    module = import_module(f"bci.cli.align_{step}")
    code: int = module.main(argv[1:])
    return code


def _check_extra() -> None:
    """Refuse to begin without the libraries that read HDF5, NIfTI and LMDB."""
    if missing := [name for name in ("h5py", "lmdb", "nibabel") if find_spec(name) is None]:
        raise ConfigError(f"bci align needs {missing[0]}: pip install 'bci-live[alignment]'")


def _overview() -> str:
    steps = "\n".join(f"  {name:<9} {summary}" for name, summary in STEPS.items())
    return f"""Bring EEG into the space of another person's fMRI, through pairs of pictures that are alike.

usage: bci align STEP [options]

steps:
{steps}

{EPILOG}"""
