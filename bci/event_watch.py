"""What one channel of a stream shows, beside the markers of what happened: the material of a delay."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.events import CONTROL_PREFIX, END_MARKER
from bci.types import Batch, StreamSpec

__all__ = ["EventWatch"]


class EventWatch:
    """Collects them batch by batch.

    Parameters
    ----------
    stream
        What comes in; its times are taken as they were stamped, before any delay was subtracted.
    channel
        Label of the channel, in any case.
    lock
        Regular expressions of the markers that count; the whole value must match one.
    own
        Whether a source of markers is the device itself: these are as late as its samples, and do not count.

    Raises
    ------
    MismatchError
        If there is no such channel.
    """

    def __init__(
        self, stream: StreamSpec, channel: str, lock: Sequence[str], own: Callable[[str], bool] = lambda _: False
    ) -> None:
        labels = [label.lower() for label in stream.labels]
        if channel.lower() not in labels:
            raise MismatchError(
                f"expected a channel of {stream.name}, got {channel!r}: it has {', '.join(stream.labels)}"
            )
        self._column = labels.index(channel.lower())
        self._stream = stream
        self._lock = re.compile("|".join(f"(?:{pattern})" for pattern in lock))
        self._own = own
        self._values: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
        self._times: list[NDArray[np.float64]] = [np.zeros(0)]
        self._events: list[float] = []
        self._ended = False

    @property
    def sfreq(self) -> float:
        """Of the stream, Hz."""
        return self._stream.sfreq

    @property
    def n_events(self) -> int:
        """Markers that count."""
        return len(self._events)

    @property
    def events(self) -> NDArray[np.float64]:
        """Their times (n_events,), seconds, in order."""
        return np.sort(np.array(self._events, np.float64))

    @property
    def values(self) -> NDArray[np.float32]:
        """(n_times,) of the channel."""
        return np.concatenate(self._values)

    @property
    def times(self) -> NDArray[np.float64]:
        """(n_times,) seconds, as they were stamped."""
        return np.concatenate(self._times)

    def feed(self, batch: Batch) -> None:
        """Take in what has come."""
        if batch.chunk is not None:
            self._values.append(batch.chunk.data[:, self._column])
            self._times.append(batch.chunk.times + self._stream.delay)
        self._events += [marker.time for marker in batch.markers if self._counts(marker.value, marker.source)]
        self._ended |= any(marker.value == END_MARKER for marker in batch.markers)

    def complete(self, n_events: int, seconds: float) -> bool:
        """Whether so many events have come and so many seconds after the last one, or the sender's end."""
        newest = self._times[-1][-1] if len(self._times[-1]) else -np.inf
        return self._ended or (self.n_events >= n_events and newest > max(self._events) + seconds)

    def _counts(self, value: str, source: str) -> bool:
        device = source.startswith(f"{self._stream.name}/") or self._own(source)
        return not device and not value.startswith(CONTROL_PREFIX) and self._lock.fullmatch(value) is not None
