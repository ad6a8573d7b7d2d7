"""What became of every marker of a simulated device that dies and comes back: each has a number.

The script of the device tells how often a marker was sent, and in which of its lives; who listens tells how often
it came, and what became of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replay.dialects.speech import MARKERS, Push, Turn

__all__ = ["Account", "Alive", "account", "lives", "number_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the markers of a device.

    Parameters
    ----------
    sent
        How many were sent, what was told twice counted twice.
    away
        Of these how many the session could not hear: sent after the sender had started again and before its stream
        was found again, or just before it died.
    astray
        How many were sent to a session that listened, and did not come.
    undecided
        How many came and had no decision.
    longest_away
        Seconds of stream from when the sender was there again until the first of its markers was heard, at most.
    """

    sent: int
    away: int
    astray: int
    undecided: int
    longest_away: float


@dataclass(frozen=True, slots=True, eq=False)
class Alive:
    """A stretch in which the sender lived, and the markers that it sent.

    Parameters
    ----------
    born
        Seconds of stream: when it began.
    numbers, times
        (n,) of each marker its number, and when it was sent, in seconds of stream.
    """

    born: float
    numbers: Ints
    times: Floats


def lives(told: Iterable[Push | Turn]) -> list[Alive]:
    """Sort the numbered markers of a device by the lives in which it sent them; see `replay.device.script`."""
    born: list[float] = [0.0]
    sent: list[list[tuple[int, float]]] = [[]]
    for each in told:
        if isinstance(each, Turn):
            if not each.dies:
                born.append(each.at)
                sent.append([])
        elif each.outlet == MARKERS and (number := number_of(each.content)) is not None:
            sent[-1].append((number, each.at))
    return [
        Alive(at, np.array([number for number, _ in own], np.int64), np.array([when for _, when in own], float))
        for at, own in zip(born, sent, strict=True)
    ]


def account(alive: Sequence[Alive], heard: Ints, decided: Ints) -> Account:
    """Say what became of every marker of a device.

    Parameters
    ----------
    alive
        The markers that it sent.
    heard, decided
        (n_markers,) how often each came, and how many decisions it had.
    """
    sent = np.concatenate([each.numbers for each in alive])
    missed = np.maximum(np.bincount(sent, minlength=len(heard)) - heard, 0)
    away = {number for i, each in enumerate(alive) for number in _away(each, missed, i > 0, i < len(alive) - 1)}
    n_away = int(missed[sorted(away)].sum())
    return Account(
        sent=len(sent),
        away=n_away,
        astray=int(missed.sum()) - n_away,
        undecided=int(np.maximum(heard - decided, 0).sum()),
        longest_away=max((_until_heard(each, missed) for each in alive[1:]), default=0.0),
    )


def _away(alive: Alive, missed: Ints, came_back: bool, died: bool) -> list[int]:
    """Return the numbers of those that nobody could hear: the first until one came, the last since one came."""
    unheard = missed[alive.numbers] > 0
    first, last = (np.logical_and.accumulate(each) for each in (unheard, unheard[::-1]))
    away: list[int] = alive.numbers[(first & came_back) | (last[::-1] & died)].tolist()
    return away


def _until_heard(alive: Alive, missed: Ints) -> float:
    """Return how long after its beginning the first marker of a life was heard; the whole life if none was."""
    heard = alive.times[missed[alive.numbers] == 0]
    return float(heard[0] if len(heard) else max(alive.times, default=alive.born)) - alive.born


def number_of(value: object) -> int | None:
    """Return the number that a marker begins with, None if it has none."""
    number = str(value).partition("/")[0]
    return int(number) if number.isdecimal() else None
