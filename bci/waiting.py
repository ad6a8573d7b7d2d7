"""Epochs that wait for the decoder: none is unaccounted for, and none waits without end. A pure core.

When the decoder cannot keep up, the epoch that has waited longest is given up and becomes a decision with status
`dropped`: what waits longest is worth least. A backlog that comes at once is worked off.
"""

from collections import deque

from bci.pair import Pair
from bci.types import Epoch

__all__ = ["MOST", "PATIENCE", "Waiting"]

PATIENCE = 1.0
"""Seconds; what waits no longer came at once, when a sender that hung goes on, and is worked off."""
MOST = 1024
"""Epochs that wait at all: bounded on any input."""

_Task = tuple[Epoch, Pair]


class Waiting:
    """A queue that gives up what it cannot hold.

    Parameters
    ----------
    capacity
        Epochs that may wait for longer than `PATIENCE`; 1 in sliding mode, where a newer window supersedes an
        older one at once.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._patience = 0.0 if capacity == 1 else PATIENCE
        self._why = "superseded by a newer window" if capacity == 1 else "the decoder could not keep up"
        self._waiting: deque[_Task] = deque()
        self._given_up: deque[_Task] = deque()

    def __len__(self) -> int:
        """Count what has not been taken yet, that which is given up included."""
        return len(self._waiting) + len(self._given_up)

    def put(self, epoch: Epoch, pair: Pair, now: float) -> None:
        """Let an epoch wait for what decodes it; give up the oldest that have waited too long.

        Parameters
        ----------
        now
            Seconds on the clock of `Epoch.stamps`.
        """
        self._waiting.append((epoch, pair))
        while len(self._waiting) > self._capacity and self._overdue(self._waiting[0][0], now):
            self._given_up.append(self._waiting.popleft())

    def take(self) -> tuple[Epoch, Pair, str] | None:
        """Return what comes next, and why it is given up if it is: that goes first. None if nothing waits."""
        if self._given_up:
            return (*self._given_up.popleft(), self._why)
        return (*self._waiting.popleft(), "") if self._waiting else None

    def _overdue(self, epoch: Epoch, now: float) -> bool:
        return len(self._waiting) > MOST or now - epoch.stamps.cut >= self._patience
