"""Whether samples come: by what the source says of itself, and by what is seen. No Qt."""

import numpy as np

from bci.clock import Clock
from bci.history import History
from bci.types import SourceState

__all__ = ["Watch"]

QUIET, SAMPLES = 1.0, 3
"""Seconds, and samples more, without any after which nothing looks live, whatever the source says."""


class Watch:
    """Looks at a history again and again.

    Parameters
    ----------
    history
        Where samples arrive.
    clock
        Seconds on the LSL clock.
    played
        Whether it is a file that is played, whose times are not those of the clock.

    Attributes
    ----------
    quiet
        Seconds since the newest sample.
    """

    def __init__(self, history: History, clock: Clock, *, played: bool) -> None:
        self._history, self._clock = history, clock
        self._end, self._arrived = -1, clock()
        self._looked = self._arrived if played else -np.inf
        self.quiet = 0.0

    def look(self, told: SourceState) -> SourceState:
        """Return the state that the source tells, but `stalled` if it is said to be live and nothing comes."""
        history, now = self._history, self._clock()
        if history.end != self._end:
            self._end = history.end  # it came after the last look, and not before it was taken
            self._arrived = min(now, max(history.last_time, self._looked)) if history.end else now
        self._looked = now
        self.quiet = now - self._arrived
        silent = self.quiet > QUIET + SAMPLES / history.sfreq
        return SourceState.STALLED if told.live and silent else told
