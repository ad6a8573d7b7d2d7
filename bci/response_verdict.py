"""Does the brain answer the pictures, and when? What the average round event onsets says of the set-up.

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
from bci.evoked import BLOCK, TIMES, BlockAverage

__all__ = ["ENOUGH", "Judge", "Kind", "Verdict"]

Floats = NDArray[np.float64]

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

_AFTER = TIMES > -1e-9
_EARLIEST = -0.15  # where the beginning of a response is looked for, seconds
_EFFECT = 0.1  # variance of the effect expected in a block, in units of its noise variance
# from which squared t on a moment counts as response rather than noise, and from which share of the largest one:
# chosen, like `bci.evoked.MEMORY`, on simulated sessions, where they told most shifts of 100 ms
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


class Judge:
    """Judges the averages of a session, event after event; what was found stands.

    Parameters
    ----------
    electrodes
        Labels of the electrodes that are averaged.
    """

    def __init__(self, electrodes: Sequence[str]) -> None:
        self._electrodes = electrodes
        self._intervals = _Intervals()
        self._timing = _Timing()
        self._found = False

    def see(self, onset: float) -> None:
        """Take in when an event was, seconds on any clock; rejected ones count too."""
        self._intervals.add(onset)

    def judge(self, used: int, rejected: int, changes: BlockAverage, courses: BlockAverage) -> Verdict:
        """Say what the averages tell.

        Parameters
        ----------
        used, rejected
            How many events were averaged, and how many were artefacts.
        changes
            Of all events, a column an electrode: what is judged.
        courses
            Mean over the electrodes, all events in the first column: where the peak is looked for.
        """
        events = f"{used} events" + (f" ({rejected} rejected as artefacts)" if rejected else "")
        if used < ENOUGH:
            return Verdict(Kind.FEW, f"{events}: the first verdict comes after {ENOUGH}")
        average, error, blocks = changes.estimate()
        known = (blocks > 1) & (error > 0).all(axis=0)
        if not known.any():
            return Verdict(Kind.NONE, f"no signal at {', '.join(self._electrodes)}: check cap and amplifier")
        average, error, blocks = average[:, known], error[:, known], blocks[known]
        squared = (average / error) ** 2
        e_value = _e_value(squared[_AFTER], blocks)
        snr = float(np.sqrt((average[_AFTER] ** 2).mean() / (error[_AFTER] ** 2).mean()))
        self._found = self._found or e_value >= ALARM
        if not self._found:
            return _not_found(used < MANY, f"{events}, SNR {snr:.1f} (noise: 1)", e_value, snr)
        return self._told(squared, e_value, snr, courses)

    def _told(self, squared: Floats, e_value: float, snr: float, courses: BlockAverage) -> Verdict:
        """Say of a response that was found when it begins, if that is known."""
        found = f"visual response found, SNR {snr:.1f}; "
        if (period := self._intervals.period) is not None:
            text = f"{found}events every {1e3 * period:.0f} ms overlap: latency unknown"
            return Verdict(Kind.RHYTHMIC, text, e_value, snr)
        onset = _beginning(squared.mean(axis=1))
        if self._timing.steady(_kind(onset)):
            return _timed(onset, _peak(onset, courses), e_value, snr)
        return Verdict(Kind.FOUND, f"{found}when it begins is not sure yet", e_value, snr)


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


def _peak(onset: float, courses: BlockAverage) -> float:
    """Return when the average of all events stands out most, in the 200 ms after it begins."""
    mean, error, _ = courses.estimate()
    soon = (onset <= TIMES) & (onset + 0.2 > TIMES) & (error[:, 0] > 0)
    stands_out = np.divide(np.abs(mean[:, 0]), error[:, 0], where=soon, out=np.zeros(len(TIMES)))
    return float(TIMES[np.argmax(stands_out)])


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
