"""Which picture of the Natural Scenes Dataset a person saw in which trials: `nsd_stim_info_merged.csv`.

The table has a row for each of the 73,000 pictures, by `nsdId` from 0 on. `subject1_rep0` to `subject8_rep2` hold
the number of the trial in which somebody saw it, counted from 1 over all sessions of 750 trials; 0 if never.
"""

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import read_only

__all__ = ["REPETITIONS", "TRIALS", "Presentations", "read_presentations"]

TRIALS = 750
"""Trials of a session."""

REPETITIONS = 3
"""How often a picture was planned to be shown to one person."""


@dataclass(frozen=True, slots=True)
class Presentations:
    """The pictures that one person saw.

    Parameters
    ----------
    pictures
        (n,) int64 `nsdId`, ascending.
    trials
        (n, 3) int64 number of the trial, counted from 0 over all sessions; -1 where it was not shown.
    """

    pictures: NDArray[np.int64]
    trials: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pictures)

    def during(self, session: int, repetition: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which pictures were shown for the n-th time in a session, and in which of its trials.

        Both are (m,) int64: places in `pictures`; trials count from 0 within the session, sessions from 1.
        """
        within = self.trials[:, repetition] - (session - 1) * TRIALS
        shown = np.flatnonzero((within >= 0) & (within < TRIALS) & (self.trials[:, repetition] >= 0))
        return shown, within[shown]


def read_presentations(path: Path, subject: int, sessions: Collection[int]) -> Presentations:
    """Read which pictures a person saw in some of the sessions.

    Raises
    ------
    FormatError
        If the table is missing, has other columns or numbers, or tells of no picture in these sessions.
    """
    rows = [(picture, trials) for picture, trials in _rows(path, subject) if _any_in(trials, sessions)]
    if not rows:
        raise FormatError(
            f"{path}: expected pictures that person {subject} saw in sessions {min(sessions)} to {max(sessions)}, "
            "got none: name other sessions"
        )
    pictures = np.array([picture for picture, _ in rows], np.int64)
    trials = np.array([numbers for _, numbers in rows], np.int64) - 1
    trials[~np.isin(trials // TRIALS + 1, list(sessions))] = -1
    order = np.argsort(pictures)
    _check(path, pictures[order], trials[trials >= 0])
    return Presentations(read_only(pictures[order]), read_only(trials[order]))


def _rows(path: Path, subject: int) -> Iterator[tuple[int, list[int]]]:
    """Yield `nsdId` and the numbers of the trials of each picture, as they stand there."""
    columns = [f"subject{subject}_rep{repetition}" for repetition in range(REPETITIONS)]
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in ("nsdId", *columns) if name not in (reader.fieldnames or ())]:
                raise FormatError(f"{path}: expected the column {missing[0]}, found none: fetch the table again")
            for row in reader:
                yield int(row["nsdId"]), [int(float(row[name])) for name in columns]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"cannot read the table of pictures {path}: {error}") from None
    except (ValueError, TypeError):
        raise FormatError(
            f"{path}: expected whole numbers of pictures and trials: fetch the table again"
        ) from None


def _any_in(trials: list[int], sessions: Collection[int]) -> bool:
    return any(trial > 0 and (trial - 1) // TRIALS + 1 in sessions for trial in trials)


def _check(path: Path, pictures: NDArray[np.int64], trials: NDArray[np.int64]) -> None:
    for what, numbers in (("picture", pictures), ("trial", trials)):
        if len(np.unique(numbers)) != len(numbers):
            raise FormatError(f"{path}: expected every {what} once, got one twice: fetch the table again")
