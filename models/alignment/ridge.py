"""From voxels to a space that people share: MindEye2's linear map, or a ridge regression fitted here.

MindEye2 (Scotti et al. 2024, arXiv:2403.11207) trains one linear layer for each person, `ridge.linears.{i}`, that
maps the voxels of visual cortex to 4,096 dimensions. Without its checkpoint, a ridge regression (Hoerl & Kennard
1970, doi:10.1080/00401706.1970.10488634) maps them to the vectors of the pictures that were seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from bci.errors import ConfigError, FormatError, MismatchError
from bci.ranking import unit

__all__ = ["Projection", "fit_ridge", "load_mindeye2"]

Floats = NDArray[np.float32]

ALPHAS = tuple(float(alpha) for alpha in 10.0 ** np.arange(0, 7))
"""Penalties that leave-one-out errors of the training pictures choose from."""

_AT_ONCE = 1024  # pictures


@dataclass(frozen=True, slots=True)
class Projection:
    """A linear map of voxels.

    Parameters
    ----------
    weights, bias
        (F, n_voxels) and (F,) float32.
    source
        Where it comes from, in words.
    """

    weights: Floats
    bias: Floats
    source: str

    def blocks(self, voxels: Floats, *, unit_norm: bool) -> Iterator[Floats]:
        """Yield the projections (m, F) of responses (n, n_voxels), some at a time, at unit norm if so asked."""
        for first in range(0, len(voxels), _AT_ONCE):
            projected = voxels[first : first + _AT_ONCE] @ self.weights.T + self.bias
            yield unit(projected) if unit_norm else projected


def load_mindeye2(source: str, index: int, n_voxels: int) -> Projection:
    """Read MindEye2's map of one person.

    Parameters
    ----------
    source
        Checkpoint: safetensors, or what `torch.save` wrote, of which tensors alone are read.
    index
        Of the person among those whom the model was trained on; 0 in a model of one person.
    n_voxels
        That it must take.

    Raises
    ------
    ConfigError
        If there is no such file.
    FormatError
        If it is damaged, or has no such map.
    MismatchError
        If it is of another number of voxels.
    """
    from models.encoders.pretrained import read_weights  # noqa: PLC0415 (a ridge that is fitted needs no torch)

    name = f"ridge.linears.{index}"
    state = {key.removeprefix("module."): tensor for key, tensor in read_weights(source).items()}
    if missing := [key for key in (f"{name}.weight", f"{name}.bias") if key not in state]:
        maps = sorted({key.rsplit(".", 1)[0] for key in state if key.startswith("ridge.linears.")})
        raise FormatError(
            f"{source}: expected the tensor {missing[0]}, it has {', '.join(maps) or 'no ridge at all'}: name "
            "MindEye2's checkpoint, and the place of the person in it"
        )
    weights, bias = (state[f"{name}.{part}"].float().numpy() for part in ("weight", "bias"))
    if weights.shape[1] != n_voxels:
        raise MismatchError(
            f"{source}: expected a map of {n_voxels} voxels as the mask has, got one of {weights.shape[1]}: it is "
            "of another person"
        )
    return Projection(weights, bias, f"MindEye2, {name}")


def fit_ridge(voxels: Floats, targets: Floats, alphas: Sequence[float] = ALPHAS) -> Projection:
    """Fit a map of voxels to the vectors of pictures.

    Parameters
    ----------
    voxels
        (n, n_voxels) responses to training pictures.
    targets
        (n, D) vectors of these pictures.
    alphas
        Penalties; leave-one-out errors choose one.

    Raises
    ------
    ConfigError
        If there are fewer than three pictures.
    """
    if len(voxels) < 3:
        raise ConfigError(f"expected at least three training pictures to fit a ridge to, got {len(voxels)}")
    fitted = RidgeCV(alphas).fit(voxels, targets)
    weights, bias = (np.asarray(array, np.float32) for array in (fitted.coef_, fitted.intercept_))
    return Projection(weights, bias, f"ridge with penalty {fitted.alpha_:g}, fitted to {len(voxels)} pictures")
