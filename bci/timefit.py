"""When each sample was taken: a gap-aware fit of sample index to time.

Stamps are late by varying delays, jump and run backwards with the packets of wireless headsets, and drift with
the crystal of the amplifier; samples are taken evenly all the same, except where some are missing. So time is a
line over the sample index, followed by recursive least squares with forgetting (Ljung & Söderström, Theory and
Practice of Recursive Identification, MIT Press 1983) from a prior at the nominal rate, and

- a gap is a deficit that lasts: stamps that leave the band of the usual residuals are held back until they
  return (an excursion: no sample is missing) or stay on a new level (a gap of round(level x rate) samples);
- stamps that hardly advance while samples come are a backlog: the samples are right, the stamps are not;
- stamps that advance at another rate than the nominal one mean that the stream contradicts itself.

What holds: stamps within the band are never held, so no delay is added. The band is twice the largest residual
of about the last half minute, at least 2.5 ms and three quarters of a sample, at most 75 ms; 60 ms in the first
three seconds (where stamps come in packets: until twenty of them, at most half a minute). So with jitter below
0.2 ms, gaps of more than 2.5 ms are counted exactly and placed on the sample; smaller steps are learnt as drift.
Behind a gap, samples are held for as long as the gap lasted, but for 0.1 to 0.5 s of data; where stamps jitter,
for 0.5 s or a little more than two packets.
From the third second on, times are right to one sample at up to 1 kHz with jitter of +-10 ms drawn for each
sample; drawn for each packet, within 1.25 samples after 5 s at up to 256 Hz (packets of up to 256 samples), and at
1 kHz after 30 s with packets of 32 samples, to within three samples with packets of 256.
Every sample is treated alike, so that chunking changes nothing. State is bounded by the longest hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import inf, sqrt
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from bci.types import read_only

__all__ = ["Run", "TimeFit"]

LEARNING = 3.0  # s in which the scale of the jitter is unknown
LEARNING_PACKETS = 20  # where stamps jitter by packet, it is known after so many of them
LONGEST_LEARNING = 30.0  # s
LEARNING_BAND = 0.06  # s
STEADY = 0.0003  # s by which stamps within a packet may step unevenly
FEW = 6  # packets: so many tell little of how far the next ones jitter
LONGEST_PACKET = 2.0  # s; EmotivPRO sends up to 256 samples at a time
SMALLEST_BAND = 0.0025  # s; corrections between clocks step by up to 1 ms
LARGEST_SPREAD = 0.0375  # s; so that 0.1 s of missing samples is found in any jitter
SPREAD_MEMORY = 20.0  # s
CONFIRM = (0.1, 0.5)  # s of data on a new level
LONGEST_HOLD = 2.0  # s by the stamps
LONGEST_BACKLOG = 60.0  # s of data
RATE_AFTER = 10.0  # s of data after which the fitted slope is believed
RATE_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive samples without a gap inside.

    Parameters
    ----------
    times
        (n_times,) float64 seconds, non-decreasing over all runs.
    gap_before
        Number of samples missing before the first one.
    """

    times: NDArray[np.float64]
    gap_before: int


@dataclass(slots=True)
class _Line:
    """Stamp over sample index: recursive least squares with forgetting, the origin moving along.

    `level` is the stamp expected at index `at`, `slope` seconds by the stamps per nominal second. Variances are
    those of (level, slope) for stamps of standard deviation `NOISE`.
    """

    sfreq: float
    level: float
    at: int = 0
    slope: float = 1.0
    p_level: float = 0.02**2
    p_both: float = 0.0
    p_slope: float = 2e-4**2  # crystals are good to 200 ppm

    NOISE = 0.02**2
    MEMORY = 60.0

    def predict(self, index: int) -> float:
        return self.level + self.slope * (index - self.at) / self.sfreq

    def update(self, index: int, residual: float) -> float:
        """Take in one residual, stamp minus prediction; return the fitted time of the sample."""
        step = (index - self.at) / self.sfreq
        forget = 1 + step / self.MEMORY
        p_both = (self.p_both + step * self.p_slope) * forget
        p_level = (self.p_level + step * (2 * self.p_both + step * self.p_slope)) * forget
        gain = 1 / (p_level + self.NOISE)
        self.level = self.predict(index) + p_level * gain * residual
        self.slope += p_both * gain * residual
        self.at = index
        self.p_slope = self.p_slope * forget - p_both * p_both * gain
        self.p_both = p_both * (1 - p_level * gain)
        self.p_level = p_level * (1 - p_level * gain)
        return self.level

    def mistrust(self, packet: float) -> None:
        """Learn the slope more slowly, because a packet of so many samples tells no more than one sample."""
        self.p_slope /= packet
        self.p_both /= packet

    def shift(self, amount: float, sd: float, n_times: int) -> None:
        """Follow a level seen in `n_times` residuals of deviation `sd`: a restarted sender is off the old grid."""
        phase = max(0.3 / self.sfreq, abs(amount)) ** 2
        error = sd * sd / n_times
        self.level += amount * phase / (phase + error)
        self.p_level += error


@dataclass(slots=True)
class _Level:
    """Held samples whose residuals stay together."""

    first: int
    residuals: list[float] = field(default_factory=list)
    total: float = 0.0

    def add(self, residual: float) -> None:
        self.residuals.append(residual)
        self.total += residual

    @property
    def mean(self) -> float:
        return self.total / len(self.residuals)


class TimeFit:
    """Turns the stamps of a stream into times, and finds what is missing.

    Parameters
    ----------
    sfreq
        Nominal rate, Hz.
    """

    def __init__(self, sfreq: float) -> None:
        self.sfreq = sfreq
        self._line: _Line | None = None
        self._index = -1  # of the newest sample, missing ones counted
        self._taken = 0
        self._spread = 0.0  # largest residual, slowly forgotten
        self._deviation = 0.01  # mean absolute residual
        self._packets = 0
        self._packet = 0  # samples since the stamps last stepped unevenly
        self._longest_packet = 0.0  # samples, slowly forgotten
        self._by_packet = False  # whether stamps were found to jitter
        self._since_gap = 0  # samples
        self._between_gaps: list[int] = []  # samples, in the first seconds
        self._first_stamp = self._last_stamp = 0.0
        self._last_time = -np.inf
        self._held: list[tuple[float, int]] = []  # residual against the frozen line, samples lost before
        self._levels: list[_Level] = []
        self._out: list[tuple[float, int]] = []
        self._mismatch: float | None = None

    @property
    def held(self) -> int:
        """Number of samples whose time is not decided yet."""
        return len(self._held)

    @property
    def rate(self) -> float:
        """Measured rate, Hz: the nominal one until there is more to say."""
        return self._mismatch or (self.sfreq / self._line.slope if self._line else self.sfreq)

    @property
    def doubt(self) -> float:
        """Standard error of the newest time, seconds, as far as it comes from jitter; infinite while unknown.

        Stamps of one packet err together, and count as one.
        """
        shortest = LONGEST_LEARNING if self._packets else LONGEST_PACKET  # even stamps may all be of one packet
        if self._line is None or (self._packets < FEW and self._taken < shortest * self.sfreq):
            return inf
        packet = self._packet_length() * (1 + FEW / self._packets) if self._by_packet else 1.0
        scale = max(1.25 * self._deviation, self._spread / sqrt(3))
        return scale * sqrt(self._line.p_level * max(packet, 1.0) / _Line.NOISE)

    @property
    def mismatch(self) -> float | None:
        """Measured rate in Hz if it lastingly contradicts the nominal one."""
        return self._mismatch

    def feed(self, stamps: NDArray[np.float64], lost: Sequence[int] | None = None) -> list[Run]:
        """Fit the next samples.

        Parameters
        ----------
        stamps
            (n_times,) seconds.
        lost
            (n_times,) samples known to be missing before each, by a counter of the device.

        Returns
        -------
        list of Run
            Times of the oldest samples that were not returned yet; `held` samples are still to come.
        """
        for i, stamp in enumerate(stamps.tolist()):
            self._take(stamp, lost[i] if lost is not None else 0)
        return self._runs()

    def flush(self) -> list[Run]:
        """Decide on what is held, because nothing more will come for now."""
        if self._held:
            self._settle()
        return self._runs()

    # ------------------------------------------------------------------------------------------- one sample

    def _take(self, stamp: float, lost: int) -> None:
        self._index += 1 + lost
        self._taken += 1
        if self._line is None:
            self._line = _Line(self.sfreq, stamp, self._index)
            self._first_stamp = self._last_stamp = stamp
            self._emit(stamp, lost)
            return
        self._count_packets(stamp, lost)
        residual = stamp - self._line.predict(self._index)
        if not self._held and abs(residual) <= self._band():
            self._learn(residual)
            self._emit(self._follow(self._index, residual), lost)
            self._check_slope()
        else:
            self._hold(residual, lost)

    def _count_packets(self, stamp: float, lost: int) -> None:
        """Stamps within a packet are often deduced from its last one, and tell nothing of their own."""
        step = stamp - self._last_stamp - (1 + lost) / self.sfreq
        self._last_stamp = stamp
        self._packet += 1
        if abs(step) > STEADY:
            self._longest_packet = max(self._packet, 0.98 * self._longest_packet)
            self._packets += 1
            self._packet = 0

    def _learning(self) -> bool:
        seconds = self._taken / self.sfreq
        few = 0 < self._packets < LEARNING_PACKETS
        return seconds < LEARNING or (few and seconds < LONGEST_LEARNING)

    def _band(self) -> float:
        learning = LEARNING_BAND if self._learning() else 0.0
        return max(2 * self._spread, 0.75 / self.sfreq, SMALLEST_BAND, learning)

    def _learn(self, residual: float) -> None:
        size = min(abs(residual), LARGEST_SPREAD)
        self._spread = max(size, self._spread * (1 - 1 / (SPREAD_MEMORY * self.sfreq)))
        self._deviation += (size - self._deviation) / (self.sfreq + 1)
        if self._line and not self._by_packet and self._packets and self._spread > SMALLEST_BAND:
            self._by_packet = True
            self._line.mistrust(self._packet_length())

    def _follow(self, index: int, residual: float) -> float:
        assert self._line is not None  # noqa: S101 (for the type checker)
        bound = 3 * self._deviation  # Huber: the far ones pull no harder than the near ones
        return self._line.update(index, min(max(residual, -bound), bound))

    def _emit(self, time: float, lost: int) -> None:
        self._last_time = max(self._last_time, time)
        self._out.append((self._last_time, lost))
        if lost and self._early():
            self._between_gaps.append(self._since_gap)
            self._since_gap = 0
        self._since_gap += 1

    def _runs(self) -> list[Run]:
        out, self._out = self._out, []
        starts = [0, *(i for i, (_, lost) in enumerate(out) if lost and i), len(out)] if out else []
        times = np.array([time for time, _ in out], np.float64)
        return [Run(read_only(times[first:stop]), out[first][1]) for first, stop in pairwise(starts)]

    # ------------------------------------------------------------------------------------------- held samples

    def _hold(self, residual: float, lost: int) -> None:
        band = self._band()
        self._held.append((residual, lost))
        if not self._levels or abs(residual - self._levels[-1].mean) > band:
            self._levels.append(_Level(len(self._held) - 1))
        self._levels[-1].add(residual)
        if abs(residual) <= band:
            self._release()
        elif len(self._levels[-1].residuals) >= self._confirmation() or self._too_long():
            self._settle()

    def _confirmation(self) -> float:
        """Samples on a new level that make it certain: three packets where stamps jitter."""
        shortest, longest = CONFIRM
        if self._spread <= SMALLEST_BAND:
            return min(max(abs(self._levels[-1].mean), shortest), longest) * self.sfreq
        return max(longest * self.sfreq, 2.25 * self._packet_length())

    def _packet_length(self) -> float:
        return min(self._longest_packet, LONGEST_PACKET * self.sfreq)

    def _too_long(self) -> bool:
        n_times = len(self._held)
        by_stamps = (n_times / self.sfreq) + self._held[-1][0] - self._held[0][0]
        longest = max(LONGEST_HOLD, 3 * self._packet_length() / self.sfreq)
        return by_stamps > longest or n_times > LONGEST_BACKLOG * self.sfreq

    def _release(self) -> None:
        """It was an excursion: nothing is missing, and its size is usual from now on."""
        for residual, _ in self._held:
            if abs(residual) <= 3 * LARGEST_SPREAD:
                self._learn(residual)
        self._pass_on({})

    def _settle(self) -> None:
        """The samples held will not return: say what is missing before which."""
        self._check_drift()
        self._pass_on(self._missing())
        self._check_share()

    def _missing(self) -> dict[int, int]:
        """Samples missing before some of those held, by the levels on which enough of them stay."""
        enough = CONFIRM[0] * self.sfreq / 4
        levels = [level for level in self._levels[:-1] if len(level.residuals) >= enough]
        levels.append(self._levels[-1])
        counts = [max(0, round(self._centre(level.residuals) * self.sfreq)) for level in levels]
        counts = list(accumulate(reversed(counts), min))[::-1]  # a level that is left again was an excursion
        lost: dict[int, int] = {}
        known = 0
        for level, count in zip(levels, counts, strict=True):
            lost[self._edge(level.first, (known + count) / 2 / self.sfreq)] = count - known
            known = count
        return lost

    def _edge(self, first: int, middle: float) -> int:
        """Where a level begins, given the middle between it and the one before: jitter may hide its start."""
        while first > 0 and self._held[first - 1][0] > middle:
            first -= 1
        return first

    def _centre(self, residuals: list[float]) -> float:
        middle, bound = median(residuals), 3 * self._deviation
        return fmean(min(max(r, middle - bound), middle + bound) for r in residuals)

    def _pass_on(self, lost: dict[int, int]) -> None:
        """Emit what is held, with the samples that are missing before some of it."""
        assert self._line is not None  # noqa: S101 (for the type checker)
        held, last = self._held, self._levels[-1]
        anchor = max(lost, default=0)
        self._held, self._levels = [], []
        index = self._index - len(held) - sum(known for _, known in held[1:])
        missing = 0
        for i, (residual, known) in enumerate(held):
            now = lost.get(i, 0)
            index += 1 + now + (known if i else 0)
            missing += now
            if lost and i == anchor:
                rests = [residual - missing / self.sfreq for residual in last.residuals]
                self._line.shift(self._centre(rests), self._deviation, len(rests))
            rest = residual - missing / self.sfreq
            self._emit(self._follow(index, rest), known + now)
        self._index += missing

    # ------------------------------------------------------------------------------------------- the rate

    def _contradict(self, rate: float) -> None:
        if self._mismatch is None:
            self._mismatch = rate

    def _check_slope(self) -> None:
        """The fitted slope, for rates that are a little wrong."""
        if self._line and self._taken > RATE_AFTER * self.sfreq and abs(self._line.slope - 1) > RATE_TOLERANCE:
            self._contradict(self.sfreq / self._line.slope)

    def _check_drift(self) -> None:
        """The slope of the samples held, for rates so wrong that the line cannot follow."""
        if not self._too_long() or len(self._levels[-1].residuals) >= self._confirmation():
            return
        residuals = [residual for residual, _ in self._held]
        apart = max(1, len(residuals) // 16)  # samples: most pairs so far apart have no gap between them
        rises = [after - before for before, after in zip(residuals, residuals[apart:], strict=False)]
        slope = 1 + median(rises) * self.sfreq / apart
        if abs(slope - 1) > 2 * RATE_TOLERANCE:
            self._contradict(self._counted() if self._early() else self.sfreq / max(slope, 1e-3))

    def _check_share(self) -> None:
        """As many samples missing behind every chunk: only the stamps within a chunk keep the nominal rate."""
        between = self._between_gaps
        even = len(between) >= 3 and max(between) <= 1.05 * min(between)
        if even and self._early() and self._taken < 0.9 * (self._index + 1):
            self._contradict(self._counted())

    def _early(self) -> bool:
        return self._index < RATE_AFTER * self.sfreq

    def _counted(self) -> float:
        """Samples a second since the first one."""
        return (self._taken - 1) / max(self._last_stamp - self._first_stamp, 1e-3)
