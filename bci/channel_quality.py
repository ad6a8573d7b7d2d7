"""Which electrodes to trust: flat, saturated, full of line noise or far noisier than the others, and why.

Judged on raw samples of the last `SECONDS`. That a channel varies too much is told by its robust z score across
channels, as the PREP pipeline does (Bigdely-Shamlo et al. 2015, doi:10.3389/fninf.2015.00016).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bci.montage import canonical
from bci.spectrum import BROAD, line_frequency, thinned, welch
from bci.types import Channel

__all__ = [
    "LEAST",
    "LINE_RATIO",
    "SECONDS",
    "Assessment",
    "Condition",
    "Measures",
    "assess_channels",
    "faults",
    "impedances",
    "measure",
]

SECONDS = 2.0
"""How much is looked at: what a channel did before does not count any more."""
LEAST = 1.0
"""What must be there before anything is said, seconds."""
FLAT = 0.5
"""A channel that spans less than this is flat, microvolts."""
CLIPPED = 0.1
"""A channel that stays at its very highest or lowest value for so long is saturated, seconds."""
LINE_RATIO = 1.0
"""Power of line noise over that of 1-45 Hz from which on it counts."""
NOISY = 5.0
"""Robust z score of a channel's level from which on it is noisy."""
FEWEST = 4
"""Channels that must be there to compare one with the others."""

_LEAST_CLIPPED_SPAN = 50.0  # microvolts: a coarse converter repeats the peaks of small waves
_LEAST_SCATTER = 0.2  # of the logarithms of levels: channels that are nearly equal are no ground for suspicion
_IMPEDANCE = re.compile(r"^(imp(edance)?|z)[ _:-]+|[ _:-]+(imp(edance)?|z)$", re.IGNORECASE)

Floats = NDArray[np.float64]


class Condition(StrEnum):
    """How a channel is."""

    GOOD = "good"
    FLAT = "flat"
    SATURATED = "saturated"
    LINE = "line noise"
    NOISY = "noisy"
    MISSING = "no data"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a channel is, and the numbers that say so in words."""

    condition: Condition
    reason: str


@dataclass(frozen=True, slots=True)
class Measures:
    """What the last seconds of some channels are like.

    Parameters
    ----------
    seconds
        How many there are.
    missing
        (n,) share of samples that are missing.
    span
        (n,) distance between highest and lowest sample, microvolts.
    clipped
        (n,) longest time at the highest or the lowest value, seconds.
    level
        (n,) root mean square between 1 and 45 Hz, microvolts.
    line
        Frequency of mains, Hz; None if the rate is too low to see it.
    line_ratio
        (n,) power within 1 Hz of it over that between 1 and 45 Hz.
    """

    seconds: float
    missing: Floats
    span: Floats
    clipped: Floats
    level: Floats
    line: float | None
    line_ratio: Floats


def measure(data: NDArray[np.float32], sfreq: float) -> Measures:
    """Measure (n_times, n_channels) raw samples in microvolts, NaN where missing, at `sfreq` Hz."""
    data, sfreq = thinned(data, sfreq)
    rows = np.ascontiguousarray(data.T)  # a row a channel: what is asked of it is then asked of memory as it lies
    missing = np.isnan(rows)
    share = missing.sum(axis=1) / max(1, len(data))
    if share.any():
        rows = _filled(rows, missing)
    high, low = rows.max(axis=1, initial=-np.inf), rows.min(axis=1, initial=np.inf)
    level, line, ratio = _powers(rows.T, sfreq)
    return Measures(
        seconds=len(data) / sfreq,
        missing=share if len(data) else np.ones(len(rows)),
        span=np.asarray(high - low, np.float64),
        clipped=np.maximum(_longest(rows == high[:, None]), _longest(rows == low[:, None])) / sfreq,
        level=level,
        line=line,
        line_ratio=ratio,
    )


def assess_channels(measures: Measures) -> tuple[Assessment, ...]:
    """Judge each channel; of several faults the first of no data, flat, saturated, line noise and noisy counts."""
    z, found = _robust_z(measures), faults(measures)
    return tuple(found.get(channel) or _health(measures, channel, float(z[channel])) for channel in range(len(z)))


def faults(measures: Measures) -> dict[int, Assessment]:
    """Judge each channel, and return those that are not good."""
    z = _robust_z(measures).tolist()
    found = {
        channel: _absence(measures, channel) or _fault(measures, channel, z[channel]) for channel in range(len(z))
    }
    return {channel: assessment for channel, assessment in found.items() if assessment is not None}


def impedances(channels: Sequence[Channel]) -> dict[int, int]:
    """Return the columns of electrodes -> those of their impedances, where the stream carries any.

    Channels of the kind `impedance` belong to the electrode that their label names: `Fp1 imp`, `Z_Fp1`.
    """
    eeg = {canonical(channel.label): i for i, channel in enumerate(channels) if channel.kind == "eeg"}
    told = {canonical(_IMPEDANCE.sub("", c.label)): i for i, c in enumerate(channels) if c.kind == "impedance"}
    return {eeg[key]: column for key, column in told.items() if key in eeg}


def _filled(rows: NDArray[np.float32], missing: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Put each channel's mean where a sample is missing, 0 where all are."""
    there = np.maximum((~missing).sum(axis=1), 1)
    mean = np.where(missing, 0, rows).sum(axis=1, dtype=np.float64) / there
    return np.where(missing, mean[:, None], rows).astype(np.float32)


def _powers(data: NDArray[np.float32], sfreq: float) -> tuple[Floats, float | None, Floats]:
    """Return level, line frequency and line ratio."""
    nothing = np.zeros(data.shape[1])
    spectrum = welch(data, sfreq, len(data) / sfreq) if len(data) / sfreq >= LEAST else None
    if spectrum is None or spectrum.frequencies[-1] <= BROAD.low:
        level = data.std(axis=0, dtype=np.float64) if len(data) else nothing
        return level, None, nothing
    broad = spectrum.power(BROAD.low, min(BROAD.high, float(spectrum.frequencies[-1])))
    found = line_frequency(spectrum)
    if found is None:
        return np.sqrt(broad), None, nothing
    line = found[0]
    ratio = np.divide(spectrum.power(line - 1, line + 1), broad, out=nothing, where=broad > 0)
    return np.sqrt(broad), line, ratio


def _longest(at: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the length of the longest run of True in each row."""
    count = np.count_nonzero(at, axis=1)
    longest: NDArray[np.int64] = np.minimum(count, 1)
    often = np.flatnonzero(count > 1)  # few channels ever repeat an extreme
    positions = np.arange(1, at.shape[1] + 1)
    last_away = np.maximum.accumulate(np.where(at[often], 0, positions), axis=1)
    longest[often] = (positions - last_away).max(axis=1, initial=0)
    return longest


def _robust_z(measures: Measures) -> Floats:
    """Return how far each channel's level is above the median, in robust standard deviations; 0 if too few."""
    z = np.zeros(len(measures.level))
    usable = (measures.level > 0) & (measures.span >= FLAT) & (measures.missing < 0.5)
    if usable.sum() >= FEWEST:
        logs = np.log(measures.level[usable])
        off = logs - np.median(logs)
        z[usable] = off / max(1.4826 * float(np.median(np.abs(off))), _LEAST_SCATTER)
    return z


def _absence(measures: Measures, channel: int) -> Assessment | None:
    missing, span, seconds = measures.missing[channel], measures.span[channel], measures.seconds
    if seconds < LEAST:
        return Assessment(Condition.MISSING, f"{seconds:.1f} s so far, judged from {LEAST:g} s on")
    if missing >= 0.5:
        return Assessment(Condition.MISSING, f"{missing:.0%} of the samples are missing")
    if span < FLAT:
        reason = f"spans {span:.2f} µV in {seconds:.0f} s, less than {FLAT:g}: check the contact"
        return Assessment(Condition.FLAT, reason)
    return None


def _fault(measures: Measures, channel: int, z: float) -> Assessment | None:
    clipped, ratio = measures.clipped[channel], measures.line_ratio[channel]
    if clipped >= CLIPPED and measures.span[channel] >= _LEAST_CLIPPED_SPAN:
        reason = f"at its extreme for {1e3 * clipped:.0f} ms: wait for it to settle, check contact and range"
        return Assessment(Condition.SATURATED, reason)
    if ratio >= LINE_RATIO:
        reason = f"{measures.line:g} Hz has {ratio:.3g} x the power of {BROAD.limits}: check ground and reference"
        return Assessment(Condition.LINE, reason)
    if z >= NOISY:
        level = f"{measures.level[channel]:.0f} µV RMS ({BROAD.limits})"
        return Assessment(
            Condition.NOISY, f"{level}, z {z:.1f} across channels: movement, muscle or a bad contact"
        )
    return None


def _health(measures: Measures, channel: int, z: float) -> Assessment:
    level = f"{measures.level[channel]:.1f} µV RMS ({BROAD.limits})"
    line = (
        ""
        if measures.line is None
        else f", {measures.line:g} Hz has {measures.line_ratio[channel]:.2f} x its power"
    )
    return Assessment(Condition.GOOD, f"{level}, z {z:+.1f} across channels{line}")
