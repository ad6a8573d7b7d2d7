"""Responses of the Natural Scenes Dataset: percent signal change of each voxel in each trial of a session.

`betas_sessionYY.hdf5` holds `betas`, int16, 300 times the percentage. It was written by MATLAB, X x Y x Z x 750:
its axes come out here as (750, Z, Y, X); the mask, a NIfTI file, has (X, Y, Z). Voxels stand in the order in
which `volume[mask]` gives them from (X, Y, Z): the last axis runs fastest, as in MindEye2.
https://cvnlab.slite.page/p/6CusMRYfk0
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import read_only
from replay.nsd.presentations import TRIALS

__all__ = ["SCALE", "read_mask", "read_session"]

SCALE = 300
"""The integers are so many times the percent signal change."""

_AT_ONCE = 32  # trials


def read_mask(path: Path) -> NDArray[np.bool_]:
    """Read which voxels are wanted, (X, Y, Z): those above 0.

    Raises
    ------
    FormatError
        If it is no volume, or holds no voxel.
    """
    try:
        volume = np.asanyarray(nibabel.load(path).dataobj)  # type: ignore[attr-defined]  # NIfTI has one
    except (OSError, EOFError, ImageFileError, ValueError) as error:
        raise FormatError(f"cannot read the mask of voxels {path}: {error}") from None
    if volume.ndim != 3 or not (volume > 0).any():
        raise FormatError(
            f"{path}: expected a volume (X, Y, Z) with voxels above 0, got {volume.shape}: take another"
        )
    return read_only(volume > 0)


def read_session(path: Path, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Read the responses of a session, a few trials at a time.

    Parameters
    ----------
    path
        `betas_sessionYY.hdf5`.
    mask
        (X, Y, Z).

    Returns
    -------
    responses
        (750, n_voxels) float32, percent signal change.

    Raises
    ------
    FormatError
        If the file is damaged or of another form than the mask.
    """
    box = _box(mask)
    inside = mask[box]
    responses = np.empty((TRIALS, int(mask.sum())), np.float32)
    with _opened(path, mask.shape) as betas:
        for first in range(0, TRIALS, _AT_ONCE):
            some = betas[first : first + _AT_ONCE, box[2], box[1], box[0]]
            responses[first : first + _AT_ONCE] = some.transpose(0, 3, 2, 1)[:, inside]
    responses /= SCALE
    return responses


@contextmanager
def _opened(path: Path, shape: tuple[int, ...]) -> Iterator[h5py.Dataset]:
    """Hand out the trials, whose shape and type are checked."""
    try:
        with h5py.File(path, "r") as file:
            betas = file.get("betas")
            expected = (TRIALS, *reversed(shape))
            if not isinstance(betas, h5py.Dataset) or betas.shape != expected or betas.dtype != np.int16:
                got = f"{betas.dtype} {betas.shape}" if isinstance(betas, h5py.Dataset) else "none"
                raise FormatError(
                    f"{path}: expected 'betas' of int16 {expected} as the mask says, got {got}: responses and "
                    "mask are of different people or preparations"
                )
            yield betas
    except OSError as error:
        raise FormatError(f"cannot read the responses {path}: {error}; fetch them again") from None


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The smallest box that holds all voxels of a mask: the rest of the head is not read."""
    edges = [np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    x, y, z = (slice(int(edge[0]), int(edge[-1]) + 1) for edge in edges)
    return x, y, z
