"""Which streams that were there have been out of sight for long."""

from collections.abc import Iterable, Sequence

__all__ = ["UNSEEN", "Sightings"]

UNSEEN = 10.0
"""Seconds out of sight after which a marker stream is said to be dead."""


class Sightings:
    """When each stream was seen last.

    Parameters
    ----------
    names
        Streams that are in sight.
    now
        Seconds on any clock.
    """

    def __init__(self, names: Iterable[str], now: float) -> None:
        self._seen = dict.fromkeys(names, now)

    def see(self, names: Iterable[str], now: float) -> None:
        """Take note of the streams that are in sight now."""
        self._seen |= dict.fromkeys(names, now)

    def missed(self, now: float) -> list[str]:
        """Say which have been out of sight for ten seconds."""
        gone: Sequence[tuple[str, float]] = [(name, now - seen) for name, seen in self._seen.items()]
        return [f"marker stream {name} is gone for {quiet:.0f} s" for name, quiet in gone if quiet >= UNSEEN]
