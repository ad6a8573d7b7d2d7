"""Which events are decided on: those that are shown after the beginning, and in no pause. A pure core."""

from math import inf, isinf

from bci.stretches import Stretch

__all__ = ["Admission"]


class Admission:
    """Knows when events count; all times are onsets, in seconds on the LSL clock.

    Nothing counts until `begin` is called.
    """

    def __init__(self) -> None:
        self._since = inf
        self._pauses: tuple[Stretch, ...] = ()
        self.paused_events = 0
        """Events in pauses, on which nothing was decided."""

    @property
    def from_the_first(self) -> bool:
        """Whether events count from the first sample on."""
        return self._since == -inf

    @property
    def pauses(self) -> tuple[Stretch, ...]:
        """The pauses so far, the last one infinite while it lasts."""
        return self._pauses

    @property
    def paused(self) -> bool:
        """Whether a pause is on."""
        return bool(self._pauses) and isinf(self._pauses[-1][1])

    def begin(self, time: float) -> None:
        """Let count what is shown later than this."""
        self._since = time

    def pause(self, time: float) -> bool:
        """Let nothing count that is shown from now on; say whether it did until now."""
        if self.paused:
            return False
        self._pauses = (*self._pauses, (time, inf))
        return True

    def resume(self, time: float) -> bool:
        """End a pause; say whether there was one."""
        if not self.paused:
            return False
        self._pauses = (*self._pauses[:-1], (self._pauses[-1][0], time))
        return True

    def admit(self, onset: float) -> bool:
        """Say whether to decide on an event that was shown then; those in pauses are counted."""
        begun = onset > self._since
        paused = any(start <= onset < stop for start, stop in self._pauses)
        self.paused_events += begun and paused
        return begun and not paused
