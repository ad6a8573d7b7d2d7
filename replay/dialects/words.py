"""Trigger words: what a recording tells through the device's port, and what a program tells in words beside it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bci.types import Recording
from replay.told import told_by_triggers

__all__ = ["PULSE", "held", "ported"]

PULSE = 0.01
"""How long a word lies on the port, seconds."""


def ported(recording: Recording) -> tuple[list[tuple[int, int]], list[tuple[int, str]]]:
    """Sort the events of a recording by the way they take.

    Returns
    -------
    words
        (sample, word) of those that fit on a port of eight bits, 1 to 255: they come through the device.
    names
        (sample, value) of all others, which a program sends as marker strings. Of two words on one sample the
        second one is among them.
    """
    told = told_by_triggers(recording)
    events = sorted(told) + [marker for marker in recording.markers if marker not in told]
    words: dict[int, int] = {}
    names = []
    for sample, value in events:
        if _is_word(value) and sample not in words:
            words[sample] = int(value)
        else:
            names.append((sample, value))
    return sorted(words.items()), sorted(names)


def held(words: Sequence[tuple[int, int]], n_times: int, width: int) -> NDArray[np.float32]:
    """Return the port (n_times,): each word for `width` samples, 0 at rest.

    A word ends where the next one begins, without rest between them; equal words need a sample of rest.
    """
    port = np.zeros(n_times, np.float32)
    for (sample, word), (following, other) in pairwise([*words, (n_times, 0)]):
        port[sample : max(sample + 1, min(sample + width, following - (word == other)))] = word
    return port


def _is_word(value: str) -> bool:
    return value.isascii() and value.isdigit() and 0 < int(value) < 256 and str(int(value)) == value
