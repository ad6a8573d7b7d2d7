"""Does the brain answer the pictures, and when? The average around event onsets, and what it says of the set-up.

Averages are of raw samples, smoothed by a Gaussian and relative to the 100 ms before the onset. What is judged is
their change: each sample minus an exponential average of those before it. This causal high-pass filter takes drift
and the slow ends of earlier responses out and, unlike a zero-phase one, cannot move the beginning of a response to
an earlier time (Rousselet 2012, doi:10.3389/fpsyg.2012.00131).

Trials that follow each other closely share noise: standard errors are those of blocks of `BLOCK` seconds (batch
means: Schmeiser 1982, doi:10.1287/opre.30.3.556). A squared standard error is the mean power that the plus-minus
average of these blocks has over all choices of signs (Schimmel 1967, doi:10.1126/science.157.3784.92).

A response is "found" once an e-value reaches `bci.eprocess.ALARM`. It is the mean, over times and electrodes, of
Bayes factors of the t statistic (Rouder et al. 2009, doi:10.3758/PBR.16.2.225), which may be watched (Grünwald et
al. 2024, doi:10.1093/jrsssb/qkae011); the mean pays for having looked at all of them.

The cortex answers a picture from 56 ms on (Foxe & Simpson 2002, doi:10.1007/s00221-001-0906-7), and the strongest
responses to objects begin by 130 to 150 ms (Rousselet et al. 2008, doi:10.1167/8.12.3). One that begins outside
`PLAUSIBLE` therefore speaks of the markers, not of the brain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bci.eprocess import ALARM
from bci.errors import MismatchError
from bci.montage import posterior
from bci.types import Channel, read_only

__all__ = ["CLASSES", "ENOUGH", "PLAUSIBLE", "TIMES", "Kind", "Response", "ResponseView", "Verdict"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

TIMES: Floats = read_only(np.arange(-40, 121) / 200)
"""(T,) seconds after the onset at which averages are kept: -0.2 to 0.6 in steps of 5 ms."""
CLASSES = 10
"""Most concepts that get averages of their own; where there are more, only all events together have one."""
ENOUGH = 40
"""Events that are averaged before anything is said."""
MANY = 200
"""Events that a weak response of a few dry electrodes may take: before that, that none was found means little."""
STEADY = 20
"""Events over which the same must be said of the latency before it is told."""
PLAUSIBLE = (0.055, 0.175)
"""When a visual response is seen to begin, seconds after the onset; 30 ms of it for screens and amplifiers."""
USUAL = 0.09
"""When it usually begins (Bieniek et al. 2016, doi:10.1111/ejn.13100): offsets are told against that."""

SMOOTHING = 0.01
"""Standard deviation of the Gaussian, seconds: half the amplitude is left at 19 Hz, 0.7 % at 50 Hz. It
cannot ring, but spreads the beginning of a strong response by up to 20 ms."""
MEMORY = 0.03
"""Time constant of the exponential average that changes are relative to, seconds."""
BLOCK = 1.0
"""Length of a block, seconds: events whose onsets are less than that apart are not independent."""
MOST = 150.0
"""Channels that span more than this after smoothing, in microvolts, are left out of an event: blinks, movement."""

_BEFORE = TIMES[0] - 4 * MEMORY
_BEHIND = TIMES[-1] + 3 * SMOOTHING
_BASELINE = (TIMES > -0.1 - 1e-9) & (TIMES < 1e-9)
_AFTER = TIMES > -1e-9
_EARLIEST = -0.15  # where the beginning of a response is looked for, seconds
_FASTEST = 500.0  # rates of twice that and more are averaged down first, Hz
_EFFECT = 0.1  # variance of the effect expected in a block, in units of its noise variance
# from which squared t on a moment counts as response rather than noise, and from which share of the largest one:
# chosen, like `MEMORY`, on simulated sessions, where they told most shifts of 100 ms
_SIGNAL = 4.0
_SHARE = 0.1
_DENSE = 0.4  # onsets closer than that leave no rest between responses, seconds
_REGULAR = 0.02  # intervals that vary by less are regular, seconds


class Kind(StrEnum):
    """What the average says."""

    FEW = "too few"  # nothing found, which events so few do not speak against
    NONE = "none"
    FOUND = "found"
    EARLY = "early"  # before the brain can answer: markers come late
    LATE = "late"
    RHYTHMIC = "rhythmic"  # found, but events follow each other so regularly that no latency can be told


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the average says, and why.

    Parameters
    ----------
    kind
        Whether there is a visual response, and whether it begins when one does.
    text
        One line for the screen.
    e_value
        Evidence for any response; found once it has reached 20.
    snr
        Root mean square of the average after the onset over that of its standard error: 1 is noise alone. None as
        long as there are too few events.
    onset, peak
        When the response begins, and when it stands out most in the 200 ms from there on, seconds after the
        marker; None where that is not known.
    offset
        By how much the response comes later than usual, seconds: markers are too early where it is positive. Told
        only with `EARLY` and `LATE`.
    """

    kind: Kind
    text: str
    e_value: float = 1.0
    snr: float | None = None
    onset: float | None = None
    peak: float | None = None
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class ResponseView:
    """The averages of a session so far.

    Parameters
    ----------
    times
        (T,) seconds after the onset.
    labels, counts
        Of the K averages: `all events`, then the concepts if there are few; how many events went into each, (K,).
    mean, error
        (K, T) microvolts: average over the posterior electrodes, and its standard error; NaN where unknown.
    gfp
        (T,) microvolts: standard deviation over all EEG channels of the average of all events (Lehmann & Skrandies
        1980, doi:10.1016/0013-4694(80)90419-8); NaN where there is none.
    electrodes
        Labels of the posterior electrodes that `mean` averages over.
    events, used, rejected
        How many came, and of these how many were averaged and how many were artefacts.
    verdict
        What to make of it.
    """

    times: Floats
    labels: tuple[str, ...]
    counts: NDArray[np.int64]
    mean: Floats
    error: Floats
    gfp: Floats
    electrodes: tuple[str, ...]
    used: int
    rejected: int
    verdict: Verdict

    @property
    def events(self) -> int:
        """How many events came."""
        return self.used + self.rejected


class Response:
    """Averages raw samples round event onsets; running sums only.

    Parameters
    ----------
    channels
        Of the raw stream, one per column; those of the kind `eeg` are averaged.
    sfreq
        Of the raw stream, Hz.
    concepts
        Names that truths index.

    Raises
    ------
    MismatchError
        If none of the channels is EEG.
    """

    def __init__(self, channels: Sequence[Channel], sfreq: float, concepts: Sequence[str]) -> None:
        self.sfreq = sfreq
        self.n_channels = len(channels)
        self._columns = [i for i, channel in enumerate(channels) if channel.kind == "eeg"]
        labels = [channels[i].label for i in self._columns]
        if not labels:
            raise MismatchError("expected EEG channels to average, got none: stream the channels of the cap")
        self._posterior = list(posterior(labels)) or list(range(len(labels)))
        self.electrodes = tuple(labels[i] for i in self._posterior)
        self.labels = ("all events", *(concepts if len(concepts) <= CLASSES else ()))
        self._filters = _Filters(sfreq)
        self._classes = _BlockAverage(len(self.labels))
        self._changes = _BlockAverage(len(self._posterior))
        self._field = np.zeros((len(TIMES), len(labels)))
        self._field_n = np.zeros(len(labels))
        self._intervals = _Intervals()
        self._timing = _Timing()
        self._block_from = -np.inf
        self._used = 0
        self._rejected = 0
        self._found = False
        self._verdict = self._judge()

    def block(self, onset: int) -> tuple[int, int]:
        """Return which samples of the stream `add` needs: the index of the first one, and how many.

        `onset` is the index of the sample nearest to the event.
        """
        return onset + self._filters.first, self._filters.n_times

    def add(self, window: NDArray[np.floating], onset: float, truth: int | None) -> None:
        """Take in one event.

        Parameters
        ----------
        window
            (n_times, n_channels), microvolts as the stream sends them: the samples of `block`.
        onset
            Seconds, on any clock; events come in the order of time.
        truth
            Index of the concept that was shown, None if unknown.

        Raises
        ------
        MismatchError
            If the window has another shape.
        """
        expected = (self._filters.n_times, self.n_channels)
        if window.shape != expected:
            raise MismatchError(
                f"expected a window of shape {expected}, got {window.shape}: cut it as `block` says"
            )
        self._intervals.add(onset)
        course, change, fit = self._filters(window[:, self._columns], self._posterior)
        good = fit[self._posterior]
        if 2 * good.sum() < len(good):
            self._rejected += 1
            if self._used < ENOUGH:
                self._verdict = self._judge()
            return
        self._used += 1
        self._begin_block(onset)
        self._changes.add(change, good)
        self._classes.add(course[:, self._posterior][:, good].mean(axis=1, keepdims=True), self._taken_by(truth))
        self._field += np.where(fit, course, 0)
        self._field_n += fit
        self._verdict = self._judge()

    def view(self) -> ResponseView:
        """Return the averages so far and what they say."""
        mean, error, _ = self._classes.estimate()
        return ResponseView(
            times=TIMES,
            labels=self.labels,
            counts=read_only(self._classes.n.astype(np.int64)),
            mean=read_only(mean.T),
            error=read_only(error.T),
            gfp=read_only(self._field_power()),
            electrodes=self.electrodes,
            used=self._used,
            rejected=self._rejected,
            verdict=self._verdict,
        )

    def _begin_block(self, onset: float) -> None:
        if abs(onset - self._block_from) >= BLOCK:
            self._block_from = onset
            self._changes.close_block()
            self._classes.close_block()

    def _taken_by(self, truth: int | None) -> Mask:
        taken = np.zeros(len(self.labels), bool)
        taken[0] = True
        if truth is not None and len(taken) > 1:
            taken[1 + truth] = True
        return taken

    def _field_power(self) -> Floats:
        there = self._field_n > 0
        if not there.any():
            return np.full(len(TIMES), np.nan)
        power: Floats = (self._field[:, there] / self._field_n[there]).std(axis=1)
        return power

    def _judge(self) -> Verdict:
        """Judge the changes of all events."""
        events = f"{self._used} events" + (f" ({self._rejected} rejected as artefacts)" if self._rejected else "")
        if self._used < ENOUGH:
            return Verdict(Kind.FEW, f"{events}: the first verdict comes after {ENOUGH}")
        average, error, blocks = self._changes.estimate()
        known = (blocks > 1) & (error > 0).all(axis=0)
        if not known.any():
            return Verdict(Kind.NONE, f"no signal at {', '.join(self.electrodes)}: check cap and amplifier")
        average, error, blocks = average[:, known], error[:, known], blocks[known]
        squared = (average / error) ** 2
        e_value = _e_value(squared[_AFTER], blocks)
        snr = float(np.sqrt((average[_AFTER] ** 2).mean() / (error[_AFTER] ** 2).mean()))
        self._found = self._found or e_value >= ALARM
        if not self._found:
            return _not_found(self._used < MANY, f"{events}, SNR {snr:.1f} (noise: 1)", e_value, snr)
        if (period := self._intervals.period) is not None:
            every = f"events every {1e3 * period:.0f} ms overlap: latency unknown"
            return Verdict(Kind.RHYTHMIC, f"visual response found, SNR {snr:.1f}; {every}", e_value, snr)
        onset = _beginning(squared.mean(axis=1))
        if self._timing.steady(_kind(onset)):
            return _timed(onset, self._peak(onset), e_value, snr)
        text = f"visual response found, SNR {snr:.1f}; when it begins is not sure yet"
        return Verdict(Kind.FOUND, text, e_value, snr)

    def _peak(self, onset: float) -> float:
        """Return when the average of all events stands out most, in the 200 ms after it begins."""
        mean, error, _ = self._classes.estimate()
        soon = (onset <= TIMES) & (onset + 0.2 > TIMES) & (error[:, 0] > 0)
        stands_out = np.divide(np.abs(mean[:, 0]), error[:, 0], where=soon, out=np.zeros(len(TIMES)))
        return float(TIMES[np.argmax(stands_out)])


class _Timing:
    """Whether what is said of the latency has been the same for some time: a weak response's beginning wavers."""

    def __init__(self) -> None:
        self._kind: Kind | None = None
        self._for = 0

    def steady(self, kind: Kind) -> bool:
        """Take in what the average says now; return whether it said so after each of the last `STEADY` events."""
        self._for = self._for + 1 if kind == self._kind else 1
        self._kind = kind
        return self._for >= STEADY


class _Filters:
    """Turns windows of raw samples into courses and changes at `TIMES`: one matrix each, for any rate."""

    def __init__(self, sfreq: float) -> None:
        self._factor = max(1, int(sfreq // _FASTEST))
        self.first = round(_BEFORE * sfreq)
        n = round(_BEHIND * sfreq) - self.first + 1
        self.n_times = -(-n // self._factor) * self._factor
        centres = (self.first + np.arange(self.n_times).reshape(-1, self._factor).mean(axis=1)) / sfreq
        lag = TIMES[:, None] - centres
        smooth = _normalised(np.exp(-0.5 * (lag / SMOOTHING) ** 2))
        past = _normalised(np.where(lag > 0, np.exp(-np.maximum(lag, 0) / MEMORY), 0))
        self._course = smooth - smooth[_BASELINE].mean(axis=0)
        self._change = smooth - past

    def __call__(self, window: NDArray[np.floating], changing: Sequence[int]) -> tuple[Floats, Floats, Mask]:
        """Return courses (T, C), changes of some channels, and which channels are fit to be averaged (C,)."""
        finite = np.isfinite(window).all(axis=0)
        raw = np.where(finite, window, 0).astype(np.float64)
        raw = raw.reshape(-1, self._factor, raw.shape[1]).mean(axis=1)
        course = self._course @ raw
        return course, self._change @ raw[:, changing], finite & (np.ptp(course, axis=0) <= MOST)


def _normalised(weights: Floats) -> Floats:
    each: Floats = weights / weights.sum(axis=1, keepdims=True)
    return each


class _BlockAverage:
    """Averages of courses in N columns, each over the events that it took, with errors from blocks of events.

    The variance is that of a ratio estimator: sums of blocks over counts of blocks.
    """

    def __init__(self, columns: int) -> None:
        self.n = np.zeros(columns)
        self._sum = np.zeros((len(TIMES), columns))
        self._open_n = np.zeros(columns)
        self._open_sum = np.zeros_like(self._sum)
        self._blocks = np.zeros(columns)
        self._squares = np.zeros_like(self._sum)
        self._products = np.zeros_like(self._sum)
        self._squared_n = np.zeros(columns)

    def add(self, course: Floats, taken: Mask) -> None:
        """Add a course (T, N or 1) to the columns that take it, (N,)."""
        values = np.where(taken, course, 0.0)
        self.n += taken
        self._sum += values
        self._open_n += taken
        self._open_sum += values

    def close_block(self) -> None:
        """End the block: what comes now is independent of what was."""
        self._blocks += self._open_n > 0
        self._squares += self._open_sum**2
        self._products += self._open_n * self._open_sum
        self._squared_n += self._open_n**2
        self._open_n[:] = 0
        self._open_sum[:] = 0

    def estimate(self) -> tuple[Floats, Floats, Floats]:
        """Return means and standard errors (T, N), NaN where unknown, and numbers of blocks (N,)."""
        blocks = self._blocks + (self._open_n > 0)
        n = np.where(self.n > 0, self.n, np.nan)
        mean = self._sum / n
        squares = self._squares + self._open_sum**2
        products = self._products + self._open_n * self._open_sum
        scatter = squares - 2 * mean * products + mean**2 * (self._squared_n + self._open_n**2)
        freedom = np.where(blocks > 1, blocks - 1, np.nan)
        error = np.sqrt(np.maximum(scatter, 0) * blocks / freedom) / n
        return mean, error, blocks


class _Intervals:
    """Whether events follow each other so closely and regularly that their responses cannot be told apart."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._n = 0
        self._mean = 0.0
        self._scatter = 0.0

    def add(self, onset: float) -> None:
        """Take the next onset in; pauses of more than a block do not count."""
        interval = np.inf if self._last is None else abs(onset - self._last)
        self._last = onset
        if interval < BLOCK:
            self._n += 1
            before = interval - self._mean
            self._mean += before / self._n
            self._scatter += before * (interval - self._mean)

    @property
    def period(self) -> float | None:
        """The regular, short interval between onsets in seconds; None if there is none."""
        if self._n < ENOUGH / 2 or self._mean >= _DENSE or self._scatter / self._n >= _REGULAR**2:
            return None
        return self._mean


def _e_value(squared_t: Floats, blocks: Floats) -> float:
    """Return the mean over times and channels of Bayes factors of squared t values (n_times, n_channels).

    A factor compares a normal effect of variance `_EFFECT` (in units of the noise variance) with none; it depends
    on t alone, and so on no unit.
    """
    freedom, spread = blocks - 1, 1 + blocks * _EFFECT
    ratio = np.log1p(squared_t / freedom) - np.log1p(squared_t / (spread * freedom))
    logs = 0.5 * (blocks * ratio - np.log(spread))
    log_mean = np.logaddexp.reduce(logs, axis=None) - np.log(logs.size)
    return float(np.exp(min(log_mean, 700.0)))


def _beginning(squared_t: Floats) -> float:
    """Return when a response begins, seconds, given its mean squared t value over channels, (T,).

    It is the change point that least mistakes noise for response and response for noise: where the cumulative sum
    of the evidence, minus what counts as signal, is least before the largest evidence (Page 1954,
    doi:10.2307/2333009).
    """
    peak = int(np.argmax(np.where(_AFTER, squared_t, 0)))
    start = int(np.searchsorted(TIMES, _EARLIEST))
    level = max(_SIGNAL, _SHARE * squared_t[peak])
    sums = np.cumsum(squared_t[start:peak] - level)
    return float(TIMES[start + 1 + int(np.argmin(sums))])


def _kind(onset: float) -> Kind:
    low, high = PLAUSIBLE
    return Kind.EARLY if onset < low else Kind.LATE if onset >= high else Kind.FOUND


def _not_found(few: bool, events: str, e_value: float, snr: float) -> Verdict:
    """Judge that nothing was found: from `MANY` events on it is a reason to worry."""
    check = "check trigger offset, cap, filter"
    if not few:
        return Verdict(Kind.NONE, f"no visual response in {events}: {check}", e_value, snr)
    text = f"visual response not yet found in {events}; if none comes by {MANY}, {check}"
    return Verdict(Kind.FEW, text, e_value, snr)


def _timed(onset: float, peak: float, e_value: float, snr: float) -> Verdict:
    """Judge when a response that was found begins."""
    kind = _kind(onset)
    when = f"begins at {1e3 * onset:.0f} ms, peaks at {1e3 * peak:.0f} ms, SNR {snr:.1f}"
    if kind is Kind.FOUND:
        return Verdict(kind, f"visual response found: {when}", e_value, snr, onset, peak)
    offset = onset - USUAL
    side = "late" if kind is Kind.EARLY else "early"
    text = (
        f"response too {kind}: {when}; check trigger offset, markers come about {abs(1e3 * offset):.0f} ms {side}"
    )
    return Verdict(kind, text, e_value, snr, onset, peak, offset)
