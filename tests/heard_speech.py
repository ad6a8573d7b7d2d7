"""What a receiver makes of a simulated device, on virtual time: as `bci.lsl_source`, without the LSL between."""

from dataclasses import dataclass

import numpy as np

from bci.devices import Delay
from bci.intake import Intake
from bci.types import Batch, Marker
from replay.scripted_source import understood

T0 = 5000.0


@dataclass
class Heard:
    """All that came of a speech."""

    device: object
    spec: object
    batches: list

    @property
    def chunks(self):
        return [batch.chunk for batch in self.batches if batch.chunk is not None]

    @property
    def data(self):
        return np.concatenate([chunk.data for chunk in self.chunks])

    @property
    def times(self):
        """Seconds after the beginning."""
        return np.concatenate([chunk.times for chunk in self.chunks]) - T0

    @property
    def gaps(self):
        """Sample (missing ones not counted) and how many are missing before it."""
        found, first = [], 0
        for chunk in self.chunks:
            found += [(first, chunk.gap_before)] if chunk.gap_before else []
            first += len(chunk.data)
        return found

    @property
    def markers(self):
        """Each with the nearest sample that came."""
        return self._placed(lambda _: True)

    def markers_from(self, source):
        return self._placed(lambda marker: marker.source == source)

    def _placed(self, wanted):
        times = self.times + T0
        told = [marker for batch in self.batches for marker in batch.markers if wanted(marker)]
        return sorted((int(np.argmin(np.abs(times - marker.time))), marker.value) for marker in told)


def hear(speech, delay=None, profile=None):
    """Listen to all of a device; `delay` is what its profile takes its stamps to be late."""
    device = profile or understood(speech)[0]
    if delay is not None:
        device = device.model_copy(update={"delay": Delay(seconds=delay)})
    device, arranged, spec = understood(speech, device)
    intake = Intake(spec, arranged, device)
    told = bool(arranged.triggers)
    batches = []
    for push in speech.pushes():
        outlet = speech.outlets[push.outlet]
        own = device.sends_markers(outlet.name)
        if push.outlet == 0:
            behind = np.arange(len(push.content))[::-1] / spec.sfreq
            batches += intake.feed(push.content, T0 + push.stamp - behind, T0 + push.at)
        elif isinstance(push.content, str) and not (own and told):
            late = device.delay.seconds if own else 0.0
            marker = Marker(T0 + push.stamp - late, push.content, outlet.name, T0 + push.at)
            batches.append(Batch(None, (marker,)))
    batches += intake.flush(T0 + speech.seconds)
    return Heard(device, spec, batches)
