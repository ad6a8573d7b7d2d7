"""Banks of three kinds: the very pictures that were shown, the mean picture of each concept, and names.

High accuracy on exact pictures is retrieval of an image by low-level vision, that on templates is of a concept;
the two are never one number.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, BankKey
from bci.errors import ConfigError
from bci.ranking import unit
from bci.types import read_only
from models.vision.pca import Pca

__all__ = ["Kind", "make_bank"]

Kind = Literal["image", "template", "text"]


def make_bank(
    names: Sequence[str],
    vectors: NDArray[np.float32],
    owner: NDArray[np.int64],
    key: BankKey,
    pca: Pca | None = None,
) -> Bank:
    """Make a bank of embedded pictures or names.

    The prototype of a concept is its one picture or name (kinds `image` and `text`), or the mean over its pictures
    (`template`); of their unit vectors, unless the bank's normalisation is `none`.

    Parameters
    ----------
    names
        (N,) concepts.
    vectors
        (M, V, D) float32 as embedded: V views kept apart.
    owner
        (M,) concept of each, ascending.
    key
        How they were made, and the kind of bank.
    pca
        What they are projected by.

    Raises
    ------
    ConfigError
        If the kind is `image` and a concept has several pictures.
    """
    counts = np.bincount(owner, minlength=len(names))
    if key.kind != "template" and (counts != 1).any():
        crowded = names[int(np.argmax(counts))]
        raise ConfigError(
            f"a gallery of exact pictures has one for each concept, got {counts.max()} of {crowded!r}: "
            "make --kind template, or lay the pictures in one flat folder"
        )
    if pca is not None:
        vectors, key = pca(vectors), key.model_copy(update={"pca": pca.id})
    averaged = unit(vectors) if key.normalisation != "none" and pca is None else vectors
    sums = np.zeros((len(names), *vectors.shape[1:]))
    np.add.at(sums, owner, averaged)
    means = (sums / counts[:, None, None]).astype(np.float32)
    flat = vectors.reshape(len(vectors), -1)
    prototypes = means.reshape(len(names), -1) if key.kind == "template" else flat
    pictures = key.kind != "text"
    return Bank(
        names=tuple(names),
        prototypes=read_only(prototypes),
        key=key,
        images=read_only(flat) if pictures else None,
        owner=read_only(owner) if pictures else None,
    )
