"""Evidence over presentations of the same thing: log-probabilities, summed and discounted as `bci.evidence` does.

At a given number of presentations the discount changes no ranking, but the probabilities, and so when a stopping
rule stops.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bci.bootstrap import Interval
from bci.evidence import divisor
from models.evaluation.report import Stopping
from models.temperature import log_probabilities

__all__ = ["accumulated", "drawn_accuracy", "fit_discount", "stopping"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALPHAS = (0.2, 0.1, 0.05)
DRAWS = 100
"""Groups that are drawn for each class of a recording."""
RESAMPLES = 200
"""Of the trials from which they are drawn."""
MOST_CELLS = 1_000_000
"""Log-probabilities that a discount is fitted to, for each number of presentations; of more some groups."""
LEVEL = 0.95


def accumulated(log_p: Floats, groups: Ints, discount: float | Floats = 0.0) -> Floats:
    """Return log-probabilities (m, N) given all presentations of each group.

    Parameters
    ----------
    log_p
        (n, N) of single trials; candidates count as equally likely beforehand.
    groups
        (m, k) rows of `log_p`.
    discount
        Correlation c, 0 to 1; one for all groups, or (m,).
    """
    k = groups.shape[1]
    total = np.zeros((len(groups), log_p.shape[1]))
    for column in groups.T:
        total += log_p[column]
    return log_probabilities(total, divisor(k, np.asarray(discount, np.float64)))


def fit_discount(log_p: Floats, truth: Ints, groups: Mapping[int, Ints]) -> float:
    """Return the correlation at which the truth is most likely, given groups of several sizes; 0 if none.

    Parameters
    ----------
    log_p, truth
        (n, N) and (n,) of single trials.
    groups
        Number of presentations -> (m, k) rows.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 (1.3 s to import)

    enough = max(1, MOST_CELLS // log_p.shape[1])
    several = [rows[:: -(-len(rows) // enough)] for k, rows in groups.items() if k > 1 and len(rows)]
    if not several:
        return 0.0

    def loss(discount: float) -> float:
        return float(
            np.mean([-_own(accumulated(log_p, rows, discount), truth[rows[:, 0]]).mean() for rows in several])
        )

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-3}).x)


def _own(log_p: Floats, truth: Ints) -> Floats:
    return np.take_along_axis(log_p, truth[:, None], axis=1)[:, 0]


# --------------------------------------------------------------------------------------------------- stopping rule


def stopping(log_p: Floats, truth: Ints, runs: Ints, discounts: Floats, alpha: float) -> Stopping:
    """Show again until one candidate has a probability of 1 - alpha; say how often it was the wrong one.

    Parameters
    ----------
    log_p, truth
        (n, N) and (n,) of single trials.
    runs
        (m, k) rows, in the order of presentation.
    discounts
        (m,) correlation that each run's evidence is discounted by.
    """
    longest = runs.shape[1]
    stopped, wrong = np.zeros(len(runs), np.int64), np.zeros(len(runs), np.bool_)
    total = np.zeros((len(runs), log_p.shape[1]))
    for seen in range(1, longest + 1):
        total += log_p[runs[:, seen - 1]]
        posterior = log_probabilities(total, divisor(seen, discounts))
        now = (stopped == 0) & (posterior.max(axis=1) >= np.log1p(-alpha))
        stopped[now] = seen
        wrong[now] = posterior.argmax(axis=1)[now] != truth[runs[now, 0]]
    decided = stopped > 0
    error, interval = _share(int(wrong.sum()), int(decided.sum()))
    shown = float(np.where(decided, stopped, longest).mean())
    return Stopping(alpha, len(runs), longest, float(decided.mean()), error, interval, shown)


def _share(hits: int, n: int) -> tuple[float | None, tuple[float, float] | None]:
    from scipy.stats import binomtest  # noqa: PLC0415 (1.3 s to import)

    if not n:
        return None, None
    exact = binomtest(hits, n).proportion_ci(LEVEL)
    return hits / n, (float(exact.low), float(exact.high))


# ----------------------------------------------------------------------------------------------------- two classes


def drawn_accuracy(evidence: Floats, truth: Ints, parts: Ints, k: int, seed: int) -> tuple[float, Interval] | None:
    """Return the balanced accuracy of k trials of one class together, drawn at random from one held-out part.

    Their evidence is summed and compared with 0. The interval is of draws from resampled trials: draws of many
    trials from few overlap, which it shows.

    Parameters
    ----------
    evidence
        (n,) log-odds of the second concept.
    truth
        (n,) 0 or 1.
    parts
        (n,) recordings; those that have k trials of both classes count, and if there are none the result is None.
    """
    rng = np.random.default_rng((seed, k))
    cells = [[np.flatnonzero((parts == part) & (truth == shown)) for shown in (0, 1)] for part in np.unique(parts)]
    usable = [pair for pair in cells if min(map(len, pair)) >= k]
    if not usable:
        return None
    value = _drawn(rng, evidence, usable, k, 10 * DRAWS)
    draws = np.array([_drawn(rng, evidence, _resampled(rng, usable), k, DRAWS) for _ in range(RESAMPLES)])
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    speaks_of = "further trials of these recordings only, decoders as fitted"
    return value, Interval(float(low), float(high), LEVEL, RESAMPLES, speaks_of)


def _resampled(rng: np.random.Generator, cells: Sequence[Sequence[Ints]]) -> list[list[Ints]]:
    return [[rng.choice(rows, len(rows)) for rows in pair] for pair in cells]


def _drawn(
    rng: np.random.Generator, evidence: Floats, cells: Sequence[Sequence[Ints]], k: int, draws: int
) -> float:
    """Mean over parts and classes of the share of draws whose summed evidence has the right sign."""
    shares = []
    for pair in cells:
        for sign, rows in zip((-1, 1), pair, strict=True):
            order = rng.random((draws, len(rows))).argpartition(k - 1, axis=1)[:, :k]
            sums = sign * evidence[rows[order]].sum(axis=1)
            shares.append(np.mean(sums > 0) + np.mean(sums == 0) / 2)
    return float(np.mean(shares))
