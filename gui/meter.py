"""What painting costs: frames a second and how long slots of the GUI thread take, over the last minutes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

__all__ = ["Meter"]

KEPT = 2**16
"""Durations kept of each kind: eighteen minutes of frames."""


class Meter:
    """Measures slots by name; `frame` is the one that a timer calls sixty times a second."""

    def __init__(self) -> None:
        self._durations: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = {}
        self._frames = np.zeros(64)
        self._n_frames = 0
        self._began = 0.0

    @contextmanager
    def timed(self, slot: str) -> Iterator[None]:
        """Measure a slot."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(slot, time.perf_counter() - start)

    def frame(self) -> None:
        """A frame was painted."""
        now = time.perf_counter()
        if not self._n_frames:
            self._began = now
        self._frames[self._n_frames % len(self._frames)] = now
        self._n_frames += 1

    def add(self, slot: str, seconds: float) -> None:
        """Take note of how long a slot took."""
        kept = self._durations.setdefault(slot, np.zeros(KEPT))
        count = self._counts.get(slot, 0)
        kept[count % KEPT] = seconds
        self._counts[slot] = count + 1

    @property
    def fps(self) -> float:
        """Frames a second over the last 64 of them."""
        n = min(self._n_frames, len(self._frames))
        if n < 2:
            return 0.0
        newest, oldest = (self._frames[(self._n_frames - back) % len(self._frames)] for back in (1, n))
        return float((n - 1) / (newest - oldest)) if newest > oldest else 0.0

    @property
    def mean_fps(self) -> float:
        """Frames a second since the first one."""
        newest = self._frames[(self._n_frames - 1) % len(self._frames)]
        return float((self._n_frames - 1) / (newest - self._began)) if self._n_frames > 1 else 0.0

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of what was measured."""
        return tuple(self._durations)

    def percentile(self, slot: str, percent: float) -> float:
        """Return a percentile of a slot's durations, in seconds; NaN if it was never measured."""
        count = min(self._counts.get(slot, 0), KEPT)
        return float(np.percentile(self._durations[slot][:count], percent)) if count else float("nan")
