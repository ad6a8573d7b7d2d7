"""How long decisions took from the sinks to the screen."""

import math
from array import array

import numpy as np
from numpy.typing import NDArray

from bci.snapshot import Snapshot
from bci.types import Decision

__all__ = ["Painted"]


class Painted:
    """A decision is seen once the frame after its own has begun; of several between two frames, only the last."""

    def __init__(self) -> None:
        self._seconds = array("d")
        self._waiting: Decision | None = None

    def frame(self, snapshot: Snapshot, now: float) -> bool:
        """Take in that a frame begins; say whether a decision has been seen meanwhile."""
        before, self._waiting = self._waiting, snapshot.recent[-1] if snapshot.recent else None
        if before is None or before.seq < len(self._seconds):
            return False
        self._seconds.extend([math.nan] * (before.seq - len(self._seconds)))
        self._seconds.append(now - before.published)
        return True

    @property
    def seconds(self) -> NDArray[np.float64]:
        """(m,) for the first m decisions; NaN for those that were replaced before they could be seen."""
        return np.array(self._seconds)
