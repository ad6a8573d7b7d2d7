"""A recording as a source: no LSL, no waiting, exactly the recorded times."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle, repeat

import numpy as np

from bci.clock import Clock
from bci.end_to_end import ORDER
from bci.segments import Segment, segments_of
from bci.types import Batch, Marker, Recording, SampleChunk, SourceState, StreamSpec, read_only

__all__ = ["ArraySource", "stream_of"]


class ArraySource:
    """Plays a `Recording` as fast as it is pulled.

    Parameters
    ----------
    recording
        What to play; its segments become gaps.
    chunk
        Samples a chunk, or several numbers that are used in turn. A chunk ends early at a gap.
    clock
        Stamps the arrival of chunks and markers; None: they arrive at the time of the chunk's last sample, so
        that the recording itself is the clock.
    name
        Name of the stream in `spec`.
    reference
        Recording reference; None: the recording's own.

    Raises
    ------
    FormatError
        If the segments of the recording are not in order.
    """

    def __init__(
        self,
        recording: Recording,
        chunk: int | Sequence[int] = 32,
        clock: Clock | None = None,
        name: str = "recording",
        reference: str | None = None,
    ) -> None:
        self.spec = stream_of(recording, name, reference)
        self._data = recording.data
        self._clock = clock
        self._markers = deque(sorted(recording.told, key=lambda marker: marker[0]))
        sizes = repeat(chunk) if isinstance(chunk, int) else cycle(chunk)
        self._spans: Iterator[tuple[Segment, int, int]] = _spans(segments_of(recording), iter(sizes))

    def pull(self, timeout: float, rest: float = 0.0) -> Batch | None:  # noqa: ARG002 (there is nothing to wait for)
        """Return the next chunk with the markers that fall into it, None at the end."""
        span = next(self._spans, None)
        if span is None:
            return None
        segment, first, stop = span
        times = segment.start + np.arange(first - segment.first, stop - segment.first) / self.spec.sfreq
        arrived = float(times[-1]) if self._clock is None else self._clock()
        chunk = SampleChunk(
            data=read_only(np.array(self._data[first:stop], np.float32)),
            times=read_only(times),
            arrived=arrived,
            seq=segment.seq + first - segment.first,
            gap_before=segment.gap_before if first == segment.first else 0,
        )
        return Batch(chunk, self._markers_until(stop, first, times, arrived), SourceState.FLOWING)

    def close(self) -> None:
        """End the recording here."""
        self._spans = iter(())

    def _markers_until(
        self, stop: int, first: int, times: np.typing.NDArray[np.float64], arrived: float
    ) -> tuple[Marker, ...]:
        found = []
        while self._markers and self._markers[0][0] < stop:
            sample, value, source = self._markers.popleft()
            found.append(Marker(float(times[sample - first]), value, source, arrived))
        return tuple(found)


def stream_of(recording: Recording, name: str, reference: str | None) -> StreamSpec:
    """Return the stream that a recording is played as; `reference` stands in for the recording's own."""
    return StreamSpec(
        name=name,
        type="EEG",
        source_id="",
        sfreq=recording.sfreq,
        channels=recording.channels,
        reference=reference if reference is not None else recording.reference,
        end_to_end=recording.provenance.get("order") == ORDER,
    )


def _spans(segments: Sequence[Segment], sizes: Iterator[int]) -> Iterator[tuple[Segment, int, int]]:
    for segment in segments:
        first = segment.first
        while first < segment.stop:
            stop = min(first + next(sizes), segment.stop)
            yield segment, first, stop
            first = stop
