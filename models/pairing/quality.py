"""How good features are, family by family, on training events: constant, not finite, different between digits.

Different is a feature whose mean differs between digits by a one-way analysis of variance, where 5 % of all that
are called different are expected to be so by chance (Benjamini and Hochberg 1995,
doi:10.1111/j.2517-6161.1995.tb02031.x). It takes events to be independent; neighbours in time are not quite, so
that digits which were shown in runs would differ by drifts. None of it is a decoding accuracy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FALSE_DISCOVERIES", "Quality", "judge"]

FALSE_DISCOVERIES = 0.05
"""Expected share of features that do not differ among those that are called different."""

_AT_ONCE = 64  # columns


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of a family of features.

    Parameters
    ----------
    family
        Its name.
    features, constant, not_finite, different
        How many there are; how many of them have one value for all events, hold NaN or infinity for some, and
        differ between digits.
    """

    family: str
    features: int
    constant: int
    not_finite: int
    different: int

    @property
    def share(self) -> float:
        """Share that differs between digits."""
        return self.different / self.features

    @property
    def said(self) -> str:
        """All of it, in a sentence."""
        return (
            f"{self.family}: {self.different} of {self.features} features ({self.share:.1%}) differ between "
            f"digits, by analysis of variance on training events at a false discovery rate of "
            f"{FALSE_DISCOVERIES:.0%}; {self.constant} are constant, {self.not_finite} not finite"
        )


def judge(
    features: NDArray[np.float32], digits: NDArray[np.int64], columns: Mapping[str, tuple[int, int]]
) -> Iterator[Quality]:
    """Yield the quality of each family.

    Parameters
    ----------
    features
        (n, n_features) of training events; may be mapped, and is read some columns at a time.
    digits
        (n,) what each event showed.
    columns
        Name of a family -> its first column, and the one after its last.
    """
    for family, (first, stop) in columns.items():
        parts = [
            _p_values(np.asarray(features[:, at : min(at + _AT_ONCE, stop)], np.float64), digits)
            for at in range(first, stop, _AT_ONCE)
        ]
        p, constant, finite = (np.concatenate(each) for each in zip(*parts, strict=True))
        yield Quality(family, stop - first, int(constant.sum()), int((~finite).sum()), _different(p))


def _p_values(
    features: NDArray[np.float64], digits: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return p of each feature (m,), NaN where there is none, whether it is constant, and whether it is finite."""
    from sklearn.feature_selection import f_classif  # noqa: PLC0415 (seconds, needed here alone)

    finite = np.asarray(np.isfinite(features).all(axis=0), np.bool_)
    constant = np.asarray(finite & (features == features[0]).all(axis=0), np.bool_)
    p = np.full(features.shape[1], np.nan)
    lively = finite & ~constant
    if lively.any() and len(np.unique(digits)) > 1:
        p[lively] = f_classif(features[:, lively], digits)[1]
    return p, constant, finite


def _different(p: NDArray[np.float64]) -> int:
    from scipy.stats import false_discovery_control  # noqa: PLC0415 (1.3 s to import)

    known = p[np.isfinite(p)]
    return int((false_discovery_control(known) <= FALSE_DISCOVERIES).sum()) if len(known) else 0
