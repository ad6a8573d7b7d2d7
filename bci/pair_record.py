"""What each pair of a session has decided: it outlives the pair."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bci.decided import DecisionTable, together
from bci.pair import Pair
from bci.stopping import Stops
from bci.tally import totals
from bci.types import Decision, DecoderSpec

__all__ = ["Record", "record_of", "summed_up"]

LATEST = 50
"""Decisions that are kept whole."""


@dataclass(frozen=True, slots=True)
class Record:
    """The decisions of one pair.

    Parameters
    ----------
    latest
        Its latest decisions, oldest first.
    """

    decoder: DecoderSpec
    table: DecisionTable
    stops: Stops
    latest: deque[Decision]

    def told(self) -> dict[str, Any]:
        """Sum it up."""
        spec = self.decoder
        ids = {"model": spec.model, "bank": spec.bank, "calibration": spec.calibration}
        figures = totals(self.table.view(), len(spec.concepts))
        return ids | figures | {"groups": self.stops.figures()}


def record_of(pair: Pair) -> Record:
    """Return the empty record of a pair."""
    rule = None if pair.accumulation is None else pair.accumulation.rule
    return Record(pair.decoder.spec, DecisionTable(), Stops(rule), deque(maxlen=LATEST))


def summed_up(records: Sequence[Record]) -> dict[str, Any]:
    """Sum all decisions up; where several decoders made them, each one's beside."""
    each = [record.told() for record in records]
    if len(each) == 1:
        return each[0]
    whole = totals(*together([(record.table.view(), record.decoder.concepts) for record in records]))
    whole.pop("auc", None)  # scores of two decoders have no order in common
    return whole | {"decoders": each}
