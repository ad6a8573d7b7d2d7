"""Attaching to a session that decodes elsewhere: its decision stream and its EEG are found over LSL."""

from dataclasses import replace

from bci.announced import CHILDREN, understand
from bci.attached_session import AttachedSession
from bci.clock import Clock
from bci.device_files import known_devices
from bci.devices import GENERIC, Delay
from bci.discovery import FoundStream, Lookout, choose
from bci.errors import StreamError
from bci.lsl_source import LslSource
from bci.marker_inlet import MarkerInlet
from bci.source import Source
from bci.types import Marker
from bci.viewing import About

__all__ = ["attach"]

_DETAILS = 5.0  # s to wait for the description of the decision stream


def attach(name: str | None = None, wait: float = 5.0) -> AttachedSession:
    """Find a session and listen to it; call `start` on what is returned.

    Parameters
    ----------
    name
        Name or source id of its decision stream; None: the only stream of type Decisions.
    wait
        Seconds to wait for the decision stream, and then for the EEG stream that it names.

    Raises
    ------
    StreamError
        If it is not there, several fit, or it does not answer.
    FormatError
        If it does not say what session it is of.
    """
    look = Lookout()
    found = choose(name, wait, look, kind="Decisions")
    if found.type != "Decisions":
        raise StreamError(f"expected a stream of type Decisions, got {found}: name another one")
    lines = _DecisionInlet(found, look)
    try:
        announced = understand(lines.open(), f"attached to {found.name}")
        source, why = _source(announced.about, wait)
        if source is None:
            origin = f"{announced.about.origin}, without traces: {why}"
            announced = replace(announced, about=replace(announced.about, origin=origin))
        return AttachedSession(announced, lines, source)
    except BaseException:
        lines.close()
        raise


def _source(about: About, wait: float) -> tuple[Source | None, str]:
    """The EEG stream that is decoded, or why it is not to be had."""
    stream = about.stream
    device = next((known for known in known_devices() if known.name == stream.device), GENERIC)
    late = device.model_copy(update={"delay": Delay(seconds=stream.delay)})
    try:
        source = LslSource(
            stream.source_id or stream.name, markers=(), reference=stream.reference, wait=wait, device=late
        )
    except StreamError as error:
        return None, str(error)
    if source.spec.labels != stream.labels:
        source.close()
        return None, f"the stream {stream.name!r} in sight has other channels than the session was told"
    return source, ""


class _DecisionInlet:
    """Implements `Lines` over LSL."""

    def __init__(self, found: FoundStream, look: Lookout) -> None:
        self._found = found
        self._inlet = MarkerInlet(found)
        self._sight = look

    def open(self) -> dict[str, str]:
        """Subscribe; return the values under `desc`."""
        try:
            self._inlet.open(_DETAILS)
            info = self._inlet.describe(_DETAILS)
        except RuntimeError as error:
            raise StreamError(
                f"{self._found.name}: expected it to answer within {_DETAILS:g} s: {error} Is its session alive?"
            ) from None
        if not self._inlet.offset.measure(_DETAILS):
            raise StreamError(
                f"{self._found.name}: expected to learn in {_DETAILS:g} s where its clock stands, and its answers "
                "do not come through: does a firewall stop UDP?"
            )
        desc = info.desc()  # which is gone when `info` is
        return {child: desc.child_value(child) for child in CHILDREN}

    def drain(self, clock: Clock) -> list[Marker]:
        return self._inlet.drain(clock)

    def in_sight(self) -> bool:
        same = [stream for stream in self._sight.in_sight if stream.source_id == self._found.source_id]
        if same and all(stream.uid != self._found.uid for stream in same):
            raise StreamError("its stream was opened anew")
        return bool(same)

    def close(self) -> None:
        self._inlet.close()
