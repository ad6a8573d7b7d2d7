r"""The oracle: the best that any decoder can do in a synthetic world, for it knows the world and has only to look.

It sees the raw window that a decoder sees and ranks the same bank. Let B hold the responses to one unit of each
component (one column each, channels and time in the rows) and let m_y be the activations that the prototype of
concept y predicts. A window in which a picture of y was shown is

    x = b + B (m_y + w) + sum_j B_j a_j + e

with b the mean of all that does not depend on y (the responses' common part, the neighbours' mean, the noise's
mean); w ~ N(0, W) the picture's scatter round its concept; a_j ~ N(0, A) the activations of the neighbours in
time, of which nothing is known but how the pictures of the bank vary, and B_j the part of their responses that
falls into the window; and e ~ N(0, N) the noise. Whatever is not m_y has one covariance for all concepts,

    C = N + B W B' + sum_j B_j A B_j',

so that the logarithm of the likelihood is, up to a term that all concepts share,

    score_y = m_y' B' C^-1 (x - b) - m_y' B' C^-1 B m_y / 2:

Fisher's linear discriminant with known parameters (Bishop, Pattern Recognition and Machine Learning, 2006, section
4.2), equivalently the generalised least squares fit of the activations compared with m_y. Concepts are shown
equally often, so no decoder of the window names the truth more often among its k best.

N is block diagonal over the noise sources and Toeplitz over time; the rest has low rank and enters by the Woodbury
identity: nothing larger than one source's window is ever factored.

The ceiling is exact up to this. Neighbours count as Gaussian and independent, though they come from a finite bank
that is shown round by round, and as present, though the first and last events lack some. Blinks count as Gaussian
with their true mean and covariance. And a decoder behind a causal filter remembers samples from before its window:
`Oracle(world, tmin=-0.5)` tells how much there is to gain from that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import MismatchError
from bci.types import Recording, read_only
from replay.world.forward import Forward
from replay.world.noise import Noise
from replay.world.pictures import picture_vectors
from replay.world.world import World

__all__ = ["LeakAlarm", "Oracle", "leak_alarm"]

_BATCH = 256  # windows scored at once

Array = NDArray[np.float64]


class Oracle:
    """Ranks the concepts of a bank, given raw windows of a world that it knows.

    Parameters
    ----------
    world
        Where the recordings come from.
    tmin, tmax
        Window, seconds after the onset, the end exclusive; at the world's own rate.
    bank
        What is ranked and what the neighbours are drawn from; by default the test bank.
    scatter
        For means of k windows that showed n_j times picture j of one concept, the sum of n_j squared over k: their
        noise and neighbours average out as 1 / k, what repeats itself of the pictures' scatter does not. 1 is also
        right for means over different pictures.
    """

    def __init__(
        self, world: World, tmin: float = 0.0, tmax: float = 0.8, bank: Bank | None = None, scatter: float = 1.0
    ) -> None:
        bank = world.test_bank if bank is None else bank
        sfreq = world.spec.sfreq
        self.first = round(tmin * sfreq)
        self.n_times = round((tmax - tmin) * sfreq)
        self._concepts = read_only(world.forward.activations(bank.prototypes))  # (n_concepts, n_components)
        shown = world.forward.activations(picture_vectors(bank))
        within = scatter * world.forward.readout @ world.pictures.within @ world.forward.readout.T
        window = _Window(world.forward, self.first, self.n_times, world.spec.soa_samples)
        self._mean = read_only(window.mean(shown.mean(0)) + world.noise.mean[:, None])
        filters, gram = _filters(window, world.noise, within, np.cov(shown.T, bias=True))
        self._filters = read_only(filters.reshape(len(filters), -1))
        self._bias = read_only(0.5 * ((self._concepts @ gram) * self._concepts).sum(1))

    def cut(self, recording: Recording, samples: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cut raw windows at onsets: (n, n_channels, n_times), EEG channels alone, microvolts.

        Raises
        ------
        MismatchError
            If a window reaches beyond the recording.
        """
        begin = np.asarray(samples) + self.first
        if begin.min() < 0 or begin.max() + self.n_times > len(recording.data):
            raise MismatchError(
                f"expected windows within the recording's {len(recording.data)} samples, "
                f"got some from {begin.min()} to {begin.max() + self.n_times}"
            )
        eeg = [i for i, channel in enumerate(recording.channels) if channel.kind == "eeg"]
        windows = np.lib.stride_tricks.sliding_window_view(recording.data, self.n_times, axis=0)
        cut: NDArray[np.float32] = windows[begin[:, None], eeg]
        return cut

    def rank(self, windows: NDArray[np.float32]) -> Array:
        """Score all concepts for raw windows (n, n_channels, n_times): (n, n_concepts), the best has the highest.

        A difference of scores is the logarithm of a ratio of likelihoods.

        Raises
        ------
        MismatchError
            If the windows have another shape.
        """
        if windows.shape[1:] != self._mean.shape:
            raise MismatchError(f"expected raw windows of shape {self._mean.shape}, got {windows.shape[1:]}")
        batches = range(0, len(windows), _BATCH)
        return np.concatenate([self._score(windows[start : start + _BATCH]) for start in batches])

    def _score(self, windows: NDArray[np.float32]) -> Array:
        evidence = (windows - self._mean).reshape(len(windows), -1) @ self._filters.T  # (n, n_components)
        scores: Array = evidence @ self._concepts.T - self._bias
        return scores


@dataclass(frozen=True, slots=True)
class _Window:
    """What of the responses falls into a window; `first` and `soa` in samples."""

    forward: Forward
    first: int
    n_times: int
    soa: int

    @property
    def neighbours(self) -> list[int]:
        """Onsets of the other events whose responses reach into the window, samples after its own event's."""
        earliest = self.first - self.forward.n_lags + 1
        onsets = range(-(-earliest // self.soa) * self.soa, self.first + self.n_times, self.soa)
        return [onset for onset in onsets if onset != 0]

    def seen(self, response: Array, onset: int) -> Array:
        """Return the part of a response (..., n_lags) that falls into the window: (..., n_times)."""
        part = np.zeros((*response.shape[:-1], self.n_times))
        start = onset - self.first
        lags = slice(max(0, -start), max(0, min(response.shape[-1], self.n_times - start)))
        part[..., lags.start + start : lags.stop + start] = response[..., lags]
        return part

    def mean(self, activations: Array) -> Array:
        """Return the mean response (n_channels, n_times), the window's own picture counting as the common part."""
        average = self.forward.common + np.tensordot(activations, self.forward.templates, axes=1)
        around = sum((self.seen(average, onset) for onset in self.neighbours), np.zeros(()))
        return self.seen(self.forward.common, 0) + around


class _Whitener:
    """Makes the noise of a window white: N^-1/2, never formed as a whole."""

    def __init__(self, noise: Noise, n_times: int) -> None:
        from scipy.linalg import toeplitz  # noqa: PLC0415 (heavy)

        self._unmix = np.linalg.inv(noise.mixing)
        covariances = {source: toeplitz(noise.autocovariance(source, n_times)) for source in set(noise.sources)}
        roots = {source: np.linalg.cholesky(covariance) for source, covariance in covariances.items()}
        self._inverse = {source: np.linalg.inv(root) for source, root in roots.items()}
        self._sources = noise.sources

    def whiten(self, windows: Array) -> Array:
        """Multiply windows (n, n_channels, n_times) by N^-1/2: (n, n_channels * n_times)."""
        sources = np.einsum("sc,nct->nst", self._unmix, windows)
        white = [sources[:, i] @ self._inverse[source].T for i, source in enumerate(self._sources)]
        return np.hstack(white)

    def adjoint(self, white: Array) -> Array:
        """Multiply (n, n_channels * n_times) by the transpose of N^-1/2: (n, n_channels, n_times)."""
        parts = np.split(white, len(self._sources), axis=1)
        sources = [part @ self._inverse[source] for part, source in zip(parts, self._sources, strict=True)]
        return np.tensordot(np.stack(sources), self._unmix, axes=(0, 0)).transpose(0, 2, 1)


def _filters(window: _Window, noise: Noise, within: Array, between: Array) -> tuple[Array, Array]:
    """Return C^-1 B, (n_components, n_channels, n_times), and B' C^-1 B.

    Parameters
    ----------
    window, noise
        Where B, B_j and N come from.
    within, between
        (n_components, n_components): W, and the neighbours' A.
    """
    whitener = _Whitener(noise, window.n_times)
    templates = window.forward.templates
    own = whitener.whiten(window.seen(templates, 0))  # N^-1/2 B, transposed
    around = [_root(between) @ whitener.whiten(window.seen(templates, onset)) for onset in window.neighbours]
    low_rank = np.vstack([_root(within) @ own, *around])
    inner = np.eye(len(low_rank)) + low_rank @ low_rank.T
    filters = own - (own @ low_rank.T) @ np.linalg.solve(inner, low_rank)
    return whitener.adjoint(filters), own @ filters.T


def _root(covariance: Array) -> Array:
    """Return the symmetric square root of a covariance, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    root: Array = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


# --------------------------------------------------------------------------------------------- judging with it


@dataclass(frozen=True, slots=True)
class LeakAlarm:
    """How a decoder compares with the oracle on the same events.

    Parameters
    ----------
    decoder, oracle
        Share of events that each got right.
    p
        One-sided p-value of the exact McNemar test that the decoder is no better than the oracle.
    alarm
        Whether the decoder is significantly better: it must have seen what it should not.
    """

    decoder: float
    oracle: float
    p: float
    alarm: bool


def leak_alarm(decoder: NDArray[np.bool_], oracle: NDArray[np.bool_], alpha: float = 0.001) -> LeakAlarm:
    """Test whether a decoder beats the oracle, which nothing honest does.

    The exact McNemar test (McNemar, Psychometrika 12, 1947, doi:10.1007/BF02295996): of the events that only one
    of the two got right, the decoder should have no more than half.

    Parameters
    ----------
    decoder, oracle
        (n,) hits on the same events, in the same order.
    alpha
        False alarms at most, in a decoder as good as the oracle.

    Raises
    ------
    MismatchError
        If the two are not of the same length, or empty.
    """
    if len(decoder) != len(oracle) or len(decoder) == 0:
        raise MismatchError(
            f"expected the same events of decoder and oracle, at least one; got {len(decoder)} and {len(oracle)}"
        )
    from scipy.stats import binomtest  # noqa: PLC0415 (heavy)

    better = int(np.count_nonzero(decoder & ~oracle))
    worse = int(np.count_nonzero(oracle & ~decoder))
    p = float(binomtest(better, better + worse, 0.5, "greater").pvalue) if better + worse else 1.0
    return LeakAlarm(float(decoder.mean()), float(oracle.mean()), p, p < alpha)
