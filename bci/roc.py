"""The area under the ROC curve: how well one number tells two concepts apart.

It is the Mann-Whitney statistic, in which a tie counts one half (Hanley & McNeil 1982,
doi:10.1148/radiology.143.1.7063747).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError

__all__ = ["auc"]


def auc(evidence: NDArray[np.floating[Any]], positive: NDArray[np.bool_]) -> float:
    """Return the share of (positive, negative) pairs in which the positive trial scores higher.

    Parameters
    ----------
    evidence
        (n,), higher speaks for the positive class.
    positive
        (n,) whether the trial is of that class.

    Raises
    ------
    MismatchError
        If one of the two classes is missing.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 (1.3 s to import)

    n_positive = int(np.count_nonzero(positive))
    n_negative = len(positive) - n_positive
    if n_positive == 0 or n_negative == 0:
        raise MismatchError(f"AUC needs trials of both concepts, got {n_negative} and {n_positive}")
    wins = rankdata(evidence)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(wins / (n_positive * n_negative))
