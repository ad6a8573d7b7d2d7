"""What this process takes of its computer: what must not grow while a session lasts."""

import os
from dataclasses import dataclass

from bci.memory import anonymous_memory

__all__ = ["Footprint", "footprint"]


@dataclass(frozen=True, slots=True)
class Footprint:
    """How much it takes at one moment; None where the system does not tell (Linux does).

    Parameters
    ----------
    anonymous
        Bytes in memory that are no file's.
    threads
        Of any language: liblsl's and torch's are among them.
    files
        Files, pipes and sockets that are open.
    """

    anonymous: int | None
    threads: int | None
    files: int | None


def footprint() -> Footprint:
    """Look at this process; it takes some tens of microseconds."""
    return Footprint(anonymous_memory(), _entries("task"), _entries("fd"))


def _entries(of: str) -> int | None:
    try:
        return len(os.listdir(f"/proc/self/{of}"))  # noqa: PTH208 (names alone, and as fast as can be)
    except OSError:  # another system
        return None
