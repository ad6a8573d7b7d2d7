"""A recording and what was decided in it as a data set in BIDS, by mne-bids.

Format: https://bids-specification.readthedocs.io/en/stable/modality-specific-files/electroencephalography.html;
Appelhoff et al. (2019), MNE-BIDS, doi:10.21105/joss.01896. Samples are float32 microvolts in BrainVision files,
markers rows of `events.tsv`.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, OutputError
from bci.segments import segments_of
from bci.stretches import Stretch
from bci.types import Recording

__all__ = ["Label", "Outcome", "check_installed", "write_bids"]

_VOLTS = 1e-6
_MNE_TYPES = ("eeg", "eog", "ecg", "emg")
_NEAR = 0.25  # s between a marker and the onset of its decision: labels come beside hardware triggers
_LONGEST_GAP = 3600.0  # s that are filled in
_GAP = "BAD_ACQ_SKIP"
COLUMNS = {
    "truth": "Concept that was shown.",
    "status": "What became of the event: ok, late, artifact, dropped or gap; n/a if it was not decided on.",
    "rank": "Number of other concepts whose score was at least that of the one that was shown.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided on a marker.

    Parameters
    ----------
    onset
        Seconds on the clock of the recording.
    marker, truth, status, rank
        As in `bci.types.Decision`, in words.
    """

    onset: float
    marker: str
    truth: str | None
    status: str
    rank: int | None


@dataclass(frozen=True, slots=True)
class Label:
    """Where in the data set a recording belongs: the entities of its file name but the run, which is counted."""

    person: str
    task: str
    session: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("task", self.task), ("session", self.session)):
            if value is not None and not (value.isascii() and value.isalnum()):
                raise ConfigError(f"expected a {name} of letters and digits, got {value!r}: BIDS allows no others")


def check_installed() -> None:
    """Refuse if what writes BIDS is not installed.

    Raises
    ------
    ConfigError
        If so.
    """
    if missing := [name for name in ("mne_bids", "pybv") if find_spec(name) is None]:
        raise ConfigError(f"BIDS needs {' and '.join(missing)}: pip install 'bci-live[bids]'")


def write_bids(
    root: Path,
    recording: Recording,
    label: Label,
    outcomes: Sequence[Outcome] = (),
    bad: Sequence[tuple[str, Stretch]] = (),
    line_freq: float | None = None,
) -> Path:
    """Add a recording to a data set, which is begun if there is none.

    Parameters
    ----------
    root
        Folder of the data set.
    recording
        Gaps are filled with zeros and annotated `BAD_ACQ_SKIP`, so that onsets hold.
    label
        Whose it is.
    outcomes
        Of its markers: columns of `events.tsv`.
    bad
        Further stretches: their names, which begin with `BAD_`, and when, on the clock of the recording.
    line_freq
        Of the mains, Hz; None: unknown.

    Returns
    -------
    path
        The header file that was written.

    Raises
    ------
    OutputError
        If it cannot be written, or a gap is longer than an hour.
    """
    import mne_bids  # noqa: PLC0415

    data, samples, gaps = _filled(recording)
    raw = _raw(recording, data, line_freq)
    start = recording.segments[0][1]
    rows = [
        *_event_rows(recording, samples, outcomes, start),
        *((onset, duration, _GAP, {}) for onset, duration in gaps),
        *((begin - start, end - begin, name, {}) for name, (begin, end) in bad),
    ]
    raw.set_annotations(_annotations(rows, len(data) / recording.sfreq))
    try:
        path = _free_run(root, label)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Encountered unsupported non-voltage units")  # of what is no voltage
            mne_bids.write_raw_bids(
                raw,
                path,
                extra_columns_descriptions=COLUMNS,
                format="BrainVision",
                allow_preload=True,
                verbose="error",
            )
        reference = {"EEGReference": recording.reference or "n/a"}
        mne_bids.update_sidecar_json(path.copy().update(extension=".json"), reference, verbose="error")
    except OSError as error:
        raise OutputError(f"cannot write to {root}: {error.strerror}; make room or name another folder") from None
    return Path(path.fpath)


def _free_run(root: Path, label: Label) -> Any:
    """Return the place of the first run that is not there yet."""
    from mne_bids import BIDSPath  # noqa: PLC0415

    entities = {"subject": label.person, "session": label.session, "task": label.task, "root": root}
    runs = (
        BIDSPath(**entities, run=f"{run:02d}", datatype="eeg", suffix="eeg", extension=".vhdr") for run in count(1)
    )
    return next(path for path in runs if not path.fpath.exists())


def _raw(recording: Recording, data: NDArray[np.float32], line_freq: float | None) -> Any:
    from mne import create_info  # noqa: PLC0415
    from mne.io import RawArray  # noqa: PLC0415

    kinds = [channel.kind if channel.kind in _MNE_TYPES else "misc" for channel in recording.channels]
    units = [_VOLTS if channel.unit == "microvolts" else 1.0 for channel in recording.channels]
    info = create_info(list(recording.labels), recording.sfreq, kinds)
    info["line_freq"] = line_freq
    return RawArray(data.T * np.array(units)[:, np.newaxis], info, verbose="error")


def _filled(recording: Recording) -> tuple[NDArray[np.float32], NDArray[np.int64], list[tuple[float, float]]]:
    """Fill gaps with zeros.

    Returns
    -------
    data
        (n_filled, n_channels) float32.
    samples
        (n_times,) int64 where each sample of the recording went.
    gaps
        Onset and duration of each, seconds after the first sample.
    """
    segments = segments_of(recording)
    sfreq = recording.sfreq
    if (longest := max(segment.gap_before for segment in segments) / sfreq) > _LONGEST_GAP:
        raise OutputError(f"expected gaps of at most an hour, got one of {longest:.0f} s: cut the recording there")
    samples = np.concatenate([segment.seq + np.arange(segment.stop - segment.first) for segment in segments])
    data = np.zeros((int(samples[-1]) + 1, recording.data.shape[1]), np.float32)
    data[samples] = recording.data
    gaps = [((one.seq - one.gap_before) / sfreq, one.gap_before / sfreq) for one in segments if one.gap_before]
    return data, samples, gaps


_Row = tuple[float, float, str, dict[str, Any]]
"""Onset and duration in seconds after the first sample, description, and what else is known."""


def _event_rows(
    recording: Recording, samples: NDArray[np.int64], outcomes: Sequence[Outcome], start: float
) -> list[_Row]:
    """One row per marker, with what was decided on it."""
    left: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        left.setdefault(outcome.marker, []).append(replace(outcome, onset=outcome.onset - start))
    rows = []
    for sample, value in recording.markers:
        onset = float(samples[sample]) / recording.sfreq
        near = [outcome for outcome in left.get(value, ()) if abs(outcome.onset - onset) <= _NEAR]
        found = min(near, key=lambda outcome: abs(outcome.onset - onset), default=None)
        if found is not None:
            left[value].remove(found)
        rows.append((onset, 0.0, value or "n/a", _columns(found)))
    return rows


def _columns(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return dict.fromkeys(COLUMNS, "n/a")
    rank = "n/a" if outcome.rank is None else str(outcome.rank)
    return {"truth": outcome.truth or "n/a", "status": outcome.status, "rank": rank}


def _annotations(rows: Sequence[_Row], seconds: float) -> Any:
    """What lies outside the recording is cut off."""
    from mne import Annotations  # noqa: PLC0415

    inside = [
        (max(onset, 0.0), min(onset + duration, seconds) - max(onset, 0.0), text, extras)
        for onset, duration, text, extras in sorted(rows, key=lambda row: row[0])
        if onset < seconds and onset + duration >= 0
    ]
    onsets, durations, texts, extras = zip(*inside, strict=True) if inside else ((), (), (), ())
    filled = [dict.fromkeys(COLUMNS, "n/a") | known for known in extras]
    return Annotations(onsets, durations, texts, extras=filled)
