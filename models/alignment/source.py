"""Where the pairs of an alignment come from: a folder that `bci align data` wrote, or SYNTHETIC ones made anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from models.alignment.config import AlignmentConfig
from models.alignment.pairs import Pairs

__all__ = ["CONCEPTS", "MARKERS", "Opened", "open_source"]

CONCEPTS = "eeg_concepts"
"""Fact of pairs: name of the concept that each EEG picture shows."""
MARKERS = "eeg_markers"
"""Fact of pairs: which concept each marker of the EEG stands for, those of pictures without a pair among them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Pairs, and what is known of them beside.

    Parameters
    ----------
    concepts
        Name of the concept of each EEG picture; empty if nobody says.
    oracle
        (n,) ranks of the linear oracle in the test part, for SYNTHETIC pairs that are judged.
    """

    pairs: Pairs
    concepts: tuple[str, ...]
    oracle: NDArray[np.int64] | None = None


def open_source(config: AlignmentConfig, folder: Path | None, *, judged: bool = False) -> Opened:
    """Open the pairs of a config.

    Parameters
    ----------
    folder
        Written by `bci align data`; None for a config that makes synthetic pairs.
    judged
        Whether the oracle of synthetic pairs is wanted.

    Raises
    ------
    ConfigError
        If there are neither, or both.
    FormatError
        If the folder holds no whole pairs.
    """
    if (folder is None) == (config.known_signal is None):
        wanted = "--data FOLDER, pairs that bci align data wrote" if folder is None else "no --data"
        why = "reads its pairs" if folder is None else "makes its own, SYNTHETIC pairs"
        raise ConfigError(f"expected {wanted}: the config {config.name!r} {why}")
    if folder is not None:
        from models.alignment.store import open_pairs  # noqa: PLC0415 (lmdb, an extra)

        pairs = open_pairs(folder)
        return Opened(pairs, _names(pairs.facts.get(CONCEPTS, ())))
    return _synthetic(config, judged=judged)


def _names(told: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(str, told))


def _synthetic(config: AlignmentConfig, *, judged: bool) -> Opened:
    from models.alignment.synthetic import synthetic_pairs  # noqa: PLC0415 (scipy)

    assert config.known_signal is not None  # noqa: S101 (the caller looked)
    world = synthetic_pairs(config.known_signal)
    if not judged:
        return Opened(world.pairs, world.concepts)
    from models.alignment.oracle import oracle_ranks  # noqa: PLC0415 (scikit-learn)

    return Opened(world.pairs, world.concepts, oracle_ranks(world))
