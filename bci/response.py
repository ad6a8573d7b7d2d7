"""Averages round event onsets, as a session goes on: of all events and of each concept, with what they say.

Averages are of raw samples, smoothed by a Gaussian and relative to the 100 ms before the onset. What is judged is
their change: each sample minus an exponential average of those before it. This causal high-pass filter takes drift
and the slow ends of earlier responses out and, unlike a zero-phase one, cannot move the beginning of a response to
an earlier time (Rousselet 2012, doi:10.3389/fpsyg.2012.00131).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.evoked import BLOCK, TIMES, BlockAverage, EvokedFilters
from bci.montage import posterior
from bci.response_verdict import ENOUGH, Judge, Verdict
from bci.types import Channel, read_only

__all__ = ["CLASSES", "Response", "ResponseView"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

CLASSES = 10
"""Most concepts that get averages of their own; where there are more, only all events together have one."""


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
    used, rejected
        How many events were averaged, and how many were artefacts.
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
        self._filters = EvokedFilters(sfreq)
        self._classes = BlockAverage(len(self.labels))
        self._changes = BlockAverage(len(self._posterior))
        self._field = np.zeros((len(TIMES), len(labels)))
        self._field_n = np.zeros(len(labels))
        self._judging = Judge(self.electrodes)
        self._block_from = -np.inf
        self._used = 0
        self._rejected = 0
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
        self._judging.see(onset)
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
        return self._judging.judge(self._used, self._rejected, self._changes, self._classes)
