"""What lies between electrodes: thin-plate splines on a flat head, as one matrix for all that is to come.

Duchon (1977), doi:10.1007/BFb0086566; on maps of the scalp: Perrin, Pernier, Bertrand, Giard & Echallier (1987),
doi:10.1016/0013-4694(87)90141-6.
"""

import numpy as np
from numpy.typing import NDArray

from bci.types import read_only

__all__ = ["FEWEST", "grid", "spline_matrix"]

FEWEST = 4
"""Electrodes that it takes: three define a plane, which is no map."""

_RIDGE = 1e-6  # electrodes that lie on each other share their value

Floats = NDArray[np.float64]


def grid(size: int, radius: float) -> Floats:
    """Return the centres of `size` x `size` cells of the square that holds a head of that radius.

    Returns
    -------
    (size * size, 2) float64
        To the right and to the front; row by row, from the front left to the back right.
    """
    centres = ((np.arange(size) + 0.5) / size * 2 - 1) * radius
    return np.stack([np.tile(centres, size), np.repeat(-centres, size)], 1)


def spline_matrix(positions: NDArray[np.floating], wanted: Floats) -> NDArray[np.float32] | None:
    """Return the matrix that turns values at electrodes into values at other places.

    Parameters
    ----------
    positions
        (n, 2) of the electrodes.
    wanted
        (m, 2).

    Returns
    -------
    (m, n) float32, read-only
        None if there are fewer than `FEWEST` electrodes, or all lie on one line.
    """
    places = positions.astype(np.float64)
    n = len(places)
    if n < FEWEST or np.linalg.matrix_rank(places - places.mean(axis=0), tol=1e-3) < 2:
        return None
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _thin_plate(places, places) + _RIDGE * np.eye(n)
    system[:n, n:] = _plane(places)
    system[n:, :n] = _plane(places).T
    targets = np.concatenate([_thin_plate(wanted, places), _plane(wanted)], axis=1)
    weights = np.linalg.solve(system, targets.T).T[:, :n]  # the system is symmetric
    return read_only(weights.astype(np.float32))


def _thin_plate(to: Floats, centres: Floats) -> Floats:
    squared = ((to[:, None] - centres) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, np.finfo(float).tiny)), np.float64)


def _plane(places: Floats) -> Floats:
    return np.concatenate([np.ones((len(places), 1)), places], axis=1)
