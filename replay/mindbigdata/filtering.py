"""Which events a decoder should not learn from, by their signals alone: flat, railed, noisy, short.

Labels play no part in it. An event has one reason, the first that applies in this order.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.specs import Frozen
from replay.mindbigdata.arrays import LENGTH

__all__ = ["REASONS", "FilterSpec", "faults"]

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]

REASONS = ("length", "flat", "railed", "noise")

_AT_ONCE = 512  # events


class FilterSpec(Frozen):
    """What makes an event unfit. Microvolts; a channel that is unfit makes its event so."""

    length: Annotated[int, Field(ge=0, le=LENGTH)] = 16
    """Samples that a channel may lack or have too many."""
    flat: NotNegative = 2.0
    """Spans no more, in any channel."""
    lowest: float = 50.0
    """At or below it the amplifier is at its rail: the EPOC's range is 0 to 8,402."""
    highest: float = 8350.0
    """At or above it, likewise."""
    railed: Share = 0.01
    """Largest share of samples at a rail."""
    noise: NotNegative = 500.0
    """Spans more, in any channel."""


def faults(signals: NDArray[np.float32], sizes: NDArray[np.int64], spec: FilterSpec) -> NDArray[np.int64]:
    """Return the reason why each event is unfit, as an index into `REASONS`; -1 for those that are fit.

    Parameters
    ----------
    signals
        (n, 14, 256) microvolts; may be mapped, and is read some events at a time.
    sizes
        (n, 14) samples that each channel had before it was cut or filled.
    """
    found = np.full(len(signals), -1, np.int64)
    for part, wrong in _judged(signals, sizes, spec):
        found[part] = np.where(wrong.any(axis=1), wrong.argmax(axis=1), -1)
    return found


def _judged(
    signals: NDArray[np.float32], sizes: NDArray[np.int64], spec: FilterSpec
) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Yield events and what is wrong with each, (m, reasons)."""
    for first in range(0, len(signals), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        some = signals[part]
        span = np.ptp(some, axis=2)
        railed = ((some <= spec.lowest) | (some >= spec.highest)).mean(axis=2)
        channels = (
            np.abs(sizes[part] - LENGTH) > spec.length, span <= spec.flat, railed > spec.railed, span > spec.noise
        )  # fmt: skip
        yield part, np.stack([wrong.any(axis=1) for wrong in channels], axis=1)
