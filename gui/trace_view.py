"""How signals are shown. No Qt."""

from dataclasses import dataclass

from bci.display_filter import DisplaySpec

__all__ = ["WINDOWS", "View"]

WINDOWS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds to choose from."""


@dataclass(frozen=True, slots=True)
class View:
    """How signals are shown.

    Parameters
    ----------
    seconds
        From the oldest to the newest sample that can be seen.
    rolling
        Whether the picture moves, rather than the present moment over it.
    inverted
        Whether negative values are drawn upwards.
    centred
        Whether each channel's median is removed.
    filters
        What is done to them for display.
    """

    seconds: float = 10.0
    rolling: bool = False
    inverted: bool = False
    centred: bool = True
    filters: DisplaySpec = DisplaySpec()  # noqa: RUF009 (frozen)

    @property
    def grid(self) -> float:
        """Seconds from one line of time to the next."""
        return 0.1 if self.seconds <= 2 else 1.0 if self.seconds <= 20 else 5.0

    @property
    def longer(self) -> float:
        """The next of the seconds to choose from, or the most."""
        return next((seconds for seconds in WINDOWS if seconds > self.seconds), WINDOWS[-1])

    @property
    def shorter(self) -> float:
        """The one before, or the fewest."""
        return next((seconds for seconds in reversed(WINDOWS) if seconds < self.seconds), WINDOWS[0])
