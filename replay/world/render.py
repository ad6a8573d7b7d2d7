"""Pictures of a synthetic world: what a picture vector looks like, so that what is reconstructed has a truth.

The leading principal axes of picture space, which are those that the components of the forward model read, decide
two colours and the direction of a gradient between them, the orientation, fineness and strength of a grating, and
place, size and colour of soft blobs. Each of these follows a mixture of all of the axes, through smooth functions
alone: the same vector gives the same pixels, vectors that are near look alike, and concepts, which lie apart, do
not. Pictures look like nothing in particular, so that nobody takes them for photographs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.types import read_only
from replay.world.pictures import Pictures

__all__ = ["N_NUMBERS", "SIDE", "Renderer", "make_renderer"]

Array = NDArray[np.float64]

SIDE = 224
"""Height and width, pixels."""
BLOBS = 3
COLOURS = 6
"""Numbers that say the two colours of the gradient."""
GRATING = 4
"""Numbers that say the grating: orientation (2, its double angle), fineness, strength."""
PER_BLOB = 6
"""Numbers that say a blob: place (2), size, colour (3)."""
DIRECTION = 2
N_NUMBERS = COLOURS + DIRECTION + GRATING + BLOBS * PER_BLOB
"""That decide a scene."""

_STREAM = 5
_AT_ONCE = 16  # pictures: the grids of one block take some tens of MB


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders the pictures of one world.

    Parameters
    ----------
    mixture
        (N_NUMBERS, dim): what of a picture vector decides each number of a scene; over pictures each number has
        about unit variance.
    """

    mixture: Array

    def scenes(self, vectors: NDArray[np.floating]) -> Array:
        """Return the numbers (n, N_NUMBERS) that decide what pictures (n, dim) look like."""
        scenes: Array = np.asarray(vectors, np.float64) @ self.mixture.T
        return scenes

    def render(self, vectors: NDArray[np.floating], side: int = SIDE) -> NDArray[np.uint8]:
        """Render pictures.

        Parameters
        ----------
        vectors
            (n, dim).
        side
            Height and width in pixels; the scene is the same at any.

        Returns
        -------
        pictures
            (n, side, side, 3) uint8.
        """
        pictures = np.empty((len(vectors), side, side, 3), np.uint8)
        for first in range(0, len(vectors), _AT_ONCE):
            scenes = self.scenes(vectors[first : first + _AT_ONCE])
            pictures[first : first + _AT_ONCE] = np.rint(255 * _painted(scenes, side))
        return pictures


def make_renderer(pictures: Pictures, n_axes: int, seed: int) -> Renderer:
    """Decide how the pictures of a world look.

    Parameters
    ----------
    pictures
        Of the world.
    n_axes
        Leading principal axes that are seen; those that the EEG tells nothing of would be guesswork.
    seed
        Of the mixture.
    """
    rng = np.random.default_rng((seed, _STREAM))
    spread = np.sqrt(pictures.variances[:n_axes] * (1 + pictures.scatter**2))
    mixture = rng.standard_normal((N_NUMBERS, n_axes)) * np.sqrt(pictures.variances[:n_axes])
    mixture /= np.linalg.norm(mixture, axis=1, keepdims=True)
    return Renderer(read_only(mixture / spread @ pictures.axes[:, :n_axes].T))


# ----------------------------------------------------------------------------------------------- scenes to pixels


def _painted(scenes: Array, side: int) -> Array:
    """Return colours (n, side, side, 3), 0 to 1."""
    edges = np.cumsum([COLOURS, DIRECTION, GRATING])
    colours, direction, grating, blobs = np.split(scenes, edges, axis=1)
    x, y = np.meshgrid(*2 * [(np.arange(side) + 0.5) / side * 2 - 1])
    canvas = _gradient(_squash(colours), direction, x, y)
    canvas *= 1 + _grating(grating, x, y)[..., None]
    for blob in np.split(blobs, BLOBS, axis=1):
        cover = _cover(blob[:, :2], blob[:, 2], x, y)[..., None]
        canvas += cover * (_squash(blob[:, 3:])[:, None, None] - canvas)
    return np.clip(canvas, 0, 1)


def _squash(numbers: Array) -> Array:
    """Bring numbers of unit variance to between 0 and 1, evenly enough that all colours occur."""
    squashed: Array = 1 / (1 + np.exp(-1.7 * numbers))
    return squashed


def _gradient(colours: Array, direction: Array, x: Array, y: Array) -> Array:
    """Blend two colours (n, 6) along a direction (n, 2); a short direction blends little."""
    along = direction[:, 0, None, None] * x + direction[:, 1, None, None] * y
    share = _squash(along)[..., None]
    first, second = colours[:, None, None, :3], colours[:, None, None, 3:]
    blended: Array = share * first + (1 - share) * second
    return blended


def _grating(numbers: Array, x: Array, y: Array) -> Array:
    """Return a sinusoid (n, side, side) round 0 that brightens and darkens.

    The first two numbers are the cosine and sine of twice its angle, since a grating that is turned by half a turn
    is the same again; where both vanish it has no direction, and no strength either.
    """
    length = np.hypot(numbers[:, 0], numbers[:, 1])
    angle = np.arctan2(numbers[:, 1], numbers[:, 0]) / 2
    fineness = 2 * np.pi * (1 + _squash(numbers[:, 2]))
    strength = 0.5 * _squash(numbers[:, 3]) * length**2 / (1 + length**2)
    along = np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y
    waves: Array = strength[:, None, None] * np.cos(fineness[:, None, None] * along)
    return waves


def _cover(place: Array, size: Array, x: Array, y: Array) -> Array:
    """Return how far a blob covers what is below it, (n, side, side), 1 at its centre."""
    centre = 1.6 * _squash(place) - 0.8
    radius = 0.15 + 0.35 * _squash(size)
    across, down = x - centre[:, 0, None, None], y - centre[:, 1, None, None]
    cover: Array = np.exp(-(((across**2 + down**2) / radius[:, None, None] ** 2) ** 2))
    return cover
