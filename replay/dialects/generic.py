"""A device whose stream says everything of itself, and a marker program beside it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat

import numpy as np

from bci.types import Recording
from replay.dialects.speech import (
    Device,
    OutletSpec,
    Push,
    Speech,
    blocks,
    in_order,
    marker_outlet,
    seconds_of,
    tell,
)
from replay.told import told_by_triggers

__all__ = ["generic"]

CHUNK = 0.02  # s


def generic(recording: Recording, device: Device) -> Speech:
    """Send all channels as they are; markers that a trigger channel tells are left to it."""
    channels = tuple(replace(channel, kind=channel.kind.upper()) for channel in recording.channels)
    eeg = OutletSpec(device.name, "EEG", device.source_id, recording.sfreq, channels, recording.reference)
    told = told_by_triggers(recording)
    markers = [marker for marker in recording.markers if marker not in told]
    return Speech(
        outlets=(eeg, marker_outlet(device)),
        pushes=lambda: in_order(_samples(recording, device), tell(recording, markers, 1)),
        seconds=seconds_of(recording),
    )


def _samples(recording: Recording, device: Device) -> Iterator[Push]:
    for block in blocks(recording, repeat(device.chunk or max(1, round(CHUNK * recording.sfreq)))):
        data = np.ascontiguousarray(recording.data[block.first : block.stop], np.float32)
        time = block.end + device.delay
        yield Push(0, time, time, data)
