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
from bci.specs import EventSpec, Frozen, Normalisation
from bci.storage import load_tensors, save_tensors
from bci.types import read_only

__all__ = ["Bank", "BankKey", "load_bank", "normalise", "numbered", "save_bank"]


class BankKey(Frozen):
    """Every choice that decides what the vectors mean; see `differences` for which banks can be compared."""

    vision_model: str
    layer: str = "final"
    pooling: str = "none"
    transform: str = "none"
    """What was done to pictures before they were embedded, seed included."""
    normalisation: Normalisation = "none"
    """What is done to vectors after loading and before projecting; the file always holds raw vectors."""
    weights: str
    """Hash of the vision model's weights, or of the vectors where the weights are unknown."""
    kind: Literal["image", "template", "text"] = "template"
    """What a concept's prototype is: the picture that was shown, the mean over its pictures, or its name."""
    views: int = 1
    """Vectors of so many views of a picture stand side by side, each normalised by itself: D = views x dim."""
    preprocess: str = ""
    """How a picture becomes the network's input: resolution, crop, interpolation, mean and sd of the colours."""
    precision: Literal["fp32", "fp16", "bf16"] = "fp32"
    """What the vision model computed in; vectors are float32 all the same."""
    pca: str = ""
    """Number of principal components kept, and the hash of the PCA; empty without one."""
    templates: tuple[str, ...] = ()
    """Prompts that a name was put into, `{}` standing for it."""

    def differences(self, other: "BankKey") -> str:
        """Say in which fields another key differs; empty if vectors of both can be compared.

        `kind` and `templates` may differ: they say which gallery is ranked, not in which space.
        """
        gallery = {"kind", "templates"}
        mine, theirs = self.model_dump(exclude=gallery), other.model_dump(exclude=gallery)
        differing = [name for name in mine if mine[name] != theirs[name]]
        return "; ".join(f"{name}: expected {mine[name]!r}, got {theirs[name]!r}" for name in differing)


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
        if self.key.views < 1 or self.prototypes.shape[1] % self.key.views:
            raise FormatError(
                f"expected vectors of {self.key.views} views side by side, got length {self.prototypes.shape[1]}"
            )
        if (self.images is None) != (self.owner is None):
            raise FormatError("a bank has picture vectors and their owners, or neither")

    @cached_property
    def id(self) -> str:
        """First 8 hex digits of the SHA-256 of names, prototypes and key."""
        digest = hashlib.sha256("\0".join(self.names).encode())
        digest.update(np.ascontiguousarray(self.prototypes, np.float32).tobytes())
        # without defaults, so that a bank keeps its id when the key gets a further field
        digest.update(self.key.model_dump_json(exclude_defaults=True).encode())
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


def normalise(
    vectors: NDArray[np.float32], how: str, centre: NDArray[np.float32], views: int = 1
) -> NDArray[np.float32]:
    """Apply `BankKey.normalisation` to raw vectors (..., D), to each of their views by itself.

    Parameters
    ----------
    centre
        (D,) mean of the prototypes, each view of them at unit norm; used by `centred-unit` alone.
    """
    if how == "none":
        return vectors
    split = unit(vectors.reshape(*vectors.shape[:-1], views, -1))
    if how == "centred-unit":
        split = unit(split - centre.reshape(views, -1))
    return split.reshape(vectors.shape)


def numbered(events: EventSpec, bank: Bank) -> EventSpec:
    """Fill in which concept each number of a picture stands for, if markers are such numbers.

    A bank without pictures leaves the events as they are: then they have no truth.
    """
    if events.pictures_from is None or bank.owner is None:
        return events
    told = {str(number): bank.names[owner] for number, owner in enumerate(bank.owner, events.pictures_from)}
    return events.model_copy(update={"concepts": told | events.concepts})


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
