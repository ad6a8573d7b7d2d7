"""Some of many names, for a line that a person reads."""

from collections.abc import Sequence

__all__ = ["few"]


def few(names: Sequence[str], most: int = 8) -> str:
    """Return the first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
