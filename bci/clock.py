"""The one clock: `local_clock` of LSL, handed to whoever needs the time."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Clock", "VirtualClock", "lsl_clock"]

Clock = Callable[[], float]
"""Seconds on the LSL clock of this computer."""


def lsl_clock() -> float:
    """Return the LSL clock of this computer, in seconds."""
    from pylsl import local_clock  # noqa: PLC0415 (a session without LSL never loads the library)

    return float(local_clock())


@dataclass(slots=True)
class VirtualClock:
    """A clock that moves when it is told to; for tests and for decoding faster than real time."""

    now: float = 0.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
