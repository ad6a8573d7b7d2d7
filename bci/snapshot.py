"""How a session stands: what a dashboard or a terminal reads, without a lock held."""

import math
from dataclasses import dataclass

from bci.decided import Decided
from bci.stretches import Stretch
from bci.types import Decision, SourceState

__all__ = ["Snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a session stands: the latest, never a backlog.

    Parameters
    ----------
    state, reason
        What the source is doing, and why; the reason is empty if there is nothing to be said. While samples flow
        it is `degraded` where any part of the session suffers.
    samples
        Samples received, missing ones counted.
    waiting
        Events whose window is not complete.
    ignored_markers
        Markers that made no event.
    recent
        The latest decisions, oldest first.
    decided
        All decisions, as columns.
    e_value, above_chance
        Evidence against chance that may be watched, see `bci.eprocess`, and whether it has sufficed; None and
        False where the order of concepts is not declared.
    missing
        Samples that never came, by gaps.
    mask
        Channels of the decoder that are made up from the others.
    pauses, excluded
        Stretches in which the operator paused, the last one infinite while it lasts, and which they excluded.
    paused_events
        Events in pauses, on which nothing was decided.
    """

    state: SourceState
    samples: int
    waiting: int
    ignored_markers: int
    recent: tuple[Decision, ...]
    decided: Decided
    e_value: float | None = None
    above_chance: bool = False
    missing: int = 0
    mask: tuple[str, ...] = ()
    reason: str = ""
    pauses: tuple[Stretch, ...] = ()
    excluded: tuple[Stretch, ...] = ()
    paused_events: int = 0

    @property
    def paused(self) -> bool:
        """Whether a pause is on."""
        return bool(self.pauses) and math.isinf(self.pauses[-1][1])
