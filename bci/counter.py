"""Missing samples by the sample counter of a device.

EPOC counts 0 to 127 (or 0 to 255) and starts again, the actiCHamp connector counts on. Where a counter wraps is
learnt from the stream itself, and believed once two wraps agree; steps back before that count as no loss, and
are left to the stamps.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["CounterGaps"]

EXACT = 2**24  # float32 counts no further


class CounterGaps:
    """Counts what is missing before each sample.

    Parameters
    ----------
    modulus
        Number of values until the counter starts again, if that is known; dropped if it counts beyond.
    """

    def __init__(self, modulus: int | None = None) -> None:
        self._last: int | None = None
        self._top: int | None = None  # value before the last wrap
        self._modulus = modulus

    @property
    def modulus(self) -> int | None:
        """Number of values until the counter starts again, None while unknown."""
        return self._modulus

    def feed(self, values: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the number of samples missing before each of the next ones.

        Parameters
        ----------
        values
            (n_times,) counter; what is not finite is skipped.
        """
        lost = np.zeros(len(values), np.int64)
        if self._last is not None and self._steady(values):
            self._last = int(values[-1])
            return lost
        for i, value in enumerate(values.tolist()):
            if np.isfinite(value):
                lost[i] = self._step(int(value))
        return lost

    def _steady(self, values: NDArray[np.floating] | NDArray[np.integer]) -> bool:
        """Whether nothing happens at all, which is nearly always."""
        assert self._last is not None  # noqa: S101 (for the type checker)
        return bool((np.diff(values, prepend=self._last) == 1).all())

    def _step(self, value: int) -> int:
        last, self._last = self._last, value
        if last is None or max(last, value) >= EXACT:
            return 0
        if self._modulus is not None and value >= self._modulus:
            self._modulus = None  # it was no wrap
        if value >= last:
            return max(0, value - last - 1)
        if self._modulus is not None:
            return (value - last - 1) % self._modulus
        if value == 0:
            self._modulus = last + 1 if self._top == last else None
            self._top = last
        return 0
