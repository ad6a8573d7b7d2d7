"""Average responses of 36 people to five categories, derived from THINGS-EEG1.

The recordings: Grootswagers, Zhou, Robinson, Hebart & Carlson (2022), doi:10.1038/s41597-021-01102-7,
OpenNeuro ds003825: actiCHamp cap, 63 channels, pictures at 10 Hz. The file: an `npz` with `data` (subjects,
categories, channels, samples), `ch_names`, `times` and `categories`.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import Channel, TrialSet, read_only
from replay.readers.provenance import stem

__all__ = ["read_things_eeg1_erps"]

_ARRAYS = ("data", "ch_names", "times", "categories")

_UNEVEN = 0.01
"""Share of a step by which the steps of `times` may differ: room for rounding."""

_CAVEATS = (
    "averages, not single trials: one row is one person's mean response to a category",
    "pictures came at 10 Hz: the window before the onset holds the previous picture",
    "the noise level betrays the category: divide each average by its own root mean square first",
    "filters and baseline of the averages are unknown; the time of day and the order are lost",
)


def read_things_eeg1_erps(path: Path) -> TrialSet:
    """Read the averages, subject by subject and in each subject category by category.

    Parameters
    ----------
    path
        The `npz` file.

    Returns
    -------
    TrialSet
        (subjects x categories, 63 channels, 276 samples) as stored, microvolts by its range (sd 1.5, largest
        83); 250 Hz from -0.1 s. Concepts are the categories; pictures are unknown (-1); subjects are
        numbered in file order; every average is its own recording's only repetition.

    Raises
    ------
    FormatError
        If an array is missing, pickled or of another shape.
    """
    arrays = _load(path)
    data, times = arrays["data"], arrays["times"].astype(np.float64)
    n_subjects, n_categories, n_channels, n_times = data.shape
    n_trials = n_subjects * n_categories
    subjects = np.repeat([f"{number:02d}" for number in range(1, n_subjects + 1)], n_categories)
    return TrialSet(
        data=read_only(data.reshape(n_trials, n_channels, n_times).astype(np.float32, copy=False)),
        sfreq=round(1 / float(np.diff(times).mean()), 3),
        tmin=round(float(times[0]), 6),
        channels=tuple(Channel(str(name)) for name in arrays["ch_names"]),
        concept_names=tuple(str(name) for name in arrays["categories"]),
        concepts=read_only(np.tile(np.arange(n_categories), n_subjects)),
        images=read_only(np.full(n_trials, -1)),
        groups={
            "subject": read_only(subjects),
            "session": read_only(np.full(n_trials, "1")),
            "recording": read_only(np.char.add("sub-", subjects)),
            "repetition": read_only(np.zeros(n_trials, np.int64)),
        },
        provenance={
            "source": path.name,
            "recording": stem(path),
            "dataset": "THINGS-EEG1 (OpenNeuro ds003825), category averages",
            "averaged": "one average per person and category, over an unknown number of presentations",
            "caveats": list(_CAVEATS),
        },
    )


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if missing := [name for name in _ARRAYS if name not in file.files]:
                raise FormatError(
                    f"{path}: expected the arrays {', '.join(_ARRAYS)}; got {', '.join(file.files)}, without "
                    f"{', '.join(missing)}"
                )
            arrays = {name: file[name] for name in _ARRAYS}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise FormatError(f"{path} is damaged or pickled, expected an npz of plain arrays: {error}") from None
    _check(path, arrays)
    return arrays


def _check(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    data = arrays["data"]
    if flat := [name for name in _ARRAYS[1:] if arrays[name].ndim != 1]:
        raise FormatError(f"{path}: expected lists of labels and times, got other shapes in {', '.join(flat)}")
    labelled = (len(arrays["categories"]), len(arrays["ch_names"]), len(arrays["times"]))
    if data.ndim != 4 or data.shape[1:] != labelled or data.shape[0] == 0:
        raise FormatError(
            f"{path}: expected data of (subjects, {labelled[0]} categories, {labelled[1]} channels, "
            f"{labelled[2]} samples), got {data.shape}"
        )
    if data.dtype.kind != "f" or not np.isfinite(data).all():
        raise FormatError(f"{path}: expected finite floating-point data, got {data.dtype} with NaN or infinity")
    for name in ("ch_names", "categories"):
        if len(set(arrays[name].tolist())) != len(arrays[name]):
            raise FormatError(
                f"{path}: expected every name in {name} once, got {', '.join(map(str, arrays[name]))}"
            )
    times = arrays["times"]
    steps = np.diff(times.astype(np.float64)) if times.dtype.kind in "fiu" else np.empty(0)
    if not steps.size or not (steps > 0).all() or np.ptp(steps) > _UNEVEN * steps.mean():
        raise FormatError(f"{path}: expected times in seconds in even steps, got {times[:3]} ... {times[-1]}")
