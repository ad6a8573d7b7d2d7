"""A recording to measure speed with: noise, and markers at a steady pace. Nothing can be decoded from it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bci.types import Channel, Recording
from replay.spill import gather

__all__ = ["noise_recording"]

AMPLITUDE = 10.0  # microvolts
LEAD = 1.0  # s before the first marker
BLOCK = 2**16  # samples that are drawn at once


def noise_recording(
    labels: Sequence[str], sfreq: float, seconds: float, values: Sequence[str], interval: float, seed: int = 0
) -> Recording:
    """Make a recording of Gaussian noise; a long one lies in a temporary file, see `replay.spill`.

    Parameters
    ----------
    labels
        Of its EEG channels.
    sfreq, seconds
        Rate in Hz, and length.
    values
        Of its markers, in turn.
    interval
        Seconds between two markers.
    """
    shape = (int(seconds * sfreq), len(labels))
    onsets = (np.arange(LEAD, seconds, interval) * sfreq).tolist()
    markers = tuple((round(onset), values[number % len(values)]) for number, onset in enumerate(onsets))
    return Recording(
        data=gather(_noise(shape, seed), shape),
        sfreq=sfreq,
        segments=((0, 0.0),),
        markers=markers,
        channels=tuple(map(Channel, labels)),
        reference="average",
        provenance={"synthetic": True, "what": "noise, for measurements of speed"},
    )


def _noise(shape: tuple[int, int], seed: int) -> Iterator[NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    n_times, n_channels = shape
    for first in range(0, n_times, BLOCK):
        block = rng.standard_normal((min(BLOCK, n_times - first), n_channels), np.float32)
        block *= AMPLITUDE
        yield block
