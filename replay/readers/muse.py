"""CSV files of the Muse headset, as the recorder of Muse LSL writes them.

Format: https://github.com/alexandrebarachant/muse-lsl. One row per sample, 256 Hz: `timestamps`, the channels in
microvolts, and sampled marker columns (`Marker`, `Marker0`, ...), 0 where there is no marker. The stamps tell
when a Bluetooth packet came, not when a sample was taken: they jump, run backwards and wander by some 40 ms while
no sample is missing. So time is row / 256; the stamps only serve to notice a file of another rate.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.triggers import TriggerDecoder
from bci.types import Channel, Recording, read_only
from replay.readers.provenance import describe

__all__ = ["SFREQ", "read_muse"]

SFREQ = 256.0
"""Sampling rate of the Muse, Hz."""

_STAMPS = "timestamps"
_MARKER = "Marker"
_ROWS_AT_ONCE = 65_536
_RATE_TOLERANCE = 0.01


def read_muse(path: Path) -> Recording:
    """Read one Muse recording, `.csv` or `.csv.gz`.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Recording
        All channels; those with AUX in their name are of kind `aux`. A marker is the row in which a marker
        column takes a new value other than 0, as the text of that whole number. Recorded against Fpz, as the
        Muse does.

    Raises
    ------
    FormatError
        If the columns are others, a value is no number, or the rate is not 256 Hz.
    """
    try:
        with _opened(path) as file:
            table = _read(path, file)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise FormatError(
            f"{path} is damaged, expected a table of numbers as Muse LSL writes it: {error}; copy it again"
        ) from None
    _check_rate(path, table.stamps)
    return Recording(
        data=read_only(table.data),
        sfreq=SFREQ,
        segments=((0, 0.0),),
        markers=_onsets(table.codes),
        channels=tuple(Channel(name, "aux" if "AUX" in name.upper() else "eeg") for name in table.labels),
        reference="Fpz",
        provenance=describe(
            path, "times are row / 256: the stamps jitter by packet and are ignored", device="Muse"
        ),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Stamps (n_times,), data (n_times, n_channels) and codes (n_times, n_marker_columns)."""

    labels: tuple[str, ...]
    stamps: NDArray[np.float64]
    data: NDArray[np.float32]
    codes: NDArray[np.int64]


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _read(path: Path, file: BinaryIO) -> _Table:
    columns = _columns(path, file.readline(10_000).decode("utf-8-sig"))
    markers = [i for i, name in enumerate(columns) if name.startswith(_MARKER)]
    channels = [i for i in range(1, len(columns)) if i not in markers]
    stamps, data, codes = [], [], []
    for rows in _pieces(path, file, columns):
        stamps.append(rows[:, 0])
        data.append(rows[:, channels].astype(np.float32))
        codes.append(_whole(path, rows[:, markers]))
    if not data:
        raise FormatError(f"{path}: expected one row per sample, got a header without rows: record it again")
    labels = tuple(columns[i] for i in channels)
    return _Table(labels, np.concatenate(stamps), np.concatenate(data), np.concatenate(codes))


def _columns(path: Path, line: str) -> list[str]:
    """Names in the first line, checked."""
    columns = line.strip().split(",")
    n_markers = sum(name.startswith(_MARKER) for name in columns)
    fits = columns[0] == _STAMPS and n_markers > 0 and len(columns) > 1 + n_markers
    if not fits or len(set(columns)) != len(columns):
        raise FormatError(
            f"{path}: expected the columns timestamps, one or more channels, Marker..., each once; got "
            f"{', '.join(columns)[:200]!r}: this is no recording of Muse LSL"
        )
    return columns


def _pieces(path: Path, file: BinaryIO, columns: Sequence[str]) -> Iterator[NDArray[np.float64]]:
    """Pieces (n_rows, n_columns) of the table, checked."""
    first = 0
    while lines := list(islice(file, _ROWS_AT_ONCE)):
        rows = np.loadtxt(lines, np.float64, comments=None, delimiter=",", ndmin=2)
        if rows.shape[1] != len(columns):
            raise FormatError(f"{path}: expected {len(columns)} columns, got {rows.shape[1]}: copy it again")
        if not np.isfinite(rows).all():
            row, column = np.argwhere(~np.isfinite(rows))[0]
            raise FormatError(
                f"{path}: expected numbers everywhere, got {rows[row, column]} in column "
                f"{columns[column]!r} of data row {first + row + 1}: cut the file before it or leave it out"
            )
        yield rows
        first += len(rows)


def _whole(path: Path, codes: NDArray[np.float64]) -> NDArray[np.int64]:
    broken = codes[codes != np.rint(codes)]
    if broken.size:
        raise FormatError(f"{path}: expected whole numbers as markers, got {broken[0]}: correct the marker column")
    return codes.astype(np.int64)


def _check_rate(path: Path, stamps: NDArray[np.float64]) -> None:
    """Compare the rate of the stamps with the Muse's, if the file is long enough for jitter not to matter."""
    duration = stamps[-1] - stamps[0]
    if len(stamps) < 10 * SFREQ:
        return
    rate = (len(stamps) - 1) / duration if duration > 0 else np.inf
    if abs(rate / SFREQ - 1) > _RATE_TOLERANCE:
        raise FormatError(
            f"{path}: expected {SFREQ:g} Hz, got {len(stamps)} rows in {duration:.1f} s by their stamps "
            f"({rate:.1f} Hz): rows are missing, or this is no Muse; leave the file out"
        )


def _onsets(codes: NDArray[np.int64]) -> tuple[tuple[int, str], ...]:
    """(row, value) where a column of `codes` (n_times, n_columns) takes a new value that is no rest."""
    found = []
    for column in codes.T:
        decoder = TriggerDecoder()
        decoder.feed(np.zeros(1), -1)  # Muse LSL writes a marker into one row, so one in the first is an onset
        found += decoder.feed(column, 0)
    return tuple((onset.sample, str(onset.value)) for onset in sorted(found, key=lambda onset: onset.sample))
