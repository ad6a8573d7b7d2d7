"""The last minutes of a stream as it came, for eyes: written by one thread, read by any other without a lock.

Readers copy, and then drop what the writer has overtaken meanwhile; so nobody ever waits for somebody who looks.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.types import SampleChunk, read_only

__all__ = ["History", "Stretch"]

SECONDS = 120.0
"""What is kept at most."""
BYTES = 128 * 2**20
"""Memory that it takes at most; many fast channels are kept for less time."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive samples.

    Parameters
    ----------
    first
        Index of the first one since the start of the stream, missing ones counted.
    data
        (n_times, n_channels) float32, microvolts; NaN where samples are missing.
    times
        (n_times,) float64, seconds on the LSL clock; between samples that are missing in equal steps.
    """

    first: int
    data: NDArray[np.float32]
    times: NDArray[np.float64]

    @property
    def end(self) -> int:
        """Index just after the last sample."""
        return self.first + len(self.times)


class History:
    """Raw samples of the last `seconds`.

    Parameters
    ----------
    sfreq
        Nominal rate, Hz.
    n_channels
        Number of columns.
    seconds
        How long samples are kept, less where they would take more than 128 MiB.
    """

    def __init__(self, sfreq: float, n_channels: int, seconds: float = SECONDS) -> None:
        self.sfreq = sfreq
        self.capacity = max(1, min(int(seconds * sfreq), BYTES // (4 * n_channels + 8)))
        self._data = np.full((self.capacity, n_channels), np.nan, np.float32)
        self._times = np.zeros(self.capacity)
        self._start = self._end = 0
        self._last = np.nan  # time of the newest sample

    @property
    def start(self) -> int:
        """Index of the oldest sample that is kept."""
        return self._start

    @property
    def end(self) -> int:
        """Index just after the newest sample."""
        return self._end

    @property
    def last_time(self) -> float:
        """When the newest sample was taken, seconds on the LSL clock; NaN before the first one."""
        return self._last

    def rate(self) -> float:
        """Return the rate of the last 5 s of samples by their times, Hz; 0 before there are two of them."""
        last = self._end - 1
        first = max(self._start, last - int(5 * self.sfreq))
        span = self._last - self._times[first % self.capacity]
        return float((last - first) / span) if span > 0 else 0.0

    def append(self, chunk: SampleChunk) -> None:
        """Take a chunk in; for the one thread that writes."""
        data, times = chunk.data[-self.capacity :], chunk.times[-self.capacity :]
        first = chunk.seq + len(chunk.times) - len(times)
        if first + len(times) <= self._end:
            return
        began = np.isnan(self._last)
        missing = 0 if began else max(0, first - self._end)
        gap = min(missing, self.capacity - len(times))
        # readers stop trusting what is about to be overwritten before it is
        self._start = first if began else max(self._start, first + len(times) - self.capacity)
        if gap:
            step = (times[0] - self._last) / (missing + 1)
            between = times[0] - step * np.arange(gap, 0, -1)
            self._write(np.full((gap, data.shape[1]), np.nan, np.float32), between, first - gap)
        self._write(data, times, first)
        self._last = float(times[-1])
        self._end = first + len(times)

    def since(self, first: int) -> Stretch:
        """Copy what came from index `first` on, or from the oldest sample that is kept."""
        return self.between(first, self._end)

    def between(self, first: int, end: int) -> Stretch:
        """Copy the samples from index `first` up to, not including, `end`; as many of them as are kept."""
        end = min(end, self._end)
        first = min(max(first, self._start), end)
        rows = np.arange(first, end) % self.capacity
        data, times = self._data[rows], self._times[rows]
        lost = min(max(0, self._start - first), len(times))  # overtaken while they were copied
        return Stretch(first + lost, read_only(data[lost:]), read_only(times[lost:]))

    def nearest(self, time: float) -> int | None:
        """Return the index of the sample nearest to a time; None if it is not kept, or not there yet."""
        kept = range(self._start, self._end)
        at = bisect_left(kept, time, key=self._time_of)
        beside = kept[max(at - 1, 0) : at + 1]
        if not beside:
            return None
        index = min(beside, key=lambda sample: abs(self._time_of(sample) - time))
        near = abs(self._time_of(index) - time) <= 1 / self.sfreq or 0 < at < len(kept)
        return index if near and index >= self._start else None  # overtaken while it was looked for

    def around(self, time: float, before: float, after: float) -> Stretch | None:
        """Copy the samples from `before` seconds before a time until `after` seconds after it.

        Returns
        -------
        stretch
            `round((before + after) * sfreq)` samples, that at `round(before * sfreq)` nearest to `time`; None if
            one of them is not there, not yet or not any more.
        """
        onset = self.nearest(time)
        if onset is None:
            return None
        first, n_times = onset - round(before * self.sfreq), round((before + after) * self.sfreq)
        found = self.between(first, first + n_times)
        return found if len(found.times) == n_times else None

    def _time_of(self, sample: int) -> float:
        return float(self._times[sample % self.capacity])

    def _write(self, data: NDArray[np.float32], times: NDArray[np.float64], first: int) -> None:
        at = first % self.capacity
        head = min(len(times), self.capacity - at)
        self._data[at : at + head], self._times[at : at + head] = data[:head], times[:head]
        self._data[: len(times) - head], self._times[: len(times) - head] = data[head:], times[head:]
