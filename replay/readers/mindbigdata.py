"""MindBigData, EPOC: one person who saw digits, 14 channels at 128 Hz, two seconds each (Vivancos 2018).

The text is converted once, by `bci convert` (`replay.mindbigdata`); here its arrays are mapped.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.config import parse
from bci.errors import FormatError
from bci.types import Channel, TrialSet, read_only
from replay.mindbigdata.arrays import Events, Folder
from replay.mindbigdata.filtering import REASONS, FilterSpec, faults
from replay.mindbigdata.rows import CHANNELS, DIGITS, NO_DIGIT, SFREQ
from replay.readers.provenance import describe
from replay.readers.repetitions import repetitions
from replay.spill import gather

__all__ = ["read_mindbigdata"]

_AT_ONCE = 512  # events

_CAVEATS = (
    "one person, no sessions: nothing tells whether another person or day would decode",
    "the gaps between events are unknown, so are filters before the file",
    "the size of an event varies: longer ones are cut to 256 samples, shorter ones end in their last value",
)


def read_mindbigdata(path: Path, **thresholds: Any) -> TrialSet:
    """Read the events that show a digit, have all channels and are fit.

    Parameters
    ----------
    path
        `EP1.01.txt`, converted.
    thresholds
        Of `FilterSpec`.

    Returns
    -------
    TrialSet
        (n, 14, 256) microvolts, offset included, in the order of the file; which is left out, and why, is in
        `provenance["left_out"]`. Groups tell the event's number (`event`) too.

    Raises
    ------
    ConfigError
        If a threshold makes no sense.
    FormatError
        If the file is not converted, or no event is left.
    """
    spec = parse(FilterSpec, thresholds, f"options of {path.name}")
    signals, events, _ = Folder.of(path).open(path)
    kept, left_out = _fit(signals, events, spec)
    if not len(kept):
        raise FormatError(f"{path}: expected events to decode, all are left out: {_counted(left_out)}")
    known = describe(path, *_CAVEATS, dataset="MindBigData, EPOC", unit="microvolts", left_out=left_out)
    concepts = events.codes[kept]
    return TrialSet(
        data=_taken(signals, kept),
        sfreq=SFREQ,
        tmin=0.0,
        channels=tuple(Channel(label) for label in CHANNELS),
        concept_names=DIGITS,
        concepts=read_only(concepts),
        images=read_only(np.full(len(kept), -1)),
        groups={
            **{name: read_only(np.full(len(kept), known[name])) for name in ("subject", "session", "recording")},
            "repetition": read_only(repetitions(concepts)),
            "event": read_only(events.numbers[kept]),
        },
        provenance=known,
    )


def _fit(
    signals: NDArray[np.float32], events: Events, spec: FilterSpec
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Return which events are taken, and how many are not, by reason."""
    whole, digit = events.complete, events.codes != NO_DIGIT
    wrong = faults(signals, events.sizes, spec)
    taken = whole & digit & (wrong < 0)
    counts = Counter(REASONS[reason] for reason in wrong[whole & digit & (wrong >= 0)])
    others = {"channels missing": int((~whole).sum()), "no digit": int((whole & ~digit).sum())}
    return np.flatnonzero(taken), others | {reason: counts[reason] for reason in REASONS}


def _counted(left_out: dict[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in left_out.items() if number)


def _taken(signals: NDArray[np.float32], kept: NDArray[np.int64]) -> NDArray[np.float32]:
    if len(kept) == len(signals):
        return read_only(signals)
    blocks = (signals[kept[first : first + _AT_ONCE]] for first in range(0, len(kept), _AT_ONCE))
    return gather(blocks, (len(kept), *signals.shape[1:]))
