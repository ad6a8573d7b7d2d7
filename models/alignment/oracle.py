"""The linear oracle of SYNTHETIC pairs: canonical correlations of EEG with the true signal (Hotelling 1936).

It sees the least squares estimate of the components from each epoch, made with the true responses and noise, and
the components of the fMRI's picture instead of the fMRI. What relates the two is fitted to training pairs by the
CCA of scikit-learn (Hotelling: doi:10.1093/biomet/28.3-4.321). A linear decoder that has to learn from noisy pairs
should not exceed it.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr
from sklearn.cross_decomposition import CCA
from sklearn.exceptions import ConvergenceWarning

from models.alignment.pairs import PARTS
from models.alignment.retrieval import eeg_to_fmri, ranks
from models.alignment.synthetic import SyntheticPairs

__all__ = ["oracle_ranks"]


def oracle_ranks(world: SyntheticPairs) -> NDArray[np.int64]:
    """Rank the true fMRI picture for each test epoch: (n,) int64, as `models.alignment.retrieval.ranks` does."""
    estimates = np.tensordot(np.asarray(world.pairs.eeg), world.filters, ((1, 2), (1, 2)))  # (n, L)
    part = world.pairs.part
    train, test = (part == PARTS.index(name) for name in ("train", "test"))
    cca = CCA(n_components=world.signal.shape[1], max_iter=5000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the weakest components, which weigh least
        cca.fit(estimates[train], world.signal[train])
    asking, asked = cca.transform(estimates, world.signal)
    # what the EEG says of each variate of the signal; the predict() of scikit-learn leaves the correlation out
    asking *= [pearsonr(x, y).statistic for x, y in zip(asking[train].T, asked[train].T, strict=True)]
    search = eeg_to_fmri(world.pairs.part_of("test"))
    gallery = asked[test][search.gallery]
    found: NDArray[np.int64] = ranks(search, asking[test].astype(np.float32), gallery.astype(np.float32))[0]
    return found
