"""What a source sends, kept in memory until there is enough of it, and then a recording like any other."""

from bisect import bisect_right
from math import inf

import numpy as np
from numpy.typing import NDArray

from bci.end_to_end import ORDER
from bci.timeline import Timeline
from bci.types import Batch, Marker, Recording, StreamSpec, read_only

__all__ = ["Gathering"]


class Gathering:
    """Takes in batches, up to a number of seconds.

    Parameters
    ----------
    stream
        Where they come from.
    most
        Seconds of signal after which nothing more is kept.
    """

    def __init__(self, stream: StreamSpec, most: float) -> None:
        self._stream = stream
        self._most = round(most * stream.sfreq)
        self._pieces: list[NDArray[np.float32]] = []
        self._segments: list[tuple[int, int]] = []  # (first row, its index in the stream, gaps counted)
        self._rows = 0
        self._expected = 0
        self._origin = 0.0
        self._timeline = Timeline(stream.sfreq, inf)
        self._markers: list[Marker] = []

    @property
    def seconds(self) -> float:
        """How much there is."""
        return self._rows / self._stream.sfreq

    @property
    def full(self) -> bool:
        """Whether there is as much as was asked for."""
        return self._rows >= self._most

    @property
    def n_markers(self) -> int:
        """Markers so far."""
        return len(self._markers)

    def feed(self, batch: Batch) -> None:
        """Take a batch in; markers count even if the samples are complete, for they may come late."""
        self._markers += batch.markers
        if batch.chunk is None or not len(batch.chunk.times) or self.full:
            return
        chunk = batch.chunk
        if not self._pieces:
            self._origin = float(chunk.times[0])
        if not self._pieces or chunk.gap_before or chunk.seq != self._expected:
            self._segments.append((self._rows, chunk.seq))
        self._timeline.append(chunk)
        self._pieces.append(chunk.data)
        self._rows += len(chunk.data)
        self._expected = chunk.seq + len(chunk.data)

    def recent(self, seconds: float) -> NDArray[np.float32]:
        """Return the newest samples (n_times, n_channels), microvolts."""
        wanted, found = round(seconds * self._stream.sfreq), []
        for piece in reversed(self._pieces):
            found.append(piece)
            if (wanted := wanted - len(piece)) <= 0:
                break
        if not found:
            return np.zeros((0, len(self._stream.channels)), np.float32)
        return np.concatenate(found[::-1])[max(0, -wanted) :]

    def recording(self) -> Recording:
        """Return all of it as a recording; markers that no sample belongs to are left out."""
        sfreq = self._stream.sfreq
        data = np.concatenate(self._pieces) if self._pieces else self.recent(0)
        seqs = [seq for _, seq in self._segments]
        segments = ((row, self._origin + (seq - seqs[0]) / sfreq) for row, seq in self._segments)
        placed = [(self._row(marker, seqs), marker) for marker in self._markers]
        told = [(row, marker) for row, marker in placed if row is not None]
        return Recording(
            data=read_only(data),
            sfreq=sfreq,
            segments=tuple(segments) or ((0, 0.0),),
            markers=tuple((row, marker.value) for row, marker in told),
            channels=self._stream.channels,
            reference=self._stream.reference,
            provenance={"order": ORDER} if self._stream.end_to_end else {},
            sources=tuple(marker.source for _, marker in told),
        )

    def _row(self, marker: Marker, seqs: list[int]) -> int | None:
        """Row of the sample nearest to a marker; None if that is missing, or has not come."""
        index = self._timeline.locate(marker.time)
        if index is None or not seqs or index < seqs[0]:
            return None
        at = bisect_right(seqs, index) - 1
        row = self._segments[at][0] + index - seqs[at]
        stop = self._segments[at + 1][0] if at + 1 < len(seqs) else self._rows
        return row if row < stop else None
