"""Epochs laid end to end, so that they can be streamed: for data sets that exist only as epochs.

Nothing of the time between them is known. They are spaced by at least one epoch and its baseline, so that no
window reaches into its neighbour, and what is made from them says `not causal, order not original`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bci.end_to_end import ORDER
from bci.types import Recording, TrialSet
from replay.spill import gather

__all__ = ["recording_of"]

_TRIALS_AT_ONCE = 64


def recording_of(trials: TrialSet) -> Recording:
    """Lay epochs end to end.

    Parameters
    ----------
    trials
        In the order in which they are streamed.

    Returns
    -------
    Recording
        Float32, zero between the epochs: silence of the length of an epoch, and of the time from its onset to its
        first sample if that comes later, before each and after the last one. In a temporary file if it is large. A
        marker at each onset names the concept: that is what a decoder of these concepts knows without a table, and
        pictures have no names that all forms of the data share. `provenance["order"]` says `ORDER`.
    """
    lag = round(trials.tmin * trials.sfreq)  # of an epoch's first sample behind its onset
    n_times = trials.data.shape[2]
    space = n_times + max(0, lag)
    step = space + n_times
    shape = (len(trials) * step + space, len(trials.channels))
    names = trials.concept_names
    known = trials.provenance
    return Recording(
        data=gather(_pieces(trials, space), shape),
        sfreq=trials.sfreq,
        segments=((0, 0.0),),
        markers=tuple((i * step + space - lag, names[concept]) for i, concept in enumerate(trials.concepts)),
        channels=trials.channels,
        reference=known.get("reference"),
        provenance={
            **known,
            "order": ORDER,
            "caveats": [
                *known.get("caveats", ()),
                f"epochs laid end to end: {ORDER}",
            ],
        },
    )


def _pieces(trials: TrialSet, space: int) -> Iterator[NDArray[np.float32]]:
    """Samples (n, n_channels): silence and epoch in turn, and silence at the end."""
    n_channels, n_times = trials.data.shape[1:]
    for first in range(0, len(trials), _TRIALS_AT_ONCE):
        epochs = trials.data[first : first + _TRIALS_AT_ONCE]
        piece = np.zeros((len(epochs), space + n_times, n_channels), np.float32)
        piece[:, space:] = epochs.transpose(0, 2, 1)
        yield piece.reshape(-1, n_channels)
    yield np.zeros((space, n_channels), np.float32)
