"""Principal components of training pictures, onto which other pictures are projected: arrays, never a pickle."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import BankKey
from bci.errors import ConfigError, FormatError, MismatchError
from bci.ranking import unit
from bci.storage import load_tensors, save_tensors

__all__ = ["Pca", "fit_pca", "load_pca", "pca_file", "save_pca"]

_ARRAYS = ("mean", "components", "explained")


@dataclass(frozen=True, slots=True)
class Pca:
    """A projection of unit vectors.

    Parameters
    ----------
    mean, components
        (D,) and (K, D) float32.
    explained
        (K,) float32 share of the variance of the pictures it was fitted on.
    key
        How those were embedded.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    explained: NDArray[np.float32]
    key: BankKey

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Project vectors (..., D), scaled to unit norm first, to (..., K)."""
        return np.asarray((unit(vectors) - self.mean) @ self.components.T, np.float32)

    @property
    def id(self) -> str:
        """Number of components, and the first 8 hex digits of their SHA-256: `64 3f9a0c1d`."""
        digest = hashlib.sha256(self.mean.tobytes() + self.components.tobytes())
        return f"{len(self.components)} {digest.hexdigest()[:8]}"


def fit_pca(vectors: NDArray[np.float32], n_components: int, key: BankKey) -> Pca:
    """Fit a PCA on training pictures (M, D), each scaled to unit norm.

    Raises
    ------
    ConfigError
        If there are fewer pictures or dimensions than components, or several views in a vector.
    """
    from sklearn.decomposition import PCA  # noqa: PLC0415 (a second, needed by few)

    if key.views > 1:
        raise ConfigError(f"a PCA needs one vector for each picture, got {key.views} views kept apart")
    if not 1 <= n_components <= min(vectors.shape):
        raise ConfigError(
            f"expected 1 to {min(vectors.shape)} components of {vectors.shape[0]} pictures x {vectors.shape[1]} "
            f"dimensions, got {n_components}"
        )
    fitted = PCA(n_components, svd_solver="full").fit(unit(vectors).astype(np.float64))
    arrays = (fitted.mean_, fitted.components_, fitted.explained_variance_ratio_)
    mean, components, explained = (np.ascontiguousarray(array, np.float32) for array in arrays)
    return Pca(mean, components, explained, key)


def pca_file(bank: Path) -> Path:
    """Return where the PCA of a bank lies: `NAME.pca.safetensors` beside `NAME.safetensors`."""
    return bank.with_suffix(".pca.safetensors")


def save_pca(bank: Path, pca: Pca) -> None:
    """Write a PCA beside its bank."""
    tensors = {name: getattr(pca, name) for name in _ARRAYS}
    save_tensors(pca_file(bank), tensors, {"id": pca.id, "key": pca.key.model_dump(mode="json")})


def load_pca(bank: Path, key: BankKey) -> Pca:
    """Read the PCA of a training bank.

    Parameters
    ----------
    key
        How the vectors were made that are to be projected.

    Raises
    ------
    FormatError
        If it is missing or damaged.
    MismatchError
        If it was fitted on vectors that were made in another way.
    """
    path = pca_file(bank)
    tensors, header = load_tensors(path)
    try:
        pca = Pca(**{name: tensors[name] for name in _ARRAYS}, key=BankKey.model_validate(header["key"]))
    except (KeyError, ValueError) as error:
        raise FormatError(f"{path} is no PCA of a bank: {error}") from None
    if pca.id != header.get("id"):
        raise FormatError(f"{path}: expected the PCA {header.get('id')}, got {pca.id}; make its bank again")
    if differing := pca.key.differences(key):
        raise MismatchError(f"the PCA of {bank.name} does not fit: {differing}; embed both the same way")
    return pca
