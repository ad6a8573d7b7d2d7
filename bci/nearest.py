"""The known name that a misspelt one comes closest to (Ratcliff and Obershelp's measure, `difflib`)."""

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like another one, however little; empty if none is known."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)), "")
