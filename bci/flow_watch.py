"""What a stream is doing, and why that is known: the states of a source, from nothing but when samples come.

connected -> flowing -> stalled -> lost
               ^           |        |
               '------ recovered <--'        degraded: samples flow, and something else is wrong
"""

from collections import deque
from collections.abc import Sequence
from math import inf

from bci.types import SourceState

__all__ = ["LOST_AFTER", "STALLED_AFTER", "FlowWatch", "Standing", "burdened"]

STALLED_AFTER = 0.5
"""Seconds without a sample, or three intervals between chunks if they are longer."""
LOST_AFTER = 5.0
"""Seconds without a sample; liblsl itself tells of a loss only where a stream has no source id."""
INTERVALS = 8  # between chunks that are remembered
RECOVERED_FOR = 2.0  # s that a stream counts as recovered: long enough to be seen

Standing = tuple[SourceState, str]
"""A state and its reason, which is empty where there is nothing to be said."""


class FlowWatch:
    """Follows one stream.

    Parameters
    ----------
    now
        When it was opened, seconds on any clock.
    """

    def __init__(self, now: float) -> None:
        self._opened = now
        self._last: float | None = None  # arrival of the newest samples
        self._intervals: deque[float] = deque(maxlen=INTERVALS)
        self._allowed = STALLED_AFTER
        self._resumed: tuple[float, float] | None = None  # when samples came again, and after how long
        self._lag = 0.0  # of arrivals behind stamps, before the latest silence
        self._behind = False  # a backlog is coming in

    def received(self, now: float, newest: float) -> float:
        """Take note that samples came, the newest of which was taken at `newest`.

        Returns
        -------
        due
            Samples taken before this time should have come earlier: their sender hung. Minus infinity if not.
        """
        if self.silent(now) and self._last is not None:
            self._resumed, self._behind = (now, now - self._last), True
        due = now - self._lag - STALLED_AFTER if self._behind else -inf
        if newest >= due:
            self._lag, self._behind = now - newest, False
        if self._last is not None:
            self._learn(now - self._last)
        self._last = now
        return due

    def _learn(self, interval: float) -> None:
        """Packets may come every two seconds; but the longest is left out, for a sender that hung once."""
        self._intervals.append(interval)
        if len(self._intervals) > 1:
            self._allowed = max(STALLED_AFTER, 3 * sorted(self._intervals)[-2])

    def silent(self, now: float) -> bool:
        """Whether samples should have come by now."""
        return self._last is not None and now - self._last > self._allowed

    def look(self, now: float, gone: str = "", troubles: Sequence[str] = ()) -> Standing:
        """Say how the stream stands.

        Parameters
        ----------
        gone
            Why no sample can ever come again; empty if they can.
        troubles
            What is wrong although samples flow.
        """
        if gone:
            return SourceState.LOST, gone
        if self._last is None:
            return SourceState.CONNECTED, f"open for {now - self._opened:.0f} s, no sample yet"
        quiet = now - self._last
        if self.silent(now):
            state = SourceState.LOST if quiet > LOST_AFTER else SourceState.STALLED
            return state, f"no sample for {quiet:.1f} s"
        if self._resumed is not None and now - self._resumed[0] <= RECOVERED_FOR:
            return burdened((SourceState.RECOVERED, f"samples again after {self._resumed[1]:.1f} s"), troubles)
        return burdened((SourceState.FLOWING, ""), troubles)


def burdened(standing: Standing, troubles: Sequence[str]) -> Standing:
    """Return how something stands that suffers from troubles: `degraded` with all of them while samples flow."""
    state, reason = standing
    if not troubles or not state.live:
        return standing
    return SourceState.DEGRADED, "; ".join((reason, *troubles) if state is SourceState.DEGRADED else troubles)
