"""A recording by sample and by place: a place is recorded time in samples, missing ones counted."""

from bisect import bisect_left, bisect_right
from math import ceil

from bci.segments import Segment, segments_of
from bci.types import Recording

__all__ = ["Tape"]


class Tape:
    """Samples, places and markers of a recording; markers behind its last sample are left out.

    Raises
    ------
    FormatError
        If the segments of the recording are not in order.
    """

    def __init__(self, recording: Recording) -> None:
        self.data = recording.data
        self.n_times = len(recording.data)
        self._segments = segments_of(recording)
        self._firsts = [segment.first for segment in self._segments]
        self._seqs = [segment.seq for segment in self._segments]
        inside = (marker for marker in recording.told if marker[0] < self.n_times)
        self._markers = sorted(inside, key=lambda marker: marker[0])
        self._marked = [sample for sample, *_ in self._markers]
        self.marker_places = [self.place(sample) for sample in self._marked]
        self.end = self.place(self.n_times)

    def segment(self, sample: int) -> Segment:
        """Return the segment that holds a sample; the last one for that just after the end."""
        return self._segments[bisect_right(self._firsts, sample) - 1]

    def place(self, sample: int) -> int:
        """Return where a sample lies."""
        segment = self.segment(sample)
        return segment.seq + sample - segment.first

    def sample_at(self, place: float) -> int:
        """Return the first sample at or after a place; that just after the end if there is none."""
        at = max(0, bisect_right(self._seqs, place) - 1)
        segment = self._segments[at]
        sample = segment.first + max(0, ceil(place) - segment.seq)
        return min(sample, segment.stop)

    def markers_between(self, first: int, stop: int) -> list[tuple[int, str, str]]:
        """Return (sample, value, source) of the markers on samples from `first` up to, not including, `stop`."""
        return self._markers[bisect_left(self._marked, first) : bisect_left(self._marked, stop)]

    def marker_after(self, sample: int) -> int | None:
        """Return the first marked sample after one, None if there is none."""
        at = bisect_right(self._marked, sample)
        return self._marked[at] if at < len(self._marked) else None

    def marker_before(self, sample: int, grace: float) -> int | None:
        """Return the last marked sample before one, or that before it if it is nearer than `grace` samples."""
        at = bisect_left(self._marked, sample) - 1
        if at > 0 and sample - self._marked[at] < grace:
            at -= 1
        return self._marked[at] if at >= 0 else None
