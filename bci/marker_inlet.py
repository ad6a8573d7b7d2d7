"""One marker stream: strings or whole numbers, each at its own time."""

from contextlib import suppress
from typing import Any

import numpy as np

from bci.clock import Clock
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
    """

    def __init__(self, found: FoundStream) -> None:
        from pylsl import StreamInlet  # noqa: PLC0415

        self.name = found.name
        self.key = found.source_id or found.uid
        self._inlet: Any = StreamInlet(found.handle, max_buflen=BUFFER)
        self._offset: float | None = None

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

    def measure_offset(self, timeout: float) -> None:
        """Measure the clock offset, which takes about half a second the first time; later it is just read.

        Raises
        ------
        RuntimeError
            If the sender does not answer within `timeout` seconds.
        """
        self._offset = self._inlet.time_correction(timeout)

    def drain(self, clock: Clock) -> list[Marker]:
        """Return what has come since the last time, oldest first; nothing before the first offset is known."""
        with suppress(RuntimeError):  # not known yet, or the sender is gone and the last offset still holds
            self.measure_offset(0.0)
        if self._offset is None:
            return []
        try:
            samples, stamps = self._inlet.pull_chunk(0.0, max_samples=256, as_numpy=True)
        except RuntimeError:  # lost for good
            return []
        arrived = clock()
        return [
            Marker(stamp + self._offset, _text(sample[0]), self.name, arrived)
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
