"""Which sample was taken when: the recent past of a stream, searched by time."""

from bisect import bisect_right
from collections import deque

import numpy as np
from numpy.typing import NDArray

from bci.types import SampleChunk

__all__ = ["Timeline"]


class Timeline:
    """Times of the samples of the last `memory` seconds.

    Parameters
    ----------
    sfreq
        Nominal rate, Hz.
    memory
        Seconds that are kept.
    """

    def __init__(self, sfreq: float, memory: float) -> None:
        self._sfreq = sfreq
        self._capacity = memory * sfreq
        self._pieces: deque[tuple[int, NDArray[np.float64]]] = deque()

    def append(self, chunk: SampleChunk) -> None:
        """Remember the times of a chunk."""
        if not len(chunk.times):
            return
        self._pieces.append((chunk.seq, chunk.times))
        newest = chunk.seq + len(chunk.times)
        while len(self._pieces) > 1 and newest - self._pieces[1][0] > self._capacity:
            self._pieces.popleft()

    def locate(self, time: float) -> int | None:
        """Return the index of the sample nearest to `time`, missing samples counted.

        Parameters
        ----------
        time
            Seconds on the LSL clock.

        Returns
        -------
        index
            None if the sample has not come yet. A time before the oldest one that is remembered is counted
            back at the nominal rate.
        """
        if not self._pieces or time > self._pieces[-1][1][-1] + 0.5 / self._sfreq:
            return None
        at = bisect_right(self._pieces, time, key=lambda piece: float(piece[1][0])) - 1
        seq, times = self._pieces[max(at, 0)]
        if time <= times[0]:
            return seq + round((time - float(times[0])) * self._sfreq)
        if time >= times[-1]:
            return self._after(at, seq + len(times) - 1, time)
        right = int(np.searchsorted(times, time))
        nearer_left = time - times[right - 1] <= times[right] - time
        return seq + right - int(nearer_left)

    def _after(self, at: int, last: int, time: float) -> int:
        """Index at some time after the last sample of a piece: inside a gap, or nearest to the next piece."""
        since = time - float(self._pieces[at][1][-1])
        index = last + round(since * self._sfreq)
        if at + 1 == len(self._pieces):
            return index
        first, times = self._pieces[at + 1]
        if (
            first == last + 1
        ):  # where chunks meet, as inside of one: samples are not quite as far apart as they say
            return last if since <= float(times[0]) - time else first
        return min(index, first)
