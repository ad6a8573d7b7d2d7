"""A Muse through a bridge such as muselsl: packets of twelve samples whose stamps jump and run backwards.

In recordings of such streams stamps step by up to 33 ms and back by up to 27 ms at the edge of a packet while no
sample is missing; there is no counter, and what is missing was sent in packets.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat

import numpy as np

from bci.types import Channel, Recording
from replay.dialects.speech import (
    Device,
    OutletSpec,
    Push,
    Speech,
    blocks,
    eeg_columns,
    in_order,
    marker_outlet,
    seconds_of,
    tell,
)
from replay.told import told_by_triggers

__all__ = ["JITTER", "PACKET", "muse"]

PACKET = 12
JITTER = 0.015
"""Stamps of a packet are off by up to so many seconds, either way."""
AUX = "Right AUX"


def muse(recording: Recording, device: Device) -> Speech:
    """Send the electrodes and `Right AUX`, flat if the recording has none; all markers as strings."""
    aux = [i for i, channel in enumerate(recording.channels) if channel.kind == "aux"][:1]
    columns = eeg_columns(recording) + aux
    labels = [recording.channels[column].label for column in eeg_columns(recording)]
    channels = tuple(Channel(label, "EEG", "microvolts") for label in (*labels, AUX))
    eeg = OutletSpec(device.name, "EEG", device.source_id, recording.sfreq, channels)
    markers = sorted({*recording.markers, *told_by_triggers(recording)})
    sampling = partial(_samples, recording, columns, device, flat=not aux)
    return Speech(
        outlets=(eeg, marker_outlet(device)),
        pushes=lambda: in_order(sampling(), tell(recording, markers, 1)),
        seconds=seconds_of(recording),
    )


def _samples(recording: Recording, columns: Sequence[int], device: Device, *, flat: bool) -> Iterator[Push]:
    rng = np.random.default_rng(device.seed)
    for block in blocks(recording, repeat(device.chunk or PACKET)):
        rows = np.zeros((len(block), len(columns) + flat), np.float32)
        rows[:, : len(columns)] = recording.data[block.first : block.stop, columns]
        time = block.end + device.delay
        yield Push(0, time, time + rng.uniform(-JITTER, JITTER), rows)
