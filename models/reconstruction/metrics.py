"""How near generated pictures are to the true ones: pixels, structure, and who is taken for whom.

PixCorr and two-way identification as the field reports them (Ozcelik and VanRullen 2023,
doi:10.1038/s41598-023-42891-8; Scotti et al. 2023, arXiv:2305.18274); SSIM: Wang et al. 2004,
doi:10.1109/TIP.2003.819861, by scikit-image.
"""

import numpy as np
from numpy.typing import NDArray

from bci.errors import BciError
from models.reconstruction.pairs import Ints, Pixels

__all__ = ["correlation_distance", "pix_corr", "ssim", "two_way"]

Floats = NDArray[np.float64]


def pix_corr(true: Pixels, generated: Pixels) -> Floats:
    """Return the correlation of all pixels of each pair of pictures, (n,); 0 where one of them is flat."""
    return _paired_correlation(true.reshape(len(true), -1), generated.reshape(len(generated), -1))


def ssim(true: Pixels, generated: Pixels) -> Floats:
    """Return the structural similarity of each pair of pictures (n, H, W, 3), in grey, (n,).

    Raises
    ------
    BciError
        If scikit-image is not installed.
    """
    try:
        from skimage.color import rgb2gray  # noqa: PLC0415 (extra)
        from skimage.metrics import structural_similarity  # noqa: PLC0415
    except ImportError:
        raise BciError("SSIM needs scikit-image: install bci-live[reconstruction]") from None
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    pairs = zip(rgb2gray(true), rgb2gray(generated), strict=True)
    each = (structural_similarity(one, other, **settings) for one, other in pairs)  # type: ignore[no-untyped-call]
    return np.fromiter(each, np.float64, len(true))


def two_way(true: NDArray[np.floating], generated: NDArray[np.floating], concepts: Ints) -> Floats:
    """Return how often each generated picture is nearer to its own true picture than to one of another concept.

    Nearer means that features correlate more; ties count one half, so that one picture for all trials scores 0.5.

    Parameters
    ----------
    true, generated
        (n, D) features of both pictures of each trial.
    concepts
        (n,) what was shown: pictures of the same concept do not compete.

    Returns
    -------
    wins
        (n,) share of the other concepts' pictures that lose; NaN where there are none.
    """
    scores = _standardised(generated) @ _standardised(true).T  # (n generated, n true)
    own = np.diagonal(scores)[:, None]
    others = concepts[:, None] != concepts[None, :]
    # sums of products differ in the last bits between columns of equal features
    tied = np.isclose(own, scores, rtol=0, atol=1e-9)
    wins = np.where(tied, 0.5, own > scores)
    counts = others.sum(axis=1)
    shares: Floats = np.divide(
        (wins * others).sum(axis=1), counts, out=np.full(len(own), np.nan), where=counts > 0
    )
    return shares


def correlation_distance(true: NDArray[np.floating], generated: NDArray[np.floating]) -> Floats:
    """Return 1 - correlation of the features (n, D) of each pair of pictures, (n,)."""
    distance: Floats = 1 - _paired_correlation(true, generated)
    return distance


def _paired_correlation(one: NDArray[np.number], other: NDArray[np.number]) -> Floats:
    products: Floats = (_standardised(one) * _standardised(other)).sum(axis=1)
    return products


def _standardised(features: NDArray[np.number]) -> Floats:
    """Subtract each row's mean and scale it to unit norm, so that products are correlations; flat rows are 0."""
    centred = np.asarray(features, np.float64)
    centred = centred - centred.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(norms > 1e-12, norms, np.inf))
