"""A cap of five channels, one of which is full of line noise for a while."""

import numpy as np

from bci.types import Channel, SampleChunk, StreamSpec

RATE = 250.0
LABELS = ("C3", "C4", "O1", "O2", "EOG")
CHANNELS = tuple(Channel(label, "eog" if label == "EOG" else "eeg") for label in LABELS)
STREAM = StreamSpec("cap", "EEG", "id", RATE, CHANNELS, "FCz")


def chunks(data, size=10, sfreq=RATE):
    for first in range(0, len(data), size):
        part = data[first : first + size]
        yield SampleChunk(part, 100 + (first + np.arange(len(part))) / sfreq, 0.0, first)


def noise(seconds, seed=0, sfreq=RATE):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 10, (round(seconds * sfreq), len(LABELS))).astype(np.float32)


def mains(data, start, stop, column=2, sfreq=RATE):
    times = np.arange(len(data)) / sfreq
    inside = (times >= start) & (times < stop)
    data[inside, column] += 200 * np.sin(2 * np.pi * 50 * times[inside]).astype(np.float32)
    return data
