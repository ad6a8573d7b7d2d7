"""A filter and a reference for eyes only: what is shown passes through it, what is decoded never does.

Causal second-order sections (`scipy.signal.sosfilt`) that start at the steady state of the first sample, so that
an offset of thousands of microvolts leaves no transient, and start anew after a gap. The result does not depend on
how the samples were chunked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bci import causal_filter
from bci.errors import MismatchError
from bci.types import Channel

__all__ = ["DisplayFilter", "DisplaySpec"]

HIGHPASS_ORDER, LOWPASS_ORDER = 2, 4
NOTCH_QUALITY = 30.0
"""Notch frequency over its -3 dB bandwidth."""
SETTLING = 3.0
"""Periods of the high-pass after which what came before is forgotten."""

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DisplaySpec:
    """What is done to signals before they are shown.

    Parameters
    ----------
    highpass, lowpass
        Edges of the Butterworth band, Hz; None for none.
    notch
        Line frequency to remove, Hz; None for none.
    reference
        What is subtracted from every EEG channel: nothing, the mean or the median of those that are not bad, or
        one channel.
    channel
        Label of that channel.
    """

    highpass: float | None = None
    lowpass: float | None = None
    notch: float | None = None
    reference: Literal["none", "average", "median", "channel"] = "none"
    channel: str = ""

    @property
    def words(self) -> str:
        """What is done, for a caption."""
        edges = [f"{edge:g} Hz" for edge in (self.highpass, self.lowpass) if edge is not None]
        band = {
            (True, True): f"{self.highpass or 0:g}-{self.lowpass or 0:g} Hz",
            (True, False): f"above {''.join(edges)}",
            (False, True): f"below {''.join(edges)}",
        }.get((self.highpass is not None, self.lowpass is not None))
        notch = None if self.notch is None else f"{self.notch:g} Hz notch"
        reference = {"none": None, "channel": f"minus {self.channel}"}.get(
            self.reference, f"{self.reference} reference"
        )
        return ", ".join(part for part in (band, notch, reference) if part) or "as recorded"

    @property
    def settling(self) -> float:
        """Seconds of signal before what is shown that the filters want to have seen."""
        slowest = min((edge for edge in (self.highpass, self.notch, self.lowpass) if edge), default=np.inf)
        return float(SETTLING / slowest)


class DisplayFilter:
    """A `DisplaySpec` at work on one stream.

    Parameters
    ----------
    spec
        What to do.
    sfreq
        Rate of the stream, Hz.
    channels
        Of the stream. Voltages are filtered, EEG is referenced, all else passes.
    bad
        Labels that take no part in the mean or median.

    Raises
    ------
    MismatchError
        If an edge is not below half the rate, or the reference is no channel of the stream.
    """

    def __init__(
        self, spec: DisplaySpec, sfreq: float, channels: Sequence[Channel], bad: frozenset[str] = frozenset()
    ) -> None:
        self.spec = spec
        self._sos = causal_filter.sections(
            sfreq,
            notch=spec.notch,
            highpass=spec.highpass,
            lowpass=spec.lowpass,
            notch_quality=NOTCH_QUALITY,
            highpass_order=HIGHPASS_ORDER,
            lowpass_order=LOWPASS_ORDER,
        )
        self._filtered = np.array([channel.unit == "microvolts" for channel in channels])
        self._referred = np.array([channel.kind == "eeg" for channel in channels])
        good = np.array([channel.label not in bad for channel in channels])
        self._mean_of = np.flatnonzero(self._referred & good)
        self._channel = _index(spec, channels)
        self._state = np.zeros((0 if self._sos is None else len(self._sos), 2, len(channels)))
        self._fresh = np.ones(len(channels), np.bool_)

    def restart(self) -> None:
        """Forget what came before: the next samples do not follow the last ones."""
        self._fresh[:] = True

    def feed(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Filter and reference the next samples.

        Parameters
        ----------
        data
            (n_times, n_channels) float32; NaN where a sample is missing, and stays so.

        Returns
        -------
        shown
            (n_times, n_channels) float32.
        """
        if self._sos is not None and len(data):
            data = self._band(data, self._sos)
        if self.spec.reference != "none":
            data = self._refer(data)
        return data

    def _band(self, data: NDArray[np.float32], sos: Samples) -> NDArray[np.float32]:
        shown = data.copy()
        for start, stop, there in _runs(np.isfinite(data)):
            self._fresh |= ~there
            columns = np.flatnonzero(there & self._filtered)
            if len(columns):
                shown[start:stop, columns] = self._run(data[start:stop, columns], columns, sos)
        return shown

    def _run(self, data: NDArray[np.float32], columns: NDArray[np.intp], sos: Samples) -> Samples:
        from scipy.signal import sosfilt  # noqa: PLC0415 (1.3 s to import, not needed to open a window)

        samples = data.astype(np.float64)
        fresh = self._fresh[columns]
        if fresh.any():
            self._state[:, :, columns[fresh]] = causal_filter.steady_state(sos, samples[0, fresh])
            self._fresh[columns] = False
        filtered, self._state[:, :, columns] = sosfilt(sos, samples, axis=0, zi=self._state[:, :, columns])
        return np.asarray(filtered)

    def _refer(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.spec.reference == "channel":
            return self._minus(data, data[:, self._channel])
        if not len(self._mean_of):
            return data
        pool = data[:, self._mean_of]
        return self._minus(data, _middle(pool) if self.spec.reference == "median" else _mean(pool))

    def _minus(self, data: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(data - np.where(self._referred, reference[:, None], np.float32(0)))


def _index(spec: DisplaySpec, channels: Sequence[Channel]) -> int:
    labels = [channel.label for channel in channels]
    if spec.reference != "channel":
        return -1
    if spec.channel not in labels:
        raise MismatchError(
            f"expected the display's reference to be a channel of the stream, got {spec.channel!r}: "
            f"choose one of {', '.join(labels)}"
        )
    return labels.index(spec.channel)


def _runs(there: NDArray[np.bool_]) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """Yield [start, stop) and the channels that are there, for stretches in which these stay the same."""
    if there.all():
        yield 0, len(there), there[0]
        return
    changes = np.flatnonzero((there[1:] != there[:-1]).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(there)]
    for start, stop in pairwise(edges):
        yield start, stop, there[start]


def _mean(pool: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of each row over what is there; NaN where nothing is."""
    there = np.isfinite(pool)
    if there.all():
        return np.asarray(pool.mean(axis=1))
    count = there.sum(axis=1)
    total = np.where(there, pool, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _middle(pool: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of each row over what is there; NaN where nothing is."""
    ordered = np.sort(pool, axis=1)  # NaN last
    count = np.isfinite(pool).sum(axis=1)
    rows = np.arange(len(pool))
    middle = (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2
    return np.where(count > 0, middle, np.nan).astype(np.float32)
