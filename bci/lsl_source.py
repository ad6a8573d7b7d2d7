"""EEG and markers from the Lab Streaming Layer (https://labstreaminglayer.org), ready to be decoded.

One thread pulls: it blocks until the first new sample, takes what else is there, fits times, and reads the markers
without waiting. Stamps are set on this computer's clock, and not smoothed: liblsl's dejittering hides gaps.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.clock import Clock, lsl_clock
from bci.clock_offset import ClockOffset
from bci.contact_inlet import ContactInlet
from bci.contact_quality import ContactQuality
from bci.devices import DeviceProfile
from bci.discovery import FoundStream, Lookout, choose, marker_streams
from bci.errors import StreamError
from bci.marker_streams import MarkerStreams
from bci.reception import Reception
from bci.roles import Layout
from bci.stream_header import StreamHeader, understand
from bci.types import Batch, Marker, StreamSpec

__all__ = ["LslSource"]

BUFFER = 360  # s that liblsl keeps for us; then it drops the oldest samples without a word
DETAILS = 5.0  # s to wait for a stream's description and for its first clock offset


class LslSource:
    """Receives one EEG stream and the marker streams beside it.

    States: see `bci.flow_watch`. A killed sender that starts again under its source id is picked up by itself; a
    backlog comes in full, with true times.

    Parameters
    ----------
    stream
        Name or source id; None: the only stream of type EEG.
    markers
        Names or source ids of the marker streams; None: all streams of type Markers, also those that appear later.
    reference
        Recording reference; None: what the stream says.
    wait
        Seconds to wait for the stream to appear.
    clock
        Clock of arrivals.
    device
        How the stream is to be understood; None: as `bci.devices.recognise` finds by its name and columns.
    hold
        Leave the samples alone until the first `pull`: a sender that waits for a consumer waits on.

    Raises
    ------
    StreamError
        If the stream is not there, several fit, or it cannot be EEG.
    """

    def __init__(
        self,
        stream: str | None = None,
        markers: Sequence[str] | None = None,
        reference: str | None = None,
        wait: float = 5.0,
        clock: Clock = lsl_clock,
        device: DeviceProfile | None = None,
        *,
        hold: bool = False,
    ) -> None:
        look = Lookout()
        found = choose(stream, wait, look)
        events = marker_streams(markers, wait, look)
        inlet = _open(found)
        self.device, arranged, self.spec = _describe(inlet, found, reference, device)
        told = markers is None and bool(arranged.triggers)
        self._markers = MarkerStreams(self.device, markers, clock, told=told)
        self._contact = ContactInlet(self.device, found, clock)
        line = _LslLine(inlet, found, self._markers, self._contact, hold=hold)
        line.subscribe(events)
        self._reception = Reception(line, self.spec, arranged, clock, self.device)

    @property
    def marker_names(self) -> tuple[str, ...]:
        """Names of the marker streams that are read."""
        return self._markers.names

    @property
    def contact(self) -> ContactQuality | None:
        """What the headset says of its electrodes, None if it says nothing."""
        return self._contact.latest

    def pull(self, timeout: float, rest: float = 0.0) -> Batch | None:
        """Wait for samples and read the markers; see `bci.source.Source.pull`.

        Raises
        ------
        StreamError
            If the rate or the range of the values contradicts what the stream declares.
        """
        return self._reception.pull(timeout, rest)

    def close(self) -> None:
        """Close the inlets, EEG first."""
        self._reception.close()


class _LslLine:
    """Implements `bci.reception.Line`: the inlet of the EEG, and those of markers and contact quality."""

    def __init__(
        self, inlet: Any, found: FoundStream, markers: MarkerStreams, contact: ContactInlet, *, hold: bool
    ) -> None:
        self.gone = ""
        self._name = found.name
        self._held = hold
        self._inlet = inlet
        self._offset = ClockOffset(inlet, found.name, found.host)
        self._markers = markers
        self._contact = contact
        self._buffer = np.zeros((max(1024, int(2 * found.sfreq)), found.n_channels), inlet.np_dtype)

    def subscribe(self, events: Sequence[FoundStream]) -> None:
        """Markers first, so that none of them is missed when the sender starts with its last consumer."""
        try:
            self._markers.open(events)
            if not self._held:
                self._inlet.open_stream(DETAILS)
            if not self._offset.measure(DETAILS):
                self._offset.ignore()
                self._markers.ignore_offsets()
        except RuntimeError as error:
            raise self._not_open(error) from None

    def _not_open(self, error: RuntimeError) -> StreamError:
        return StreamError(
            f"{self._name}: expected the stream to open within {DETAILS:g} s: {error} Restart the sender"
        )

    def _let_in(self) -> None:
        """Subscribe to the samples that were left alone so far."""
        self._held = False
        try:
            self._inlet.open_stream(DETAILS)
        except RuntimeError as error:
            raise self._not_open(error) from None

    def receive(self, timeout: float, rest: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Block until one sample is there, then take what else is there: up to what the buffer holds."""
        if rest:
            time.sleep(rest)  # waking up for each sample costs more than a few of them together
        if self._held:
            self._let_in()
        try:
            _, first = self._inlet.pull_chunk(timeout, 1, dest_obj=self._buffer[:1], as_numpy=True)
            if not len(first):
                return self._buffer[:0], first
            room = len(self._buffer) - 1
            _, rest = self._inlet.pull_chunk(0.0, room, dest_obj=self._buffer[1:], as_numpy=True)
        except RuntimeError:  # liblsl's LostError
            self.gone = "the sender has gone, and without a source id it cannot come back: give it one"
            time.sleep(timeout)
            return self._buffer[:0], np.zeros(0)
        self._offset.look()
        stamps = np.concatenate([first, rest]) + self._offset.seconds
        return self._buffer[: len(stamps)].copy(), stamps

    def heard(self) -> list[Marker]:
        """Return the markers that have come."""
        return self._markers.drain()

    def troubles(self) -> list[str]:
        """Say which clocks cannot be compared, which marker streams are dead, what the headset lacks."""
        return [*filter(None, [self._offset.trouble]), *self._markers.troubles(), *self._contact.listen()]

    def close(self) -> None:
        """Close the inlets, EEG first."""
        self._inlet.close_stream()
        self._markers.close()
        self._contact.close()


def _open(found: FoundStream) -> Any:
    from pylsl import StreamInlet, cf_string  # noqa: PLC0415

    if found.handle.channel_format() == cf_string or not found.sfreq:
        raise StreamError(
            f"expected a stream of samples at a fixed rate, got {found}: choose another with --stream"
        )
    return StreamInlet(found.handle, max_buflen=BUFFER)


def _describe(
    inlet: Any, found: FoundStream, reference: str | None, device: DeviceProfile | None
) -> tuple[DeviceProfile, Layout, StreamSpec]:
    """Read what the stream says of itself."""
    try:
        info = inlet.info(DETAILS)
    except RuntimeError as error:
        raise StreamError(
            f"{found.name}: expected its description within {DETAILS:g} s: {error} Restart it"
        ) from None
    nothing = [None] * found.n_channels
    labels, kinds, units = (
        [told or "" for told in read() or nothing]
        for read in (info.get_channel_labels, info.get_channel_types, info.get_channel_units)
    )
    said = info.desc().child("reference").child_value("label")
    order = info.desc().child("replay").child_value("order")
    header = StreamHeader(found.name, found.type, found.source_id, found.sfreq, labels, kinds, units, said, order)
    return understand(header, device, reference)
