"""A simulated device on virtual time: what liblsl would hand over, without it and without waiting.

Everything behind the line (`bci.reception`) is what runs live.
"""

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.clock import VirtualClock
from bci.devices import GENERIC, DeviceProfile
from bci.sightings import Sightings
from bci.types import Marker
from replay.dialects.speech import EEG, Push, Speech, Turn

__all__ = ["ScriptedLine"]

RECONNECT = 1.0  # s that liblsl needs to find a sender that was started again; what it sent before is lost


class ScriptedLine:
    """Implements `bci.reception.Line`.

    Parameters
    ----------
    speech
        What the device sends.
    clock
        Moves on as the line is listened to; the device begins now.
    device
        How it is to be understood; its own marker streams are treated as `bci.marker_streams` does.
    told
        Whether samples tell of its triggers.
    """

    def __init__(
        self, speech: Speech, clock: VirtualClock, device: DeviceProfile = GENERIC, *, told: bool = False
    ) -> None:
        self.gone = ""
        self._pushes = speech.pushes()
        self._next = next(self._pushes, None)
        self._names = tuple(outlet.name for outlet in speech.outlets)
        self._words = {number for number, outlet in enumerate(speech.outlets) if not outlet.sfreq}
        self._own = {number for number in self._words if device.sends_markers(self._names[number])}
        self._late = device.delay.seconds
        self._told = told
        self._sfreq = speech.outlets[EEG].sfreq
        self._nothing = np.zeros((0, len(speech.outlets[EEG].channels)), np.float32)
        self._clock = clock
        self._start = clock()
        self._markers: deque[Marker] = deque()
        self._alive = set(range(len(speech.outlets)))
        self._sightings = Sightings((self._names[number] for number in self._words), self._start)
        self._deaf_until = -np.inf

    @property
    def exhausted(self) -> bool:
        """Whether nothing will ever come again."""
        return self._next is None and not self._markers

    def receive(self, timeout: float, rest: float = 0.0) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Move on to the next rows, and return them with all others that are there by then."""
        awake = self._clock() + rest
        limit = end = awake + timeout
        came: list[Push] = []
        while self._next is not None and self._start + self._next.at <= limit:
            push, self._next = self._next, next(self._pushes, None)
            self._clock.now = max(self._clock.now, self._start + push.at)
            if isinstance(push, Turn):
                self._turn(push, self._clock.now)
            if isinstance(push, Push) and self._comes(push):
                came.append(push)
                limit = max(awake, self._clock.now)
        if not came:
            self._clock.now = max(self._clock.now, end)
            return self._nothing, np.zeros(0)
        stamps = np.concatenate([push.stamps(self._sfreq) for push in came])
        return np.concatenate([np.asarray(push.content) for push in came]), stamps + self._start

    def heard(self) -> list[Marker]:
        """Return the markers that have come."""
        heard = list(self._markers)
        self._markers.clear()
        return heard

    def troubles(self) -> list[str]:
        """Say which marker streams are dead."""
        now = self._clock()
        self._sightings.see((self._names[number] for number in self._words & self._alive), now)
        return self._sightings.missed(now)

    def close(self) -> None:
        """Nothing more comes."""
        self._next = None

    def _comes(self, push: Push) -> bool:
        """Take one push in; say whether it brought rows."""
        now = self._clock()
        if now < self._deaf_until or push.outlet not in self._alive:
            return False
        own = push.outlet in self._own
        if isinstance(push.content, str) and not (own and self._told):
            stamp = self._start + push.stamp - (self._late if own else 0.0)
            self._markers.append(Marker(stamp, push.content, self._names[push.outlet], now))
        return push.outlet == EEG

    def _turn(self, turn: Turn, now: float) -> None:
        if turn.dies:
            self._alive -= set(turn.outlets)
        else:
            self._alive |= set(turn.outlets)
            self._deaf_until = now + RECONNECT
