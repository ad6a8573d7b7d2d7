"""A device speaks: what `replay.dialects` says it sends goes out over LSL, each push at its time."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bci.clock import Clock, lsl_clock
from bci.errors import StreamError
from bci.events import END_MARKER
from replay.dialects.speech import EEG, MARKERS, OutletSpec, Push, Speech, Turn

__all__ = ["open_outlet", "speak"]

TOLD = 0.1  # s between two words on how far it is


def speak(
    speech: Speech,
    *,
    speed: float = 1.0,
    order: str = "",
    wait: float = 60.0,
    linger: float = 10.0,
    stop_after: float | None = None,
    tell: Callable[[str, float, float], None] = lambda *_: None,
    clock: Clock = lsl_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send all of it, and return when its consumers have left; LSL must have been configured.

    Parameters
    ----------
    speed, wait, linger, stop_after
        See `replay.device.DeviceOptions`.
    order
        Of the samples, where it is not that in which they were recorded.
    tell
        See `replay.device.Progress`.
    clock, sleep
        Seconds on the LSL clock, and how to wait.

    Raises
    ------
    StreamError
        If nobody listens to EEG and markers within `wait` seconds.
    """
    outlets = _Outlets(speech.outlets, speed, order)
    tell("waiting", 0.0, speech.seconds)
    _await(outlets, speech, wait)
    t0, told = clock(), 0.0
    for push in speech.pushes():
        if stop_after is not None and push.at > stop_after:
            return
        if (early := t0 + push.at / speed - clock()) > 0:
            sleep(early)
        outlets.send(push, t0)
        if clock() - told > TOLD:
            told = clock()
            tell("playing", push.at, speech.seconds)
    outlets.send(Push(MARKERS, speech.seconds, speech.seconds, END_MARKER), t0)
    tell("lingering", speech.seconds, speech.seconds)
    _linger(outlets, linger, clock, sleep)


class _Outlets:
    """The outlets of a device that are alive."""

    def __init__(self, specs: Sequence[OutletSpec], speed: float, order: str) -> None:
        self._specs = specs
        self._speed = speed
        self._order = order
        self._alive: dict[int, Any] = {}
        self._open(range(len(specs)))

    def send(self, push: Push | Turn, t0: float) -> None:
        """Send at stamps after `t0`; what is for an outlet that is dead is lost."""
        if isinstance(push, Turn):
            self._turn(push)
        elif (outlet := self._alive.get(push.outlet)) is None:
            return
        elif isinstance(push.content, str):
            outlet.push_sample([push.content], t0 + push.stamp)
        elif push.each is None:
            outlet.push_chunk(push.content, t0 + push.stamp)
        else:
            outlet.push_chunk(push.content, (push.each + t0).tolist())

    def wait_for_consumer(self, number: int, seconds: float) -> bool:
        """Wait until somebody listens to an outlet; say whether anybody does."""
        return bool(self._alive[number].wait_for_consumers(max(0.0, seconds)))

    @property
    def listened_to(self) -> bool:
        """Whether anybody listens to the EEG."""
        return EEG in self._alive and bool(self._alive[EEG].have_consumers())

    def _turn(self, turn: Turn) -> None:
        if not turn.dies:
            self._open(turn.outlets)
            return
        for number in turn.outlets:
            self._alive.pop(number, None)

    def _open(self, numbers: Iterable[int]) -> None:
        for number in sorted(numbers, reverse=True):  # EEG last: whoever sees it sees all others too
            self._alive[number] = open_outlet(self._specs[number], self._speed, self._order)


def _await(outlets: _Outlets, speech: Speech, wait: float) -> None:
    end = time.monotonic() + wait
    for number in (MARKERS, EEG):
        if wait and not outlets.wait_for_consumer(number, end - time.monotonic()):
            raise StreamError(
                f"expected a consumer of {speech.outlets[number].name} within {wait:g} s, nobody came: start "
                "`bci live` in another terminal, or wait longer with --wait"
            )


def _linger(outlets: _Outlets, seconds: float, clock: Clock, sleep: Callable[[float], None]) -> None:
    """Outlets that close at once take with them what is still on its way."""
    end = clock() + seconds
    while outlets.listened_to and clock() < end:
        sleep(0.05)


def open_outlet(spec: OutletSpec, speed: float, order: str = "") -> Any:
    """Open an outlet, a `pylsl.StreamOutlet`, that announces itself so."""
    from pylsl import StreamInfo, StreamOutlet, cf_float32, cf_string  # noqa: PLC0415

    form = cf_float32 if spec.sfreq else cf_string
    info = StreamInfo(spec.name, spec.type, len(spec.channels), spec.sfreq, form, spec.source_id)
    channels = info.desc().append_child("channels")
    for channel in spec.channels:
        node = channels.append_child("channel")
        node.append_child_value("label", channel.label)
        node.append_child_value("unit", channel.unit)
        node.append_child_value("type", channel.kind)
    if spec.reference:
        info.desc().append_child("reference").append_child_value("label", spec.reference)
    replayed = info.desc().append_child("replay")
    replayed.append_child_value("speed", f"{speed:g}")
    if order:
        replayed.append_child_value("order", order)
    return StreamOutlet(info)
