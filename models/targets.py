"""Targets: the concepts of an experiment as vectors, from a bank that `bci embed` wrote or from cached names."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, BankKey, load_bank
from bci.config import expand
from bci.errors import ConfigError, FormatError, MismatchError
from bci.nearest import nearest
from bci.ranking import unit
from bci.types import read_only
from models.config import TargetConfig, Vocabulary

__all__ = ["class_bank", "load_target_bank", "text_bank"]


def class_bank(names: tuple[str, ...]) -> Bank:
    """Make a bank of concepts that have no vectors: each is a direction of its own.

    Raises
    ------
    ConfigError
        If there are fewer than two names.
    """
    if len(names) < 2:
        raise ConfigError(
            'targets.kind = "classes" needs events.concepts, which names the concept of every marker; got '
            f"{len(names)} names"
        )
    return Bank(names, np.eye(len(names), dtype=np.float32), BankKey(vision_model="classes", weights="none"))


def load_target_bank(path: str, trained: Bank | None = None) -> Bank:
    """Load a bank that `bci embed` wrote.

    Parameters
    ----------
    path
        Its file; environment variables as in `${BCI_REAL_DATA}` are filled in.
    trained
        The bank of the training concepts, if this is the one of others that are ranked in the test.

    Raises
    ------
    FormatError
        If there is none, or it is damaged.
    MismatchError
        If its vectors mean something else than those of the training bank.
    """
    bank = load_bank(Path(expand(path)))
    if trained is not None and (differing := trained.key.differences(bank.key)):
        raise MismatchError(f"{path} does not fit the training bank: {differing}; embed both the same way")
    return bank


def text_bank(targets: TargetConfig) -> Bank:
    """Make the bank of an experiment whose concepts are averaged name embeddings.

    A name is searched in the vocabularies in their order; its vector is scaled to unit norm, and the vectors of a
    concept's names are averaged. The bank holds these means; `normalisation` is applied when it is used.

    Parameters
    ----------
    targets
        Vocabularies, and which names make which concept.

    Raises
    ------
    ConfigError
        If a name is in no vocabulary (naming the nearest), or there is no concept.
    FormatError
        If a vocabulary cannot be read.
    """
    if not targets.concepts or not targets.vocabularies:
        raise ConfigError("targets of kind 'text' need at least one vocabulary and one concept with its names")
    if empty := [concept for concept, names in targets.concepts.items() if not names]:
        raise ConfigError(
            f"targets.concepts: expected at least one name for every concept, got none for {empty[0]!r}"
        )
    wanted = {name for names in targets.concepts.values() for name in names}
    vectors = _find(wanted, targets.vocabularies)
    prototypes = np.stack([_mean_vector(names, vectors) for names in targets.concepts.values()])
    key = BankKey(
        vision_model=targets.model,
        layer="text",
        pooling="mean of unit vectors of names",
        normalisation=targets.normalisation,
        weights=_digest(targets.vocabularies),
        kind="text",
    )
    return Bank(tuple(targets.concepts), read_only(prototypes), key)


def _mean_vector(names: Sequence[str], vectors: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    mean = np.mean([vectors[name] for name in names], axis=0, dtype=np.float64)
    return np.asarray(mean, np.float32)


def _find(wanted: set[str], vocabularies: Sequence[Vocabulary]) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    known: list[str] = []
    for names, rows in _read_all(vocabularies):
        known += names
        index = {name: i for i, name in enumerate(names)}
        for name in wanted - found.keys() & index.keys():
            found[name] = unit(rows[index[name]].astype(np.float32))
    for name in sorted(wanted - found.keys()):
        raise ConfigError(f"no vocabulary has the name {name!r}; the nearest one is {nearest(name, known)!r}")
    return found


def _read_all(vocabularies: Sequence[Vocabulary]) -> Iterator[tuple[list[str], NDArray[np.generic]]]:
    for vocabulary in vocabularies:
        yield _read(Path(expand(vocabulary.names)), Path(expand(vocabulary.vectors)))


def _read(names_file: Path, vectors_file: Path) -> tuple[list[str], NDArray[np.generic]]:
    try:
        names = json.loads(names_file.read_text(encoding="utf-8"))
        vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FormatError(f"cannot read the vocabulary {vectors_file} with {names_file.name}: {error}") from None
    if not isinstance(vectors, np.ndarray) or vectors.dtype.kind != "f":
        raise FormatError(f"{vectors_file}: expected one array of floating-point numbers (n, D)")
    if not isinstance(names, list) or vectors.ndim != 2 or len(names) != len(vectors):
        given = f"{len(names)} entries" if isinstance(names, list) else f"a {type(names).__name__}"
        raise FormatError(
            f"expected one name for each row of {vectors_file}, got an array of shape {vectors.shape} and "
            f"{names_file.name} with {given}"
        )
    return [str(name) for name in names], vectors


def _digest(vocabularies: Sequence[Vocabulary]) -> str:
    """Hash of the embeddings, which stands for the weights that made them."""
    digest = hashlib.sha256()
    for vocabulary in vocabularies:
        digest.update(Path(expand(vocabulary.vectors)).read_bytes())
    return digest.hexdigest()
