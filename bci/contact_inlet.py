"""The stream in which a headset tells of its electrodes, read beside its EEG; there may be none, or only later."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bci.clock import Clock
from bci.contact_quality import ContactQuality, read_contact
from bci.devices import DeviceProfile
from bci.discovery import FoundStream, Lookout

__all__ = ["ContactInlet"]

BUFFER = 10  # s that liblsl keeps for us
LOOK_ROUND = 2.0  # s between two looks for the stream
LATE_DETAILS = 0.5  # s for which it may hold up the EEG when it comes
STALE = 5.0  # s after which the latest report says nothing any more


class ContactInlet:
    """Listens without waiting.

    Parameters
    ----------
    device
        Says what the stream is called.
    eeg
        The stream beside it: that of another computer is of another headset.
    clock
        Clock of arrivals.
    """

    def __init__(self, device: DeviceProfile, eeg: FoundStream, clock: Clock) -> None:
        self._device = device
        self._eeg = eeg
        self._clock = clock
        self._lookout = Lookout() if device.contact_quality else None
        self._looked = clock()
        self._inlet: Any = None
        self._labels: tuple[str, ...] = ()
        self._latest: ContactQuality | None = None
        self._heard = 0.0

    @property
    def latest(self) -> ContactQuality | None:
        """The latest report, None if there is none or it is older than five seconds."""
        return self._latest if self._clock() - self._heard <= STALE else None

    def listen(self) -> tuple[str, ...]:
        """Read what has come; say what is wrong."""
        if self._inlet is not None:
            self._drain()
        elif self._lookout is not None and self._clock() - self._looked > LOOK_ROUND:
            self._looked = self._clock()
            self._meet(self._lookout.in_sight)
        return () if self.latest is None else self.latest.reasons

    def close(self) -> None:
        """Stop listening."""
        if self._inlet is not None:
            self._inlet.close_stream()
        self._inlet = self._lookout = None

    def _meet(self, found: Sequence[FoundStream]) -> None:
        """Listen to the only stream that fits: of two, nobody knows which headset is meant."""
        fits = [stream for stream in found if self._fits(stream)]
        if len(fits) == 1:
            with suppress(RuntimeError):  # it is asked again at the next look
                self._open(fits[0])

    def _fits(self, stream: FoundStream) -> bool:
        return self._device.sends_contact_quality(stream.name) and stream.host == self._eeg.host

    def _open(self, stream: FoundStream) -> None:
        from pylsl import StreamInlet  # noqa: PLC0415

        inlet: Any = StreamInlet(stream.handle, max_buflen=BUFFER)
        labels = inlet.info(LATE_DETAILS).get_channel_labels() or []
        inlet.open_stream(LATE_DETAILS)
        self._labels = tuple(label or "" for label in labels)
        self._inlet = inlet

    def _drain(self) -> None:
        with suppress(RuntimeError):  # lost: the latest report will be stale soon
            rows, stamps = self._inlet.pull_chunk(0.0, max_samples=64, as_numpy=True)
            if len(stamps) and rows.shape[1] == len(self._labels):
                self._latest, self._heard = read_contact(self._labels, rows[-1].tolist()), self._clock()
