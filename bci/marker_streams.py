"""The marker streams beside an EEG stream, also those that come later or come back."""

from collections.abc import Sequence
from contextlib import suppress

from bci.clock import Clock
from bci.devices import DeviceProfile
from bci.discovery import FoundStream, Lookout
from bci.journal import is_journal
from bci.marker_inlet import MarkerInlet
from bci.sightings import Sightings
from bci.types import Marker

__all__ = ["MarkerStreams"]

LOOK_ROUND = 0.5  # s between two looks at the streams in sight
DETAILS = 5.0  # s to wait for a stream's description and for its first clock offset
LATE_DETAILS = 0.5  # s for which a stream that came later may hold up the EEG


class MarkerStreams:
    """Reads them without waiting, and says which are dead.

    A sender that was restarted is subscribed to anew as soon as it is in sight: liblsl by itself sometimes never
    comes back to a stream of events. Streams of the amplifier itself are stamped as late as its samples, and left
    alone if these have told of its triggers already; journals of sessions are left alone always.

    Parameters
    ----------
    device
        How the amplifier is to be understood.
    names
        Names or source ids of the streams that are wanted; None: all.
    told
        Whether samples tell of triggers.
    clock
        Clock of arrivals.
    """

    def __init__(self, device: DeviceProfile, names: Sequence[str] | None, clock: Clock, *, told: bool) -> None:
        self._device = device
        self._only = None if names is None else frozenset(names)
        self._told = told
        self._clock = clock
        self._inlets: dict[str, MarkerInlet] = {}
        self._ignoring = False
        self._lookout: Lookout | None = Lookout("type", "Markers")
        self._looked = clock()
        self._sightings = Sightings((), self._looked)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the streams that are read."""
        return tuple(inlet.name for inlet in self._inlets.values())

    def open(self, found: Sequence[FoundStream]) -> None:
        """Read these from the beginning.

        Raises
        ------
        RuntimeError
            If one does not answer.
        """
        for stream in filter(self._wanted, found):
            inlet = self._inlets[stream.key] = self._inlet(stream)
            inlet.open(DETAILS)
            if not inlet.offset.measure(DETAILS):
                inlet.offset.ignore()
        self._sightings.see(self.names, self._clock())

    def ignore_offsets(self) -> None:
        """Take stamps as they are, also those of streams that come later."""
        self._ignoring = True
        for inlet in self._inlets.values():
            inlet.offset.ignore()

    def drain(self) -> list[Marker]:
        """Return the markers that have come."""
        if self._lookout is not None and self._clock() - self._looked > LOOK_ROUND:
            self._looked = self._clock()
            self._look(self._lookout.in_sight)
        return [marker for inlet in self._inlets.values() for marker in inlet.drain(self._clock)]

    def troubles(self) -> list[str]:
        """Say which streams are dead, and whose clocks cannot be compared with ours."""
        offsets = [trouble for inlet in self._inlets.values() if (trouble := inlet.offset.trouble)]
        return self._sightings.missed(self._clock()) + offsets

    def close(self) -> None:
        """Unsubscribe from all."""
        for inlet in self._inlets.values():
            inlet.close()
        self._lookout = None

    def _look(self, found: Sequence[FoundStream]) -> None:
        for stream in filter(self._wanted, found):
            known = self._inlets.get(stream.key)
            if known is None or known.lost or known.uid != stream.uid:
                self._subscribe(stream, known)
            else:
                self._sightings.see((stream.name,), self._looked)

    def _subscribe(self, stream: FoundStream, before: MarkerInlet | None) -> None:
        """Read a stream from now on; if it does not answer it is asked again at the next look."""
        inlet = self._inlet(stream)
        with suppress(RuntimeError):
            inlet.open(LATE_DETAILS)
            if self._ignoring:
                inlet.offset.ignore()
            if before is not None:
                before.close()
            self._inlets[stream.key] = inlet
            self._sightings.see((stream.name,), self._looked)

    def _wanted(self, stream: FoundStream) -> bool:
        if is_journal(stream.name) or (self._told and self._device.sends_markers(stream.name)):
            return False
        return self._only is None or not self._only.isdisjoint((stream.name, stream.source_id))

    def _inlet(self, stream: FoundStream) -> MarkerInlet:
        own = self._device.sends_markers(stream.name)
        return MarkerInlet(stream, self._device.delay.seconds if own else 0.0, recover=False)
