"""EEG in BIDS: the signal by MNE, the markers from `events.tsv`, THINGS-EEG1 among them.

Format: https://bids-specification.readthedocs.io/en/stable/modality-specific-files/electroencephalography.html.
THINGS-EEG1: Grootswagers, Zhou, Robinson, Hebart & Carlson (2022), doi:10.1038/s41597-021-01102-7, OpenNeuro
ds003825, with one row of `events.tsv` for each of its pictures at 10 Hz.
"""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bci.errors import ConfigError, FormatError
from bci.types import Recording
from replay.readers.mne_files import read_mne

__all__ = ["COLUMNS", "read_bids"]

COLUMNS = ("trial_type", "object", "stimulus", "value")
"""Columns of `events.tsv` that may say what was shown, the first one that there is counts."""

_MISSING = ("", "n/a")


def read_bids(path: Path, column: str | None = None) -> Recording:
    """Read one recording of a BIDS data set.

    Parameters
    ----------
    path
        `sub-01_task-rsvp_eeg.vhdr` or another format of MNE; `..._events.tsv` and `..._eeg.json` lie beside it.
    column
        Of `events.tsv`, whose values become markers; None: the first of `COLUMNS`.

    Returns
    -------
    Recording
        As `replay.readers.mne_files` reads it. Markers are the rows of `events.tsv` whose onset and value are
        known; without that file those of the recording itself. The reference is that of the header, else that of
        `eeg.json`.

    Raises
    ------
    ConfigError
        If `events.tsv` has no such column.
    FormatError
        If the recording or a file beside it is damaged.
    """
    events = _beside(path, "_events.tsv")
    if not events.is_file():
        if column is not None:
            raise ConfigError(f"{path}: expected {events.name} beside it for the column {column!r}: leave it out")
        return _described(path, read_mne(path), f"no {events.name}: markers are those of the recording itself")
    rows = list(_rows(events))
    chosen = _column(events, rows[0] if rows else {}, column)
    known = [(float(row["onset"]), row[chosen]) for row in rows if _is_known(row, chosen)]
    recording = read_mne(path, known)
    caveats = [f"markers are the column {chosen} of {events.name}"]
    if lost := len(rows) - len(recording.markers):
        caveats.append(f"{lost} rows without onset or value, told twice, or outside the recording are left out")
    return _described(path, recording, *caveats)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name[: path.name.lower().rindex("_eeg")] + ending)


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", restval="n/a", quoting=csv.QUOTE_NONE)
            for row in table:
                if None in row:
                    raise FormatError(
                        f"{path}: expected {len(table.fieldnames or ())} columns in line {table.line_num}"
                    )
                yield {key.strip(): value.strip() for key, value in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path} is damaged, expected a table of BIDS: {error}; copy it again") from None


def _column(path: Path, row: Mapping[str, str], wanted: str | None) -> str:
    there = ", ".join(row) or "no rows"
    if "onset" not in row:
        raise FormatError(f"{path}: expected a column onset in seconds, got {there}")
    chosen = next((name for name in ([wanted] if wanted else COLUMNS) if name in row), None)
    if chosen is None:
        expected = wanted or f"one of {', '.join(COLUMNS)}"
        raise ConfigError(f"{path}: expected the column {expected}, got {there}: name one with the option column")
    return chosen


def _is_known(row: Mapping[str, str], column: str) -> bool:
    if row["onset"] in _MISSING or row[column] in _MISSING:
        return False
    try:
        return math.isfinite(float(row["onset"]))
    except ValueError:
        raise FormatError(f"expected onsets in seconds, got {row['onset']!r} in events.tsv: correct it") from None


def _described(path: Path, recording: Recording, *caveats: str) -> Recording:
    known = recording.provenance
    return replace(
        recording,
        reference=recording.reference or _reference(_beside(path, "_eeg.json")),
        provenance={**known, "caveats": [*known["caveats"], *caveats]},
    )


def _reference(path: Path) -> str | None:
    """What `eeg.json` says, None if it does not say it."""
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig")).get("EEGReference")
    except (OSError, ValueError, AttributeError) as error:
        raise FormatError(f"{path} is damaged, expected a JSON object: {error}; copy it again") from None
    return said if isinstance(said, str) and said not in _MISSING else None
