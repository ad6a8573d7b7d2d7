"""Two contiguous stretches of events: what is trained on comes before what is tested.

Neighbours in one recording are alike for reasons that are not the picture, see `models.blocks`; of events drawn at
random nearly all would have a neighbour on the other side.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, MismatchError

__all__ = ["DEVELOPMENT", "Parts", "check_apart", "split"]

Ints = NDArray[np.int64]

DEVELOPMENT = (4000, 1000)
"""Events that a development set trains on and tests."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of events, ascending in time.

    Parameters
    ----------
    train, test
        (n,) int64.
    rule
        How they were split, in words.
    """

    train: Ints
    test: Ints
    rule: str

    @property
    def test_share(self) -> float:
        """Share of the events that are tested."""
        return len(self.test) / (len(self.train) + len(self.test))


def split(events: Ints, test_share: float, development: tuple[int, int] | None = None) -> Parts:
    """Split events in time.

    Parameters
    ----------
    events
        (n,) numbers that rise with time, in any order.
    test_share
        Of the events, the last ones.
    development
        Take so many events to train and to test, both out of the training part: the test part stays unseen.

    Raises
    ------
    ConfigError
        If a part would be empty, or there are too few events.
    """
    in_time = np.argsort(events, kind="stable")
    edge = len(events) - round(test_share * len(events))
    if not 0 < edge < len(events):
        raise ConfigError(
            f"expected a test share that leaves some of {len(events)} events on both sides, got {test_share:g}"
        )
    rule = (
        f"in the order of their numbers the first {edge} of {len(events)} events train, the last "
        f"{len(events) - edge} test"
    )
    if development is None:
        return Parts(in_time[:edge], in_time[edge:], f"{rule}; no event is on both sides")
    n_train, n_test = development
    if n_train + n_test > edge:
        raise ConfigError(
            f"expected at least {n_train + n_test} events before those to test, got {edge} of {len(events)}: "
            "leave --development out"
        )
    return Parts(
        in_time[:n_train],
        in_time[n_train : n_train + n_test],
        f"for development, {rule}; of those that train, the first {n_train} train here and the {n_test} after "
        "them test; no event is on both sides, and none of the last ones is seen",
    )


def check_apart(events: Ints, parts: Parts) -> None:
    """Refuse parts that share an event, or of which one begins before the other ends.

    Raises
    ------
    MismatchError
        Naming the numbers.
    """
    train, test = events[parts.train], events[parts.test]
    if train.max() >= test.min():
        raise MismatchError(
            f"the split leaks: event {train.max()} is trained on, event {test.min()} tested; expected all events "
            "that are trained on before those that are tested"
        )
