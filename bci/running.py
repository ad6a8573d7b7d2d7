"""Accuracy as a session goes on: of all its events, of the latest, and how it came about.

The rule is that of the headline: every event with a truth counts, a missing ranking as a miss (see `bci.tally`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.decided import Decided
from bci.roc import auc
from bci.types import Status
from bci.wilson import wilson

__all__ = ["LATEST", "Share", "accepted", "curve", "separation", "share", "share_accepted"]

LATEST = 50
"""Events that "lately" means."""
POINTS = 400
"""Most points of a curve: more make no finer line."""


@dataclass(frozen=True, slots=True)
class Share:
    """Hits among events.

    Parameters
    ----------
    hits, n
        How many of how many.
    interval
        95 %, Wilson, pointwise; None without events, and where they are no independent trials: windows overlap,
        repeats show the same thing.
    """

    hits: int
    n: int
    interval: tuple[float, float] | None

    @property
    def value(self) -> float | None:
        """The share itself, None without events."""
        return self.hits / self.n if self.n else None


def share(decided: Decided, k: int, latest: int | None = None) -> Share:
    """Return how often the truth was among the best `k`, in all events with a truth or the `latest` of them."""
    hits = decided.hits(k)[decided.told]
    return _share(hits if latest is None else hits[-latest:], decided)


def accepted(decided: Decided) -> NDArray[np.bool_]:
    """(n,) whether a decision with a truth was decoded and nothing but its latency speaks against it."""
    unflagged = decided.status <= Status.LATE
    return np.asarray(decided.told & decided.ranked & unflagged & ~decided.excluded)


def share_accepted(decided: Decided, k: int) -> tuple[Share, float | None]:
    """Return the share of hits among accepted events, and which share of those with a truth is left out."""
    kept, told = accepted(decided), int(decided.told.sum())
    left_out = None if not told else 1 - int(kept.sum()) / told
    return _share(decided.hits(k)[kept], decided), left_out


def curve(decided: Decided, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Follow the share of hits from the first event with a truth to the last, both included.

    Returns
    -------
    trials, shares
        (m,) int64 number of events so far, (m,) float64 share of hits among them; at most `POINTS`, evenly spread.
    """
    hits = np.cumsum(decided.hits(k)[decided.told])
    trials = np.linspace(1, len(hits), min(POINTS, len(hits))).round().astype(np.int64)
    return trials, hits[trials - 1] / trials


def separation(decided: Decided) -> float | None:
    """AUC of the difference of two concepts' scores, the second counting as positive; None while one is unseen."""
    counted = decided.told & decided.ranked
    second = decided.truth[counted] == 1
    if second.all() or not second.any():
        return None
    return auc(decided.contrast[counted], second)


def _share(hits: NDArray[np.bool_], decided: Decided) -> Share:
    n_hits, n = int(hits.sum()), len(hits)
    return Share(n_hits, n, None if decided.window.any() else wilson(n_hits, n))
