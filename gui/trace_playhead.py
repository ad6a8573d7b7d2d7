"""Up to which sample signals are shown: the newest, or one at which they are held or scrolled back to. No Qt."""

from collections.abc import Callable

from bci.history import History

__all__ = ["Playhead"]


class Playhead:
    """A place in a history that either stays at its end or is held.

    Parameters
    ----------
    history
        What can be seen.
    moved
        Called whenever it is held, let go, or moved.

    Attributes
    ----------
    n_shown
        Samples that are shown before it.
    held
        Index after the last sample that is shown; None at the present moment.
    scrolled_to
        The same, if it was moved since it is held; None otherwise.
    """

    def __init__(self, history: History, moved: Callable[[], None]) -> None:
        self._history, self._moved = history, moved
        self.n_shown = 1
        self.held: int | None = None
        self.scrolled_to: int | None = None
        self._held_at = 0  # the furthest that can be scrolled to

    @property
    def end(self) -> int:
        """Index after the last sample that is shown."""
        return self._history.end if self.held is None else self.held

    @property
    def behind(self) -> float:
        """Seconds from what is shown to the present moment."""
        return (self._history.end - self.end) / self._history.sfreq

    @property
    def lost(self) -> bool:
        """Whether all that would be shown is no longer kept."""
        return self.held is not None and 0 < self.held <= self._history.start

    def hold(self) -> None:
        """Stay where it is; samples go on, and are kept."""
        if self.held is None:
            self.held = self._held_at = self._history.end
            self._moved()

    def let_go(self) -> None:
        """Follow the newest sample again."""
        self.held = self.scrolled_to = None
        self._moved()

    def hold_or_let_go(self) -> None:
        """Stay, or follow again."""
        (self.hold if self.held is None else self.let_go)()

    def back(self) -> None:
        """Go half of what is shown back in time."""
        self.move_to(self.end - self.n_shown // 2)

    def forth(self) -> None:
        """Go half of what is shown forth in time, up to the present moment."""
        sample = self.end + self.n_shown // 2
        if sample < self._history.end:
            self.move_to(sample)
        else:
            self.let_go()

    def move_to(self, sample: int) -> None:
        """Show the samples before this one, or the oldest that are kept."""
        self.hold()
        self.held = self.scrolled_to = max(sample, min(self._history.start + self.n_shown, self._held_at))
        self._moved()

    @property
    def offset(self) -> int:
        """Samples from where it was held to where it is: 0, or less in the past."""
        return 0 if self.scrolled_to is None else min(0, self.scrolled_to - self._held_at)

    @property
    def first_offset(self) -> int:
        """The offset at which the oldest samples that are kept are shown."""
        return min(0, self._history.start + self.n_shown - self._held_at)

    def move_by(self, offset: int) -> None:
        """Show the samples before this offset."""
        self.move_to(self._held_at + offset)
