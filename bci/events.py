"""From markers to events: which marker makes one, and what it says was shown.

Nothing is guessed: a trigger whose label does not come is an event without a truth, and says so.
"""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

from bci.specs import EventSpec
from bci.types import Flag, Marker, Status

__all__ = ["CONTROL_PREFIX", "END_MARKER", "Event", "EventBuilder"]

CONTROL_PREFIX = "bci:"
"""Markers with this prefix steer a session and never make an event."""

END_MARKER = "bci:end"
"""The sender says that nothing more will come."""

_MEMORY = 4096  # labels and triggers remembered: bounded on any input
_KINDS = 256  # kinds of markers of which the latest times are known, to tell which are told twice
_TIMES = 64  # of each kind


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was shown: when, what, what is to be said against it, and which presentation it repeats."""

    marker: Marker
    truth: int | None
    flags: tuple[Flag, ...] = ()
    group: str | None = None


@dataclass(slots=True)
class EventBuilder:
    """An `EventSpec` at work.

    Parameters
    ----------
    spec
        Which markers count.
    concepts
        Names that a truth can have.
    tolerance
        Two equal markers of one source closer than this are one, told twice; seconds.
    """

    spec: EventSpec
    concepts: Sequence[str]
    tolerance: float
    ignored: int = 0
    _index: dict[str, int] = field(init=False)
    _lock: re.Pattern[str] = field(init=False)
    _group: re.Pattern[str] | None = field(init=False)
    _told: dict[tuple[str, str], deque[float]] = field(init=False, default_factory=dict)  # latest kind last
    _labels: deque[Marker] = field(init=False, default_factory=lambda: deque(maxlen=_MEMORY))
    _triggers: deque[float] = field(init=False, default_factory=lambda: deque(maxlen=_MEMORY))

    def __post_init__(self) -> None:
        self._index = {name: i for i, name in enumerate(self.concepts)}
        self._lock = re.compile("|".join(f"(?:{pattern})" for pattern in self.spec.lock))
        self._group = None if self.spec.group is None else re.compile(self.spec.group)

    def feed(self, markers: Iterable[Marker]) -> list[Event]:
        """Return the events that the markers make, in the order in which they came."""
        return [event for marker in markers if (event := self._event(marker)) is not None]

    def label(self, event: Event) -> Event:
        """Complete an event whose label comes from another source, once its window is over."""
        if self.spec.label_from is None or event.flags:
            return event
        label = self._nearest_label(event.marker.time)
        if label is None:
            reason = f"no label from {self.spec.label_from} within {self.spec.pair_within:g} s"
            return replace(event, flags=(Flag(Status.OK, reason),))
        self._labels.remove(label)
        self.ignored -= 1
        arrived = max(event.marker.arrived, label.arrived)
        return self._read(replace(event.marker, value=label.value, arrived=arrived))

    def truth(self, value: str) -> int | None:
        """Return the index of the concept that a marker's value stands for, None if it stands for none."""
        return self._index.get(self.spec.concepts.get(value, value))

    def _read(self, marker: Marker, flags: tuple[Flag, ...] = ()) -> Event:
        """Make the event that a marker's value tells of."""
        match = None if self._group is None else self._group.fullmatch(marker.value)
        parts = {} if match is None else match.groupdict()
        return Event(marker, self.truth(parts.get("concept") or marker.value), flags, parts.get("group") or None)

    def _event(self, marker: Marker) -> Event | None:
        if marker.value.startswith(CONTROL_PREFIX):
            return None
        if self.spec.label_from is not None and marker.source == self.spec.label_from:
            if marker.value not in self.spec.ignore:
                self._labels.append(marker)
            self.ignored += 1  # until it is paired
            return None
        if not self._makes_event(marker):
            self.ignored += 1
            return None
        if not isfinite(marker.time):
            flag = Flag(Status.GAP, f"the marker's time is {marker.time}")
            return self._read(replace(marker, time=marker.arrived), (flag,))
        if self._told_before(marker):
            return Event(marker, None, (Flag(Status.DROPPED, "duplicate marker"),))
        return self._new(marker)

    def _new(self, marker: Marker) -> Event:
        if self.spec.label_from is not None:
            self._triggers.append(marker.time)
            return Event(marker, None)
        return self._read(marker)

    def _makes_event(self, marker: Marker) -> bool:
        if self.spec.time_from is not None and marker.source != self.spec.time_from:
            return False
        return marker.value not in self.spec.ignore and self._lock.fullmatch(marker.value) is not None

    def _told_before(self, marker: Marker) -> bool:
        """Say whether the same was told of the same time; if not, remember it."""
        kind = (marker.value, marker.source)
        times = self._told.pop(kind, None) or deque(maxlen=_TIMES)
        self._told[kind] = times
        if any(abs(marker.time - time) < self.tolerance for time in times):
            return True
        times.append(marker.time)
        if len(self._told) > _KINDS:
            del self._told[next(iter(self._told))]
        return False

    def _nearest_label(self, time: float) -> Marker | None:
        """Return the label that belongs to the trigger at `time` and to no other one."""

        def distance(label: Marker) -> float:
            return abs(label.time - time)

        near = [label for label in self._labels if distance(label) <= self.spec.pair_within]
        if not near:
            return None
        best = min(near, key=distance)
        rival = any(abs(best.time - other) < distance(best) for other in self._triggers if other != time)
        return None if rival else best
