"""Whose turn it is to paint: signals in every frame, of the others at most one, the one that is most overdue.

So no frame has to bear two slow panes, and the decoder never waits for more than one of them.
"""

from collections.abc import Callable, Iterable, Mapping

__all__ = ["Turns"]

EVERY_FRAME = 30.0
"""Panes with at least so many refreshes a second are painted in every frame."""


class Turns:
    """Hands out turns.

    Parameters
    ----------
    rates
        Refreshes a second that each pane wants, by its name.
    """

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._rates = dict(rates)
        self._last = dict.fromkeys(rates, float("-inf"))

    def due(self, now: float, seen: Callable[[str], bool]) -> list[str]:
        """Return whose turn it is.

        Parameters
        ----------
        now
            Seconds.
        seen
            Tells whether a pane can be seen; others get no turn.
        """
        fast = [name for name, rate in self._rates.items() if rate >= EVERY_FRAME and seen(name)]
        late = {name: self._overdue(name, now) for name, rate in self._rates.items() if rate < EVERY_FRAME}
        slow = max((name for name in late if late[name] >= 0 and seen(name)), key=late.__getitem__, default=None)
        turn = fast if slow is None else [*fast, slow]
        self._last.update(dict.fromkeys(turn, now))
        return turn

    def hurry(self, names: Iterable[str]) -> None:
        """Let panes have a turn as soon as can be."""
        self._last.update(dict.fromkeys(names, float("-inf")))

    def _overdue(self, name: str, now: float) -> float:
        """Periods by which a pane is late; negative while it is not."""
        return (now - self._last[name]) * self._rates[name] - 1.0
