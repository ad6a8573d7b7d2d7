"""Pictures that are made of decisions, off their path: a thread of its own, and of what waits only the latest.

A generated picture is for looking at. It comes when it comes, and no decision waits for it: `put` leaves a
decision in a slot of one, where the next one replaces it. Nothing is painted while nobody looks.
"""

import logging
import math
import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bci.clock import Clock
from bci.errors import BciError
from bci.types import Decision, DecoderSpec

__all__ = ["Painted", "Painter", "Painting"]

_LOG = logging.getLogger(__name__)

ATTENTION = 2.0  # s after which who does not look again has looked away


class Painter(Protocol):
    """What makes a picture of an embedding."""

    def paint(self, embedding: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Make a picture (H, W, 3) of `Ranking.embedding` (D,).

        Raises
        ------
        BciError
            If it cannot any more.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Painted:
    """The latest picture.

    Parameters
    ----------
    decision
        What it was made of.
    pixels
        (H, W, 3) uint8, read only.
    seconds
        How long making it took.
    """

    decision: Decision
    pixels: NDArray[np.uint8]
    seconds: float


class Painting:
    """Has a painter paint decisions as they come; a sink (`bci.sinks.Sink`).

    Parameters
    ----------
    painter
        Called on a thread of this object alone; closed at the end.
    model
        Identifier of the decoder whose embeddings it understands: decisions of another one, to which a session may
        be switched, are not painted.
    clock
        Seconds.
    bank
        Identifier of the concepts that it chooses among, if it does: decisions among others are not painted
        either.

    Attributes
    ----------
    latest
        The latest picture; None before the first.
    n_painted, superseded
        Pictures that were made, and decisions that were replaced while they waited.
    """

    def __init__(self, painter: Painter, model: str, clock: Clock, bank: str | None = None) -> None:
        self._painter = painter
        self._model, self._bank = model, bank
        self._clock = clock
        self._looked = -math.inf
        self._waiting: Decision | None = None
        self._wanted = threading.Condition()
        self._over = False
        self.latest: Painted | None = None
        self.n_painted = self.superseded = 0
        self.dropped = 0
        self.trouble = ""
        self._thread = threading.Thread(target=self._run, name="paint", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Say that somebody looks: decisions of the next two seconds are painted."""
        self._looked = self._clock()

    def put(self, decision: Decision) -> None:
        """Leave a decision to be painted, in the place of one that waits; one without a ranking cannot be."""
        if decision.ranking is None or not self._understands(decision.decoder):
            return
        if self._clock() - self._looked > ATTENTION:
            return
        with self._wanted:
            self.superseded += self._waiting is not None
            self._waiting = decision
            self._wanted.notify()

    def close(self) -> None:
        """Paint no more; what still waits stays unpainted."""
        with self._wanted:
            self._over = True
            self._wanted.notify()
        self._thread.join()
        self._painter.close()

    def _understands(self, decoder: DecoderSpec | None) -> bool:
        return decoder is None or (decoder.model == self._model and self._bank in {None, decoder.bank})

    def _run(self) -> None:
        while (decision := self._next()) is not None:
            try:
                self.latest = self._paint(decision)
            except BciError as error:
                self.trouble = "no pictures are made any more"
                _LOG.warning("reconstruction: %s", error)
                return

    def _next(self) -> Decision | None:
        """Wait for a decision; None at the end."""
        with self._wanted:
            self._wanted.wait_for(lambda: self._over or self._waiting is not None)
            decision, self._waiting = self._waiting, None
            return None if self._over else decision

    def _paint(self, decision: Decision) -> Painted:
        assert decision.ranking is not None  # noqa: S101 (`put` takes no other)
        start = self._clock()
        pixels = self._painter.paint(decision.ranking.embedding)
        pixels.flags.writeable = False
        self.n_painted += 1
        return Painted(decision, pixels, self._clock() - start)
