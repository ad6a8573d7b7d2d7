"""What each pair of a session has decided, and what it comes to: a record outlives its pair."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from bci.above_chance import AboveChance
from bci.decided import Decided, DecisionTable, together
from bci.pair import Pair
from bci.randomisation import Randomisation
from bci.stopping import Stops
from bci.stretches import Stretch
from bci.tally import totals
from bci.types import Decision, DecoderSpec, Epoch

__all__ = ["Records", "Told"]

LATEST = 50
"""Decisions that are kept whole."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the pair that came last has decided, and the session's evidence against chance.

    Parameters
    ----------
    recent
        Its latest decisions, oldest first.
    decided
        All of its decisions, as columns.
    e_value, above_chance
        See `bci.above_chance`; None and False where the order of concepts is not declared.
    """

    recent: tuple[Decision, ...]
    decided: Decided
    e_value: float | None
    above_chance: bool


class Records:
    """Keeps the decisions of a session; for any thread.

    Parameters
    ----------
    first
        Who decides from the beginning on.
    paradigm
        What is declared about the order of concepts; None where nothing is.
    """

    def __init__(self, first: Pair, paradigm: Randomisation | None = None) -> None:
        self._lock = threading.Lock()
        self._records: list[_Record] = []
        self._record_of: WeakKeyDictionary[Pair, _Record] = WeakKeyDictionary()
        self._excluded: tuple[Stretch, ...] = ()
        self._concepts = first.decoder.spec.concepts
        self._above_chance = None if paradigm is None else AboveChance(paradigm, len(self._concepts))
        self._bets_on = True
        self.open(first)

    def open(self, pair: Pair) -> int:
        """Begin the record of a pair; return the number of the first decision that may be its own."""
        with self._lock:
            first = sum(len(record.table) for record in self._records)
            self._record_of[pair] = record = _Record(pair.decoder.spec, _stops(pair), pair.mismatch)
            for stretch in self._excluded:
                record.table.exclude(stretch)
            self._records.append(record)
        return first

    def add(self, decision: Decision, pair: Pair) -> None:
        """Take in what a pair has decided."""
        with self._lock:
            record = self._record_of[pair]
            record.table.add(decision)
            record.stops.add(decision)
            record.latest.append(decision)
            # after a miss, the order is not known for other concepts than those that it was declared for
            self._bets_on &= pair.decoder.spec.concepts == self._concepts
            if self._above_chance is not None and self._bets_on:
                self._above_chance.add(decision)

    def pass_over(self, epoch: Epoch) -> None:
        """Take in what was shown and does not count: it tells of the order all the same."""
        if self._above_chance is not None:
            with self._lock:
                self._above_chance.pass_over(epoch)

    def exclude(self, stretch: Stretch) -> None:
        """Leave a stretch out of accepted-only figures, of every pair."""
        with self._lock:
            self._excluded = (*self._excluded, stretch)
            for record in self._records:
                record.table.exclude(stretch)

    @property
    def excluded(self) -> tuple[Stretch, ...]:
        """What was excluded."""
        return self._excluded

    def told(self) -> Told:
        """Say how things stand."""
        with self._lock:
            record, evidence = self._records[-1], self._above_chance
            value, said = (None, False) if evidence is None else (evidence.value, evidence.said)
            return Told(tuple(record.latest), record.table.view(), value, said)

    def summary(self) -> dict[str, Any]:
        """Sum all decisions up; where several decoders made them, each one's beside."""
        told = self.told()
        evidence = {
            "e_value": told.e_value,
            "above_chance": None if told.e_value is None else told.above_chance,
        }
        wrong = next((record.mismatch for record in self._records if record.mismatch), None)
        return _summed_up(self._records) | evidence | {"mismatch": wrong}


@dataclass(frozen=True, slots=True)
class _Record:
    """The decisions of one pair, the latest of them whole."""

    decoder: DecoderSpec
    stops: Stops
    mismatch: str | None
    table: DecisionTable = field(default_factory=DecisionTable)
    latest: deque[Decision] = field(default_factory=lambda: deque(maxlen=LATEST))

    def summary(self) -> dict[str, Any]:
        spec = self.decoder
        ids = {"model": spec.model, "bank": spec.bank, "calibration": spec.calibration}
        figures = totals(self.table.view(), len(spec.concepts))
        return ids | figures | {"groups": self.stops.figures()}


def _stops(pair: Pair) -> Stops:
    return Stops(None if pair.accumulation is None else pair.accumulation.rule)


def _summed_up(records: Sequence[_Record]) -> dict[str, Any]:
    each = [record.summary() for record in records]
    if len(each) == 1:
        return each[0]
    whole = totals(*together([(record.table.view(), record.decoder.concepts) for record in records]))
    whole.pop("auc", None)  # scores of two decoders have no order in common
    return whole | {"decoders": each}
