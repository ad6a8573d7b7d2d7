"""A recording to measure speed with: noise, and markers at a steady pace. Nothing can be decoded from it."""

from collections.abc import Sequence

import numpy as np

from bci.types import Channel, Recording, read_only

__all__ = ["noise_recording"]

AMPLITUDE = 10.0  # microvolts
LEAD = 1.0  # s before the first marker


def noise_recording(
    labels: Sequence[str], sfreq: float, seconds: float, values: Sequence[str], interval: float, seed: int = 0
) -> Recording:
    """Make a recording of Gaussian noise.

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
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((int(seconds * sfreq), len(labels)), np.float32)
    data *= AMPLITUDE
    onsets = (np.arange(LEAD, seconds, interval) * sfreq).tolist()
    markers = tuple((round(onset), values[number % len(values)]) for number, onset in enumerate(onsets))
    return Recording(
        data=read_only(data),
        sfreq=sfreq,
        segments=((0, 0.0),),
        markers=markers,
        channels=tuple(map(Channel, labels)),
        reference="average",
        provenance={"synthetic": True, "what": "noise, for measurements of speed"},
    )
