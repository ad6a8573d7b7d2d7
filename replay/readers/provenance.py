"""Where a recording comes from, as far as its file name says: BIDS entities, and folders called `sessionN`.

Names of BIDS files: https://bids-specification.readthedocs.io/en/stable/common-principles.html#entities
"""

import re
from pathlib import Path
from typing import Any

__all__ = ["describe", "stem", "subject_of"]

_SUFFIXES = (".csv.gz", ".fif.gz", ".xdf.gz")
_SUBJECT_FOLDER = re.compile(r"sub-([a-zA-Z0-9]+)")
_SESSION_FOLDER = re.compile(r"ses(?:sion)?[-_ ]?0*(\d+)", re.IGNORECASE)


def stem(path: Path) -> str:
    """Return a file name without its suffixes: `rec_15.42.33.csv.gz` -> `rec_15.42.33`."""
    for suffix in _SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def describe(path: Path, *caveats: str, **known: Any) -> dict[str, Any]:
    """Return the provenance of one file.

    Parameters
    ----------
    path
        The file. Its name alone is kept, so that nothing of this computer ends up in a bundle.
    caveats
        Sentences that whoever uses the data should know.
    known
        Further entries; they win over what the name says.

    Returns
    -------
    dict
        `source` (file name), `subject`, `session` (strings, `"1"` if the name does not say), `recording`
        (file name without suffixes), `caveats` (list) and `known`.
    """
    name = stem(path)
    return {
        "source": path.name,
        "subject": subject_of(path) or "1",
        "session": _entity(name, "ses") or _session_of(path.parent) or "1",
        "recording": name,
        "caveats": list(caveats),
        **known,
    }


def subject_of(path: Path) -> str | None:
    """Return the subject that a file's name, or a folder above it, tells: `sub-01/eeg.npy` -> `01`."""
    folders = (_SUBJECT_FOLDER.fullmatch(folder.name) for folder in path.parents)
    return _entity(stem(path), "sub") or next((found[1] for found in folders if found), None)


def _entity(name: str, key: str) -> str | None:
    found = re.search(rf"(?:^|_){key}-([a-zA-Z0-9]+)(?:_|$)", name)
    return found[1] if found else None


def _session_of(folder: Path) -> str | None:
    found = _SESSION_FOLDER.fullmatch(folder.name)
    return found[1] if found else None
