"""Which channels of a calibration to leave out, and why: those that were bad most of the time."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from bci.channel_quality import SECONDS, Condition, assess_channels, measure
from bci.errors import ConfigError
from bci.montage import match
from bci.types import Recording
from models.bundle import Bundle

__all__ = ["channels_left_out"]

BAD = (Condition.MISSING, Condition.FLAT, Condition.SATURATED, Condition.NOISY)
"""What makes a channel useless; line noise is filtered."""
OFTEN = 0.5
"""Share of the time from which on a channel that is bad is left out."""
MOST = 1 / 3
"""Share of the decoder's channels that may be left out: the others make up for them."""


def channels_left_out(recording: Recording, bundle: Bundle) -> dict[str, str]:
    """Judge a decoder's channels in a recording, some seconds at a time.

    Returns
    -------
    left_out
        Channel, as the decoder calls it -> why.

    Raises
    ------
    ConfigError
        If too many channels are bad.
    """
    found = match([channel.label for channel in recording.channels], bundle.channels)
    there = {label: column for label, column in zip(bundle.channels, found, strict=True) if column is not None}
    faults = _faults(recording.data[:, list(there.values())], recording.sfreq)
    left_out = {label: fault for label, fault in zip(there, faults, strict=True) if fault}
    if len(left_out) > MOST * len(bundle.channels):
        told = "; ".join(f"{label}: {fault}" for label, fault in left_out.items())
        raise ConfigError(
            f"{len(left_out)} of {len(bundle.channels)} channels are too bad to calibrate with ({told}): mend them"
        )
    return left_out


def _faults(data: NDArray[np.float32], sfreq: float) -> list[str]:
    """Say what is wrong most of the time with each channel of (n_times, n); empty where nothing is."""
    pieces = np.array_split(data, max(1, int(len(data) / sfreq / SECONDS)))
    judged = [assess_channels(measure(piece, sfreq)) for piece in pieces]
    faults = []
    for channel in zip(*judged, strict=True):
        counts = Counter(one.condition for one in channel if one.condition in BAD)
        share = counts.total() / len(pieces)
        faults.append(f"{counts.most_common(1)[0][0]} {share:.0%} of the time" if share > OFTEN else "")
    return faults
