"""One marker stream: strings or whole numbers, each at its own time."""

from typing import Any

import numpy as np

from bci.clock import Clock
from bci.clock_offset import ClockOffset
from bci.discovery import FoundStream
from bci.types import Marker

__all__ = ["MarkerInlet"]

BUFFER = 36  # hundreds of markers that liblsl keeps for us


class MarkerInlet:
    """Reads the markers of one stream without waiting.

    Every marker gets the clock offset that liblsl knows when it is read: liblsl's own correction of irregular
    streams can be fifty markers old.

    Parameters
    ----------
    found
        The stream; its first channel is read.
    delay
        Seconds that its stamps are late, because an amplifier sets them; subtracted.
    recover
        Leave it to liblsl to come back to a sender that was restarted.
    """

    def __init__(self, found: FoundStream, delay: float = 0.0, *, recover: bool = True) -> None:
        from pylsl import StreamInlet  # noqa: PLC0415

        self.name = found.name
        self.uid = found.uid
        self.lost = False
        """Whether the sender has gone: nothing will come any more."""
        self._delay = delay
        self._inlet: Any = StreamInlet(found.handle, max_buflen=BUFFER, recover=recover)
        self.offset = ClockOffset(self._inlet, found.name, found.host)
        """Where the sender's clock stands."""

    def open(self, timeout: float) -> None:
        """Subscribe; must be called before `drain`.

        Raises
        ------
        RuntimeError
            If the sender does not answer within `timeout` seconds.
        """
        # Without the description, liblsl asks for it at the first pull and waits for ever if the sender is gone.
        self.describe(timeout)
        self._inlet.open_stream(timeout)

    def describe(self, timeout: float) -> Any:
        """Return the stream's full description, a `pylsl.StreamInfo`.

        Raises
        ------
        RuntimeError
            If the sender does not answer within `timeout` seconds.
        """
        return self._inlet.info(timeout)

    def drain(self, clock: Clock) -> list[Marker]:
        """Return what has come since the last time, oldest first; nothing before a first `offset` is known."""
        if not self.offset.look():
            return []
        try:
            samples, stamps = self._inlet.pull_chunk(0.0, max_samples=256, as_numpy=True)
        except RuntimeError:  # liblsl's LostError
            self.lost = True
            return []
        arrived, shift = clock(), self.offset.seconds - self._delay
        return [
            Marker(stamp + shift, _text(sample[0]), self.name, arrived)
            for sample, stamp in zip(samples, stamps.tolist(), strict=True)
        ]

    def close(self) -> None:
        """Unsubscribe."""
        self._inlet.close_stream()


def _text(value: bytes | float) -> str:
    """Write whole numbers as trigger codes are written; senders that know no UTF-8 mostly mean Latin-1."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")
    return str(round(value)) if np.isfinite(value) and value == round(value) else str(value)
