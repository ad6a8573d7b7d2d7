"""A simulated device as a source: as `bci.lsl_source` would hear it, on virtual time, as fast as it is pulled."""

from bci.clock import VirtualClock
from bci.devices import DeviceProfile
from bci.reception import Reception
from bci.roles import Layout
from bci.stream_header import StreamHeader, understand
from bci.types import Batch, StreamSpec
from replay.dialects.speech import EEG, Speech
from replay.scripted_line import ScriptedLine

__all__ = ["ScriptedSource", "understood"]

STEP = 0.1
"""Seconds of virtual time that a pull waits at most, as a session does."""
AFTERWARDS = 2.0
"""Seconds of virtual time for which it is listened to after the last word: what is held is let go by then."""


class ScriptedSource:
    """Implements `bci.source.Source`; ends with what the device sends.

    Parameters
    ----------
    speech
        What the device sends.
    clock
        Moves on as the source is pulled; the device begins now.
    device
        How it is to be understood; None: as it is recognised.
    """

    def __init__(self, speech: Speech, clock: VirtualClock, device: DeviceProfile | None = None) -> None:
        profile, arranged, self.spec = understood(speech, device)
        self._line = ScriptedLine(speech, clock, profile, told=bool(arranged.triggers))
        self._reception = Reception(self._line, self.spec, arranged, clock, profile)
        self._clock = clock
        self._last = clock()  # when something came

    def pull(self, timeout: float, rest: float = 0.0) -> Batch | None:  # noqa: ARG002 (time is virtual)
        """Return what comes next, None when all has come."""
        if self._line.exhausted and self._clock() - self._last >= AFTERWARDS:
            return None
        batch = self._reception.pull(STEP, rest)
        if batch is not None and (batch.chunk is not None or batch.markers):
            self._last = self._clock()
        return batch

    def close(self) -> None:
        """Let go of the device."""
        self._reception.close()


def understood(speech: Speech, device: DeviceProfile | None = None) -> tuple[DeviceProfile, Layout, StreamSpec]:
    """Say how the EEG stream of a device is to be read; see `bci.stream_header.understand`."""
    eeg = speech.outlets[EEG]
    labels, kinds, units = (
        [getattr(channel, part) for channel in eeg.channels] for part in ("label", "kind", "unit")
    )
    header = StreamHeader(eeg.name, eeg.type, eeg.source_id, eeg.sfreq, labels, kinds, units, eeg.reference or "")
    return understand(header, device)
