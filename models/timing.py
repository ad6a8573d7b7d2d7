"""Timing several things side by side, so that all of them meet the same machine."""

import time
from collections.abc import Callable

__all__ = ["in_turn"]


def in_turn(
    *runs: Callable[[], object], rounds: int, seconds: float = 0.0, warm_ups: int = 1
) -> list[list[float]]:
    """Run each of them in turn, again and again.

    Parameters
    ----------
    rounds, seconds
        For at least so many rounds, and so long.
    warm_ups
        Rounds that are not timed.

    Returns
    -------
    taken
        Seconds, of each run in each round.
    """
    for run in runs * warm_ups:
        run()
    taken: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken[0]) < rounds:
        for run, times in zip(runs, taken, strict=True):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    return taken
