"""Events of an EPOC in two parts: what `bci pair` writes, or `train_data.npy` and `test_data.npy`.

The second form is how others hand MindBigData on (Vivancos 2018, http://mindbigdata.com/opendb/). Figures of such
files are often those of a leak: the text has a row for each channel, and a split of rows puts channels of one
event on both sides. Parts that share events are refused.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, FormatError
from bci.types import Channel, TrialSet, read_only
from replay.digits.folder import PARTS, Known, Part, load_metadata
from replay.mindbigdata.arrays import LENGTH
from replay.mindbigdata.rows import CHANNELS, DIGITS, SFREQ
from replay.readers.numpy_pickle import load
from replay.readers.provenance import describe
from replay.readers.repetitions import repetitions
from replay.spill import gather

__all__ = ["FORMS", "read_digit_pairs"]

FORMS = ("eeg_data", "data")
"""What signals are called behind the name of their part: by `bci pair`, and by others."""

_AT_ONCE = 512  # events

_PAIRED = "pictures lie beside the events that were chosen by label: nobody saw them, and they are no part of this"
_UNKNOWN = (
    "numbers of events are unknown: no trial stands in both parts bit for bit, but whether the parts were split "
    "honestly nobody can tell"
)


@dataclass(frozen=True, slots=True)
class _Stored:
    """One part.

    Parameters
    ----------
    path
        Of its signals.
    data, digits
        (n, 14, 256), mapped, and (n,) int64.
    """

    path: Path
    data: NDArray[Any]
    digits: NDArray[np.int64]


def read_digit_pairs(path: Path, part: Literal["both", "train", "test"] = "both") -> TrialSet:
    """Read events in two parts.

    Parameters
    ----------
    path
        Signals of the training part, `train_eeg_data.npy` or `train_data.npy`; the others lie beside it.
    part
        Which to return; both are looked at for leaks.

    Returns
    -------
    TrialSet
        (n, 14, 256). One part is mapped where it lies, both are joined, in a temporary file if they are large. The
        group `recording` is `train` or `test`; `event` numbers the events where that is known.

    Raises
    ------
    ConfigError
        If there is no such part, or metadata are damaged.
    FormatError
        If a file is missing or does not fit the others, or the parts share events.
    """
    if part not in ("both", *PARTS):
        raise ConfigError(f"options of {path.name}: expected part = both, train or test; got {part!r}")
    form = next(form for form in FORMS if path.name.lower().endswith(f"train_{form}.npy"))
    told = load_metadata(path.parent) if form == "eeg_data" else None
    stored = {name: _open(path, name, form) for name in PARTS}
    events = None if told is None else _events(told, stored)
    _check_twins(stored["train"], stored["test"])
    caveats = (_UNKNOWN,) if told is None else (_PAIRED, *told.caveats)
    return _trials(path, stored, PARTS if part == "both" else (part,), events, caveats)


def _open(path: Path, part: Part, form: str) -> _Stored:
    before = path.name[: -len(f"train_{form}.npy")]
    own = path.with_name(f"{before}{part}_{form}.npy")
    data, digits = load(own), load(path.with_name(f"{before}{part}_labels.npy"))
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        raise FormatError(f"{own}: expected signals as floating-point numbers, got something else")
    _check_shape(own, data.shape)
    if not isinstance(digits, np.ndarray) or digits.dtype.kind not in "iu" or digits.shape != data.shape[:1]:
        raise FormatError(f"{own}: expected a whole number as label of each of {len(data)} events beside it")
    if digits.min() < 0 or digits.max() >= len(DIGITS):
        raise FormatError(f"{own}: expected labels from 0 to 9, got {digits.min()} to {digits.max()}")
    return _Stored(own, data, digits.astype(np.int64))


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    expected = f"{path}: expected (events, {len(CHANNELS)} channels, {LENGTH} samples), got {shape}"
    if shape[1:] in ((LENGTH,), (1, LENGTH)):
        raise FormatError(
            f"{expected}, one channel a row: a row-wise split puts channels of one event on both sides; "
            "make it anew from the text: bci pair EP1.01.txt"
        )
    if shape[1:] != (len(CHANNELS), LENGTH) or not shape[0]:
        raise FormatError(f"{expected}: make it anew from the text: bci pair EP1.01.txt")


def _events(told: Known, stored: dict[Part, _Stored]) -> dict[Part, NDArray[np.int64]]:
    """Return the numbers of the events of both parts."""
    events = {part: np.array(told.events.get(part, ()), np.int64) for part in PARTS}
    for part, own in stored.items():
        if len(events[part]) != len(own.data):
            raise FormatError(
                f"{own.path}: expected {len(events[part])} events as metadata.json says, got {len(own.data)}: "
                "pair anew"
            )
    if (both := np.intersect1d(events["train"], events["test"])).size:
        folder = stored["train"].path.parent
        raise FormatError(
            f"{folder} leaks: {both.size} events stand in both parts, the first is {both[0]}: pair anew"
        )
    return events


def _check_twins(train: _Stored, test: _Stored) -> None:
    trained = dict(_prints(train.data))
    twins = [(trained[mark], row) for mark, row in _prints(test.data) if mark in trained]
    if twins:
        raise FormatError(
            f"{train.path.parent} leaks: {len(twins)} trials of {test.path.name} stand in {train.path.name} as "
            f"well, bit for bit, the first are trials {twins[0][1]} and {twins[0][0]}: split by event"
        )


def _prints(data: NDArray[Any]) -> Iterator[tuple[bytes, int]]:
    """Yield a hash of the bits of each trial, and its row; flat ones are alike for other reasons and left out."""
    for first in range(0, len(data), _AT_ONCE):
        block = np.ascontiguousarray(data[first : first + _AT_ONCE], np.float32)
        lively = np.ptp(block, axis=2).any(axis=1)
        for row in np.flatnonzero(lively):
            yield hashlib.blake2b(block[row].data, digest_size=16).digest(), first + int(row)


def _trials(
    path: Path,
    stored: dict[Part, _Stored],
    parts: Sequence[Part],
    events: dict[Part, NDArray[np.int64]] | None,
    caveats: tuple[str, ...],
) -> TrialSet:
    chosen = [stored[part] for part in parts]
    concepts = np.concatenate([each.digits for each in chosen])
    known = describe(path, *caveats, dataset="MindBigData, EPOC, in two parts", unit="microvolts or unknown")
    groups: dict[str, NDArray[Any]] = {
        **{name: np.full(len(concepts), known[name]) for name in ("subject", "session")},
        "recording": np.repeat(parts, [len(each.digits) for each in chosen]),
        "repetition": repetitions(concepts),
    }
    if events is not None:
        groups["event"] = np.concatenate([events[part] for part in parts])
    return TrialSet(
        data=_joined([each.data for each in chosen]),
        sfreq=SFREQ,
        tmin=0.0,
        channels=tuple(Channel(label) for label in CHANNELS),
        concept_names=DIGITS,
        concepts=read_only(concepts),
        # what lies beside a trial was never shown: for training and evaluation there is no picture
        images=read_only(np.full(len(concepts), -1)),
        groups={name: read_only(column) for name, column in groups.items()},
        provenance=known,
    )


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    if len(arrays) == 1:
        return arrays[0]
    blocks = (array[first : first + _AT_ONCE] for array in arrays for first in range(0, len(array), _AT_ONCE))
    return gather(blocks, (sum(map(len, arrays)), *arrays[0].shape[1:]))
