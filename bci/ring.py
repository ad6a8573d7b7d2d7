"""A preallocated ring of samples in which every window is one contiguous view.

Each sample is written twice, one capacity apart, so that no window ever wraps round: reading copies nothing.
"""

from collections import deque
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ring", "Window"]


class Window(Enum):
    """What can be said of a window of the ring."""

    READY = auto()
    WAITING = auto()  # its last sample has not come yet
    BROKEN = auto()  # samples are missing inside it
    GONE = auto()  # it starts before the oldest sample that is kept


class Ring:
    """The last `capacity` samples, addressed by their index since the start of the stream.

    Parameters
    ----------
    capacity
        Number of samples kept.
    n_channels
        Number of columns.
    """

    def __init__(self, capacity: int, n_channels: int) -> None:
        self.capacity = capacity
        self._data = np.zeros((2 * capacity, n_channels), np.float64)
        self._first: int | None = None
        self._end = 0
        self._breaks: deque[tuple[int, int]] = deque()

    @property
    def end(self) -> int:
        """Index just after the newest sample."""
        return self._end

    @property
    def start(self) -> int:
        """Index of the oldest sample that is kept."""
        return max(self._first or 0, self._end - self.capacity)

    def append(self, samples: NDArray[np.float64], first: int, *, broken: bool = False) -> None:
        """Add consecutive samples.

        Parameters
        ----------
        samples
            (n, n_channels), n at most `capacity`.
        first
            Index of the first one, at least `end`; what lies between is missing.
        broken
            Something was lost just before the first one, even if no index is missing.
        """
        if len(samples) > self.capacity or first < self._end:
            raise ValueError(
                f"expected at most {self.capacity} samples from index {self._end} on, "
                f"got {len(samples)} from {first} on"
            )
        if self._first is None:
            self._first = first
        elif broken or first > self._end:
            self._breaks.append((self._end, first))
        self._write(samples, first % self.capacity)
        self._end = first + len(samples)
        while self._breaks and self._breaks[0][1] < self.start:
            self._breaks.popleft()

    def look(self, first: int, n: int) -> Window:
        """Say whether the `n` samples from index `first` on can be had."""
        stop = first + n
        if first < self.start:
            return Window.GONE
        if any(first < after and stop > before for before, after in self._breaks):
            return Window.BROKEN
        return Window.READY if stop <= self._end else Window.WAITING

    def window(self, first: int, n: int) -> NDArray[np.float64]:
        """Return a read-only view (n, n_channels) of a window that is `READY`, valid until the next `append`."""
        at = first % self.capacity
        view = self._data[at : at + n]
        view.flags.writeable = False
        return view

    def _write(self, samples: NDArray[np.float64], at: int) -> None:
        head = min(len(samples), self.capacity - at)
        self._data[at : at + head] = samples[:head]
        self._data[at + self.capacity : at + self.capacity + head] = samples[:head]
        rest = len(samples) - head
        if rest:
            self._data[:rest] = samples[head:]
            self._data[self.capacity : self.capacity + rest] = samples[head:]
