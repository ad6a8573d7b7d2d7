"""The LSL outlet of EmotivPRO for an EPOC: EEG with service columns, and contact quality twice a second.

Columns, rates and chunk sizes: https://emotiv.gitbook.io/emotivpro-v3/lab-streaming-layer-lsl/lsl-outlet. Float32
corrupts `Timestamp`; `Counter` runs from 0 to 127; a short loss is filled with made-up samples, `Interpolate = 1`;
values stand on an offset of about 4,200 uV.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from bci.types import Channel, Recording
from replay.dialects.speech import (
    Block,
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
from replay.dialects.words import held, ported

__all__ = ["CHUNK", "COUNTER", "FILLED", "OFFSET", "emotivpro", "offset_of"]

CHUNK = 32
"""Samples that it sends at once; it may be set to 4, 16, 32, 64, 128 or 256, which is two seconds."""
COUNTER = 128
FILLED = 16
"""Samples missing at a time that it makes up; longer losses stay away."""
OFFSET = 4200.0
"""Microvolts."""
QUALITY_RATE = 2.0  # Hz
BATTERY = 80.0  # per cent, at the beginning
BATTERY_LIFE = 6 * 3600.0  # s from full to empty
EPOCH = 1_700_000_000.0  # s since 1970, at the beginning


def emotivpro(recording: Recording, device: Device) -> Speech:
    """Send the electrodes; words of eight bits in `Markers`, names as a program's marker strings."""
    columns = eeg_columns(recording)
    sensors = [recording.channels[column].label for column in columns]
    words, names = ported(recording)
    sampling = partial(_samples, recording, columns, held(words, len(recording.data), 1), device)
    quality = partial(_quality, recording, columns, device.delay)
    return Speech(
        outlets=(_eeg(recording, device, sensors), marker_outlet(device), _contact(device, sensors)),
        pushes=lambda: in_order(sampling(), tell(recording, names, 1), quality()),
        seconds=seconds_of(recording),
    )


def offset_of(recording: Recording) -> float:
    """Return what is added to every sample: nothing if the recording has such an offset already."""
    start = np.asarray(recording.data[: max(1, round(recording.sfreq)), eeg_columns(recording)])
    return 0.0 if np.nanmedian(start) > OFFSET / 2 else OFFSET


def _eeg(recording: Recording, device: Device, sensors: Sequence[str]) -> OutletSpec:
    labels = ("Timestamp", "Counter", "Interpolate", *sensors, "HardwareMarker", "Markers")
    channels = tuple(Channel(label, "EEG", "microvolts" if label in sensors else "") for label in labels)
    return OutletSpec(device.name, "EEG", device.source_id, recording.sfreq, channels)


def _contact(device: Device, sensors: Sequence[str]) -> OutletSpec:
    labels = ("Timestamp", "BatteryPercent", "Overall", "Signal", *sensors)
    channels = tuple(Channel(label, "Contact-Quality", "") for label in labels)
    name = "EmotivDataStream-Contact-Quality"
    return OutletSpec(name, "Contact-Quality", f"{device.source_id}-quality", QUALITY_RATE, channels)


# ---------------------------------------------------------------------------------------------- samples


def _samples(
    recording: Recording, columns: Sequence[int], words: NDArray[np.float32], device: Device
) -> Iterator[Push]:
    offset = offset_of(recording)
    last: NDArray[np.float32] | None = None
    for block in blocks(recording, repeat(device.chunk or CHUNK)):
        eeg = recording.data[block.first : block.stop, columns].astype(np.float32) + np.float32(offset)
        if last is not None and 0 < block.gap_before <= FILLED:
            yield _filler(last, eeg[0], block, recording.sfreq, device.delay)
        markers = np.column_stack([np.zeros(len(block)), words[block.first : block.stop]])
        rows = _rows(eeg, block.seq, block.start, recording.sfreq, np.zeros(len(block)), markers)
        yield Push(0, block.end + device.delay, block.end + device.delay, rows)
        last = eeg[-1]


def _filler(
    before: NDArray[np.float32], after: NDArray[np.float32], block: Block, sfreq: float, delay: float
) -> Push:
    """What the headset makes up for the samples missing before a block: a line from sample to sample."""
    n = block.gap_before
    share = np.arange(1, n + 1)[:, np.newaxis] / (n + 1)
    eeg = before + share * (after - before)
    rows = _rows(eeg, block.seq - n, block.start - n / sfreq, sfreq, np.ones(n), np.zeros((n, 2)))
    time = block.start - 1 / sfreq + delay
    return Push(0, time, time, rows)


def _rows(
    eeg: NDArray[np.floating],
    seq: int,
    start: float,
    sfreq: float,
    made_up: NDArray[np.float64],
    markers: NDArray[np.float64],
) -> NDArray[np.float32]:
    index = np.arange(len(eeg))
    stamps = EPOCH + start + index / sfreq
    return np.column_stack([stamps, (seq + index) % COUNTER, made_up, eeg, markers]).astype(np.float32)


# ---------------------------------------------------------------------------------------------- contact quality


def _quality(recording: Recording, columns: Sequence[int], delay: float) -> Iterator[Push]:
    """Contact is good where a sensor moves, and none where it is flat."""
    for block in blocks(recording, repeat(max(1, round(recording.sfreq / QUALITY_RATE)))):
        moves = np.ptp(recording.data[block.first : block.stop, columns], axis=0) > 0
        battery = max(0.0, BATTERY - 100 * block.end / BATTERY_LIFE)
        row = np.array([[EPOCH + block.end, round(battery), 100 * moves.mean(), 2, *4 * moves]], np.float32)
        yield Push(2, block.end + delay, block.end + delay, row)
