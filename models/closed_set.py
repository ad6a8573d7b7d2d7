"""Classifiers as decoders: they score the concepts that they were trained on, whatever their vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import ConfigError, MismatchError
from models.bundle import Bundle
from models.numpy_decoder import arrays
from models.training_set import TrainingSet

__all__ = ["Classes", "columns", "shown"]


@dataclass(frozen=True, slots=True)
class Classes:
    """What the trials of a training set showed.

    Parameters
    ----------
    rows
        (K,) int64 rows of the bank, ascending.
    codes
        (n,) int64 index into `rows` of each trial.
    """

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Trials of each class, (K,)."""
        return np.bincount(self.codes, minlength=len(self))

    @property
    def indicator(self) -> NDArray[np.float64]:
        """(n, K), 1 where a trial is of a class."""
        return np.asarray(self.codes[:, None] == np.arange(len(self)), np.float64)


def shown(data: TrainingSet) -> Classes:
    """Return the classes of a training set.

    Raises
    ------
    ConfigError
        If there is only one, or one with a single trial.
    """
    rows, codes = np.unique(data.rows, return_inverse=True)
    classes = Classes(rows, codes)
    if len(classes) < 2 or classes.counts.min() < 2:
        name = data.bank.names[rows[np.argmin(classes.counts)]]
        raise ConfigError(
            f"a classifier needs at least two concepts with two trials each; got {len(classes)}, of {name!r} "
            f"{classes.counts.min()} trials"
        )
    return classes


def columns(bundle: Bundle, bank: Bank) -> NDArray[np.intp]:
    """Return for each concept of a bank which of the trained classes it is, (N,).

    Raises
    ------
    MismatchError
        If the bank has a concept that the classifier was not trained on.
    """
    (classes,) = arrays(bundle, "classes")
    trained = [bundle.bank.names[row] for row in classes]
    if missing := [name for name in bank.names if name not in trained]:
        raise MismatchError(
            f"{bundle.config.decoder.name} is a classifier of {', '.join(trained[:5])}"
            f"{', ...' if len(trained) > 5 else ''}; the bank has {missing[0]!r} as well: give a bank of these "
            "concepts alone, or train a decoder that maps to vectors"
        )
    return np.array([trained.index(name) for name in bank.names], np.intp)
