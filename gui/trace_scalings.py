"""How large signals are drawn: for each kind of channel, units from lane to lane in steps of 1, 2 and 5. No Qt."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.types import Channel
from gui.scales import round_up

__all__ = ["Scalings"]

UNKNOWN = 100.0
"""Units from lane to lane until a signal was seen."""
BULK, MARGIN = 0.75, 1.5
"""Lanes are higher, by this factor, than this part of the channels needs: a few loud ones reach beyond."""


class Scalings:
    """Units from lane to lane of each kind of channel.

    Parameters
    ----------
    channels
        Of the stream.

    Attributes
    ----------
    kinds
        (n_kinds,) kind and unit of channels that share a scale, in the order of their first channels.
    of
        (n_channels,) int64, number of each channel's kind.
    units
        (n_kinds,) float64 units from lane to lane.
    """

    def __init__(self, channels: Sequence[Channel]) -> None:
        kinds = [(channel.kind, channel.unit) for channel in channels]
        self.kinds = tuple(dict.fromkeys(kinds))
        self.of = np.array([self.kinds.index(kind) for kind in kinds], np.int64)
        self.units = np.full(len(self.kinds), UNKNOWN)
        self._known = [False] * len(self.kinds)

    @property
    def known(self) -> bool:
        """Whether every kind was fitted to its signals, or set."""
        return all(self._known)

    def set(self, units: float, kind: int | None = None) -> None:
        """Set the units from lane to lane of one kind, or of all."""
        for index in range(len(self.kinds)) if kind is None else (kind,):
            self.units[index], self._known[index] = units, True

    def step(self, direction: int, kind: int | None = None) -> None:
        """Draw one kind, or all, a step larger (1) or smaller (-1)."""
        for index in range(len(self.kinds)) if kind is None else (kind,):
            units = float(self.units[index])
            self.set(round_up(units / 2.6 if direction > 0 else units * 1.1), index)

    def fit(self, spread: NDArray[np.float32], *, anew: bool) -> bool:
        """Fit kinds to their signals.

        Parameters
        ----------
        spread
            (n_channels,) how far each channel leaves its centre; 0 where it does not, or must not count.
        anew
            Whether those are fitted too that are known.

        Returns
        -------
        changed
            Whether there was a signal to fit any of them to.
        """
        changed = False
        for kind, known in enumerate(self._known):
            there = spread[(self.of == kind) & (spread > 0)]
            if len(there) and (anew or not known):
                self.set(round_up(MARGIN * float(np.quantile(there, BULK))), kind)
                changed = True
        return changed
