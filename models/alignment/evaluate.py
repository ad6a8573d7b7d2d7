"""Judging an alignment on pairs that took no part in its training: from EEG alone, beside controls and ceiling.

The headline is retrieval EEG -> fMRI with learned queries. With the fMRI as query, the target is part of what is
asked: the same figure is computed with another epoch's EEG and with no EEG at all under the same query. Where
these are above chance, the query leaks, and the figure is called `fmri_conditioned`; it is no retrieval accuracy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bci.bootstrap import Interval, mean_interval
from bci.errors import MismatchError
from models.alignment.embedding import embed
from models.alignment.pairs import Pairs, Picked, Rows
from models.alignment.retrieval import Search, eeg_to_fmri, fmri_to_eeg, ranks, summary
from models.alignment.trained import Trained

__all__ = ["Answer", "Evaluation", "Settings", "Share", "evaluate"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TOP = (1, 5)
LEAK_P = 0.05
"""A control whose top-5 is this improbable among shuffled pairs is above chance."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How it is judged.

    Parameters
    ----------
    permutations
        Of which fMRI stands for which picture: shuffled pairs.
    resamples
        Of the bootstrap over components of matched pictures.
    seed
        Of both, and of which epochs are exchanged.
    """

    permutations: int = 1000
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """How often the truth is among the best `k`.

    Parameters
    ----------
    value, interval
        As measured; the interval over components of matched pictures.
    shuffled, shuffled_high
        Mean and 97.5th percentile over shuffled pairs.
    p
        Share of shuffled pairs that do as well, itself counted.
    """

    k: int
    value: float
    interval: Interval
    shuffled: float
    shuffled_high: float
    p: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way of asking comes to.

    Parameters
    ----------
    name
        `eeg_to_fmri`, ...
    n_queries, n_candidates
        Who asks, and among how many pictures.
    shares
        Top-1 and top-5.
    median_rank, mean_reciprocal_rank
        Of the truth, 1 is best.
    null
        Top-5 of shuffled pairs.
    """

    name: str
    n_queries: int
    n_candidates: int
    shares: tuple[Share, ...]
    median_rank: float
    mean_reciprocal_rank: float
    null: tuple[float, ...] = field(repr=False)

    @property
    def at_chance(self) -> bool:
        """Whether its top-5 is not told from that of shuffled pairs."""
        return self.shares[-1].p >= LEAK_P


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of a trained alignment.

    Parameters
    ----------
    headline, back
        EEG -> fMRI and fMRI -> EEG, from EEG alone.
    by_fmri
        EEG -> fMRI asked by the fMRI of the pair, then the same query with shuffled EEG, and with no EEG.
    conditioned_name
        What the first of these may be called.
    mse, cosine
        Of aligned EEG and fMRI; an error of 1 is that of the training pairs' mean.
    oracle
        Top-1, top-5 and so on of the linear oracle, for SYNTHETIC pairs alone.
    """

    headline: Answer
    back: Answer
    by_fmri: tuple[Answer, ...]
    conditioned_name: str
    mse: float
    cosine: float
    oracle: Mapping[str, float] | None = None


def evaluate(
    trained: Trained,
    pairs: Pairs,
    settings: Settings,
    oracle: Ints | None = None,
) -> Evaluation:
    """Judge on the test part.

    Parameters
    ----------
    pairs
        All parts; only that of test is looked at.
    oracle
        (n,) ranks of the oracle on the same part.

    Raises
    ------
    MismatchError
        If there are fewer than two pictures to tell apart, or the pairs do not fit.
    """
    test = pairs.part_of("test")
    if len(np.unique(test.fmri_picture)) < 2:
        raise MismatchError(f"expected at least 2 fMRI pictures in the test part, got {len(test)} pairs")
    judge = _Judge(trained, test, settings)
    answers = judge.by_fmri()
    leaks = not all(control.at_chance for control in answers[1:])
    return Evaluation(
        headline=judge.headline(),
        back=judge.back(),
        by_fmri=answers,
        conditioned_name="fmri_conditioned" if leaks else "eeg_to_fmri_asked_by_fmri",
        mse=float(((judge.aligned - judge.fmri) ** 2).mean()),
        cosine=judge.cosine(),
        oracle=None if oracle is None else summary(oracle),
    )


class _Judge:
    """Ranks a test part in several ways."""

    def __init__(self, trained: Trained, test: Pairs, settings: Settings) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = trained.model(test).to(self._device)
        self._test, self._settings = test, settings
        self.fmri = trained.targets(np.asarray(test.fmri[np.arange(len(test))]))
        self.aligned = embed(self._model, test.eeg, self._device)

    def cosine(self) -> float:
        norms = np.linalg.norm(self.aligned, axis=1) * np.linalg.norm(self.fmri, axis=1)
        return float(((self.aligned * self.fmri).sum(axis=1) / norms).mean())

    def headline(self) -> Answer:
        return self._forth("eeg_to_fmri", self.aligned)

    def back(self) -> Answer:
        search = fmri_to_eeg(self._test)
        return self._answer("fmri_to_eeg", search, self.fmri[search.queries], self.aligned[search.gallery])

    def by_fmri(self) -> tuple[Answer, ...]:
        """Asked by fMRI: with its own EEG, with another picture's, with none."""
        test, rng = self._test, np.random.default_rng(self._settings.seed)
        eeg: dict[str, Rows] = {
            "asked_by_fmri": test.eeg,
            "asked_by_fmri/eeg_shuffled": Picked(test.eeg, rng.permutation(len(test))),
            "asked_by_fmri/eeg_zero": np.broadcast_to(np.float32(0), test.eeg.shape),
        }
        found = {name: embed(self._model, epochs, self._device, self.fmri) for name, epochs in eeg.items()}
        return tuple(self._forth(name, aligned) for name, aligned in found.items())

    def _forth(self, name: str, aligned: Floats) -> Answer:
        search = eeg_to_fmri(self._test)
        return self._answer(name, search, aligned[search.queries], self.fmri[search.gallery])

    def _answer(self, name: str, search: Search, queries: Floats, gallery: Floats) -> Answer:
        rng, size = np.random.default_rng(self._settings.seed), len(gallery)
        shuffled = [rng.permutation(size) for _ in range(self._settings.permutations)]
        found = ranks(search, queries, gallery, np.stack([np.arange(size), *shuffled]))
        component = self._test.component[search.queries]
        told: dict[str, Any] = {name: value for name, value in summary(found[0]).items() if "top" not in name}
        return Answer(
            name=name,
            n_queries=len(queries),
            n_candidates=size,
            shares=tuple(self._share(found, k, component) for k in TOP),
            null=tuple((found[1:] < TOP[-1]).mean(axis=1).tolist()),
            **told,
        )

    def _share(self, found: Ints, k: int, component: Ints) -> Share:
        hits = found < k
        value, *null = hits.mean(axis=1)
        return Share(
            k=k,
            value=float(value),
            interval=mean_interval(hits[0], component, "component", self._settings.resamples, self._settings.seed),
            shuffled=float(np.mean(null)),
            shuffled_high=float(np.quantile(null, 0.975)),
            p=float((1 + np.count_nonzero(null >= value)) / (1 + len(null))),
        )
