"""The bank: what the decoder ranks against, as raw vision vectors with the key of how they were made."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError, MismatchError
from bci.ranking import unit
from bci.specs import Frozen
from bci.storage import load_tensors, save_tensors
from bci.types import read_only

__all__ = ["Bank", "BankKey", "load_bank", "normalise", "save_bank"]


class BankKey(Frozen):
    """Every choice that decides what the vectors mean; two banks are comparable only if all are equal."""

    vision_model: str
    layer: str = "final"
    pooling: str = "none"
    transform: str = "none"
    normalisation: Literal["none", "unit", "centred-unit"] = "none"
    """What is done to vectors after loading and before projecting; the file always holds raw vectors."""
    weights: str
    """Hash of the vision model's weights, or of the vectors where the weights are unknown."""


@dataclass(frozen=True)
class Bank:
    """Concepts as vectors.

    Parameters
    ----------
    names
        Concept names, each once.
    prototypes
        (N, D) float32, raw: one per concept.
    key
        How the vectors were made.
    categories
        One per concept, or empty.
    images, owner
        (M, D) float32 raw picture vectors and (M,) int64 index of their concept, or None.
    map
        (N, 2) float32 positions for a picture of the bank, or None.
    """

    names: tuple[str, ...]
    prototypes: NDArray[np.float32]
    key: BankKey
    categories: tuple[str, ...] = ()
    images: NDArray[np.float32] | None = None
    owner: NDArray[np.int64] | None = None
    map: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.prototypes.ndim != 2 or not np.isfinite(self.prototypes).all():
            raise FormatError(
                f"expected finite prototypes (N, D), got {self.prototypes.shape}, or NaN or infinity"
            )
        if len(self.names) != len(self.prototypes) or len(set(self.names)) != len(self.names):
            raise FormatError(
                f"expected one name for each of {len(self.prototypes)} prototypes, each once; "
                f"got {len(self.names)} names, {len(set(self.names))} of them different"
            )
        if (self.images is None) != (self.owner is None):
            raise FormatError("a bank has picture vectors and their owners, or neither")

    @cached_property
    def id(self) -> str:
        """First 8 hex digits of the SHA-256 of names, prototypes and key."""
        digest = hashlib.sha256("\0".join(self.names).encode())
        digest.update(np.ascontiguousarray(self.prototypes, np.float32).tobytes())
        digest.update(self.key.model_dump_json().encode())
        return digest.hexdigest()[:8]

    def select(self, names: tuple[str, ...]) -> "Bank":
        """Return the bank of some of the concepts, in the order given.

        Raises
        ------
        MismatchError
            If the bank lacks one of them.
        """
        index = {name: i for i, name in enumerate(self.names)}
        if missing := [name for name in names if name not in index]:
            raise MismatchError(f"the bank of {len(self.names)} concepts lacks {', '.join(missing[:5])}")
        rows = np.array([index[name] for name in names], np.int64)
        chosen = replace(
            self,
            names=names,
            prototypes=self.prototypes[rows],
            categories=tuple(self.categories[row] for row in rows) if self.categories else (),
            images=None,
            owner=None,
            map=None if self.map is None else self.map[rows],
        )
        if self.images is None or self.owner is None:
            return chosen
        position = np.full(len(self.names), -1)
        position[rows] = np.arange(len(rows))
        kept = np.flatnonzero(position[self.owner] >= 0)
        return replace(chosen, images=self.images[kept], owner=position[self.owner[kept]])


def normalise(vectors: NDArray[np.float32], how: str, centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply `BankKey.normalisation` to raw vectors (..., D).

    Parameters
    ----------
    centre
        (D,) mean of the unit-norm prototypes, used by `centred-unit` alone.
    """
    if how == "none":
        return vectors
    vectors = unit(vectors)
    return vectors if how == "unit" else unit(vectors - centre)


def save_bank(path: Path, bank: Bank) -> None:
    """Write a bank as `NAME.safetensors`."""
    optional = {"images": bank.images, "owner": bank.owner, "map": bank.map}
    tensors: dict[str, NDArray[Any]] = {"prototypes": bank.prototypes}
    tensors |= {name: array for name, array in optional.items() if array is not None}
    header = {"names": bank.names, "categories": bank.categories, "key": bank.key.model_dump(mode="json")}
    save_tensors(path, tensors, header)


def load_bank(path: Path) -> Bank:
    """Read a bank.

    Raises
    ------
    FormatError
        If the file is damaged, no bank, or of a higher schema.
    """
    tensors, header = load_tensors(path)
    try:
        return Bank(
            names=tuple(header["names"]),
            prototypes=read_only(tensors["prototypes"].astype(np.float32)),
            key=BankKey.model_validate(header["key"]),
            categories=tuple(header["categories"]),
            images=tensors.get("images"),
            owner=tensors.get("owner"),
            map=tensors.get("map"),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise FormatError(f"{path} is no bank: {error}") from None
