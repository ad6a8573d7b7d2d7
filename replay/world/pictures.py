"""Concepts and pictures as vectors: clusters of clusters, standing in for the features of a vision network.

A concept vector is drawn round the centre of its category, a picture vector round its concept. All three spread
along the same principal axes, whose variances fall off as those of vision features do; a rotation hides the axes.
The prototype of a concept is its own vector, what the mean of endlessly many of its pictures would be.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, BankKey
from bci.errors import ConfigError, MismatchError
from bci.types import read_only
from replay.world.spec import PictureSpec

__all__ = ["CATEGORIES", "Pictures", "draw_pictures", "picture_vectors"]

Array = NDArray[np.float64]

CATEGORIES = (
    *("brunk", "cleff", "drom", "fosk", "glint", "hirf", "jopp", "krell", "lurn", "mivet", "narb", "oxel"),
    *("plimp", "quib", "rasp", "snool", "trusk", "ulm", "vorp", "wesk", "yarl", "zintle", "bladd", "crimmock"),
    *("dwelf", "frand", "gropple", "huzz", "kiffin", "lobbet", "mung", "prindle"),
)
"""Invented words: a concept is called by its category and a number, so that nobody takes it for a real one."""

_STREAM = 1  # of random numbers: each part of a world has its own


@dataclass(frozen=True, slots=True)
class Pictures:
    """All pictures of a world.

    Parameters
    ----------
    train, test
        The two banks, pictures included.
    axes
        (dim, dim) float64, orthonormal columns: the principal axes, strongest first.
    variances
        (dim,) float64, variance of concepts along the axes; they sum to 1.
    scatter
        Standard deviation of pictures round their concept, as a multiple of that of concepts.
    """

    train: Bank
    test: Bank
    axes: Array
    variances: Array
    scatter: float

    @property
    def within(self) -> Array:
        """(dim, dim) covariance of pictures round their concept."""
        covariance: Array = self.scatter**2 * (self.axes * self.variances) @ self.axes.T
        return covariance


def draw_pictures(spec: PictureSpec, seed: int) -> Pictures:
    """Draw concepts and pictures; both banks have the same key, for they live in the same space.

    Raises
    ------
    ConfigError
        If there are more categories than invented words.
    """
    if spec.categories > len(CATEGORIES):
        raise ConfigError(
            f"pictures.categories: expected at most {len(CATEGORIES)}, the number of invented category names, "
            f"got {spec.categories}"
        )
    rng = np.random.default_rng((seed, _STREAM))
    variances: Array = np.arange(1.0, spec.dim + 1) ** -spec.decay
    variances /= variances.sum()
    axes = np.linalg.qr(rng.standard_normal((spec.dim, spec.dim)))[0].astype(np.float64)

    def spread(n: int) -> Array:
        vectors: Array = (rng.standard_normal((n, spec.dim)) * np.sqrt(variances)) @ axes.T
        return vectors

    unseen = spec.test == "unseen-concepts"
    n_concepts = spec.train_concepts + spec.test_concepts * unseen
    category = np.arange(n_concepts) % spec.categories
    centres = spread(spec.categories) * np.sqrt(spec.category_share)
    concepts = centres[category] + spread(n_concepts) * np.sqrt(1 - spec.category_share)
    names = _names(category)
    recipe = hashlib.sha256(f"{seed} {spec.model_dump_json(exclude_none=True)}".encode()).hexdigest()
    key = BankKey(vision_model="synthetic world", layer="none", normalisation="unit", weights=recipe[:16])

    def bank(rows: slice, each: int) -> Bank:
        vectors = concepts[rows]
        owner = np.repeat(np.arange(len(vectors)), each)
        images = vectors[owner] + spread(len(owner)) * spec.scatter
        return Bank(
            names=names[rows],
            prototypes=read_only(vectors.astype(np.float32)),
            key=key,
            categories=tuple(CATEGORIES[c] for c in category[rows]),
            images=read_only(images.astype(np.float32)),
            owner=read_only(owner),
        )

    train = bank(slice(0, spec.train_concepts), spec.pictures)
    test = bank(slice(n_concepts - spec.test_concepts, n_concepts), spec.test_pictures or spec.pictures)
    return Pictures(train, test, axes, variances, spec.scatter)


def picture_vectors(bank: Bank) -> NDArray[np.float32]:
    """Return the pictures of a bank, (n_pictures, dim).

    Raises
    ------
    MismatchError
        If it has prototypes alone.
    """
    if bank.images is None:
        raise MismatchError(f"expected a bank with pictures, got {len(bank.names)} prototypes alone")
    return bank.images


def _names(category: NDArray[np.int64]) -> tuple[str, ...]:
    """Name each concept by its category and its number within it: `quib-07`."""
    count = dict.fromkeys(CATEGORIES, 0)
    names = []
    for index in category:
        word = CATEGORIES[index]
        count[word] += 1
        names.append(f"{word}-{count[word]:02d}")
    return tuple(names)
