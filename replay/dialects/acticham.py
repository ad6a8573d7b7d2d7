"""The LSL connector of Brain Products' actiCHamp (v1.15), in both forms of its triggers.

Stream `actiCHamp-<serial>`: EEG, AUX, optionally a sampled `Markers` channel, `SampleCounter`. Sampled, a word
stands on the sample where it changes and -1 on all others; the return to rest is a 0. The other form is a stream
of strings, `actiCHampMarkers-<serial>`: every change, "0" too. Stamps are taken once a chunk, about a chunk early.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from bci.types import Channel, Recording
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
from replay.dialects.words import PULSE, held, ported

__all__ = ["CHUNK", "acticham"]

CHUNK = 32  # samples
_AUX = ("aux", "eog")


def acticham(recording: Recording, device: Device, *, sampled: bool = True) -> Speech:
    """Send electrodes and AUX inputs; words of eight bits as triggers, names as a program's marker strings.

    Parameters
    ----------
    sampled
        Send the channel `Markers`, beside the stream of strings.
    """
    columns = [
        i for kinds in (("eeg",), _AUX) for i, channel in enumerate(recording.channels) if channel.kind in kinds
    ]
    words, names = ported(recording)
    port = held(words, len(recording.data), max(1, round(PULSE * recording.sfreq)))
    changes = np.flatnonzero(np.diff(port, prepend=0))
    told = [(sample, f"{port[sample]:.0f}") for sample in changes.tolist()]
    sampling = partial(_samples, recording, columns, _on_changes(port, changes) if sampled else None, device)
    late = device.delay - _chunk(device) / recording.sfreq
    return Speech(
        outlets=(_eeg(recording, device, columns, sampled=sampled), marker_outlet(device), _strings(device)),
        pushes=lambda: in_order(sampling(), tell(recording, names, 1), tell(recording, told, 2, late)),
        seconds=seconds_of(recording),
    )


def _eeg(recording: Recording, device: Device, columns: Sequence[int], *, sampled: bool) -> OutletSpec:
    labels = [recording.channels[column].label for column in columns if recording.channels[column].kind == "eeg"]
    channels = [
        *(Channel(label, "EEG", "microvolts") for label in labels),
        *(Channel(f"AUX{i}", "AUX", "microvolts") for i in range(1, 1 + len(columns) - len(labels))),
        *([Channel("Markers", "Markers", "")] if sampled else []),
        Channel("SampleCounter", "SampleCounter", ""),
    ]
    return OutletSpec(device.name, "EEG", device.source_id, recording.sfreq, tuple(channels))


def _strings(device: Device) -> OutletSpec:
    serial = device.name.rpartition("-")[2]
    marker = Channel("marker", "Marker", "")
    return OutletSpec(f"actiCHampMarkers-{serial}", "Markers", f"{device.source_id}-triggers", 0.0, (marker,))


def _on_changes(port: NDArray[np.float32], changes: NDArray[np.intp]) -> NDArray[np.float32]:
    words = np.full(len(port), -1, np.float32)
    words[changes] = port[changes]
    return words


def _samples(
    recording: Recording, columns: Sequence[int], words: NDArray[np.float32] | None, device: Device
) -> Iterator[Push]:
    early = _chunk(device) / recording.sfreq
    for block in blocks(recording, repeat(_chunk(device))):
        part = slice(block.first, block.stop)
        service = [] if words is None else [words[part]]
        counter = np.arange(block.seq + 1, block.seq + 1 + len(block))
        rows = np.column_stack([recording.data[part, columns], *service, counter]).astype(np.float32)
        arrives = block.end + device.delay
        yield Push(0, arrives, arrives - early, rows)


def _chunk(device: Device) -> int:
    return device.chunk or CHUNK
