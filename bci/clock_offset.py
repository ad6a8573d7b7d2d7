"""How far a sender's clock is from ours, as liblsl measures it.

liblsl can apply it by itself (`proc_clocksync`), but then a sender whose answers do not come through, because of a
firewall say, blocks every pull for five seconds.
"""

from contextlib import suppress
from socket import gethostname
from typing import Any

__all__ = ["ClockOffset"]


SAME_CLOCK = 0.01
"""Seconds: a sender on this computer has our clock, and what is measured is how long its answers took."""


class ClockOffset:
    """The offset of one inlet.

    Parameters
    ----------
    inlet
        A `pylsl.StreamInlet`.
    name, host
        Of its stream, and of the computer that sends it.
    """

    def __init__(self, inlet: Any, name: str, host: str) -> None:
        self._inlet = inlet
        self._name = name
        self._here = host == gethostname()
        self._known = False
        self._ignored = False
        self.seconds = 0.0
        """To be added to stamps; 0 while it is unknown."""

    def measure(self, timeout: float) -> bool:
        """Wait for the first value, which takes about half a second; say whether it came."""
        with suppress(RuntimeError):  # liblsl's TimeoutError and LostError, and then the last value still holds
            measured = float(self._inlet.time_correction(timeout))
            self.seconds = 0.0 if self._here and abs(measured) < SAME_CLOCK else measured
            self._known = True
        return self._known

    def look(self) -> bool:
        """Read the latest value without waiting; say whether stamps can be used."""
        return self._ignored or self.measure(0.0)

    def ignore(self) -> None:
        """Take stamps as they are from now on: times of two streams must not be corrected differently."""
        self._ignored, self.seconds = True, 0.0

    @property
    def trouble(self) -> str:
        """What is wrong, in words; empty if nothing is."""
        if not self._ignored:
            return ""
        return f"the clock offset of {self._name} cannot be measured: its stamps are taken as they are"
