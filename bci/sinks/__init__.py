"""Where decisions go: a file, an LSL outlet, a terminal. Each is one file and one verb."""

from typing import Protocol

from bci.types import Decision

__all__ = ["Sink"]


class Sink(Protocol):
    """Anything that takes decisions."""

    dropped: int
    """Decisions that it could not keep."""
    trouble: str
    """What is wrong with it, in a few words that stay the same while it is; empty if nothing is."""

    def put(self, decision: Decision) -> None:
        """Take one decision; never blocks, counts what it drops."""
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...
