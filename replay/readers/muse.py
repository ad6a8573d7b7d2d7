"""CSV files of the Muse headset, as the recorder of Muse LSL writes them.

Format: https://github.com/alexandrebarachant/muse-lsl. One row per sample, 256 Hz: `timestamps`, the channels in
microvolts, and sampled marker columns (`Marker`, `Marker0`, ...), 0 where there is no marker. The stamps tell
when a Bluetooth packet came, not when a sample was taken: they jump, run backwards and wander by some 40 ms while
no sample is missing. So time is row / 256; the stamps only serve to notice a file of another rate.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import Channel, Recording, read_only
from replay.readers.provenance import describe

if TYPE_CHECKING:
    import pandas as pd

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
    columns = _columns(path)
    names = [name for name in columns if name != _STAMPS and not name.startswith(_MARKER)]
    stamps, data, codes = _read(path, columns, names)
    _check_rate(path, stamps)
    return Recording(
        data=read_only(data),
        sfreq=SFREQ,
        segments=((0, 0.0),),
        markers=_onsets(codes),
        channels=tuple(Channel(name, "aux" if "AUX" in name.upper() else "eeg") for name in names),
        reference="Fpz",
        provenance=describe(
            path,
            "times are row / 256: the stamps jitter by packet and are ignored",
            device="Muse",
        ),
    )


def _columns(path: Path) -> list[str]:
    """Names in the first line, checked."""
    try:
        with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as file:
            columns = file.readline(10_000).decode("utf-8").strip().split(",")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FormatError(f"cannot read {path}: {error}") from None
    expected = "expected the columns timestamps, one or more channels, Marker..."
    if columns[0] != _STAMPS or not any(name.startswith(_MARKER) for name in columns) or len(columns) < 3:
        raise FormatError(
            f"{path}: {expected}; got {', '.join(columns)[:200]!r}: this is no recording of Muse LSL"
        )
    if len(set(columns)) != len(columns):
        raise FormatError(f"{path}: {expected}, each once; got {', '.join(columns)[:200]!r}")
    return columns


def _read(
    path: Path, columns: Sequence[str], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int64]]:
    """Stamps (n_times,), data (n_times, n_channels) and codes (n_times, n_marker_columns)."""
    marker_columns = [name for name in columns if name.startswith(_MARKER)]
    stamps, data, codes = [], [], []
    for first, table in _tables(path):
        _check_numbers(path, table, first)
        stamps.append(table[_STAMPS].to_numpy(np.float64))
        data.append(table[list(names)].to_numpy(np.float32))
        codes.append(table[marker_columns].to_numpy(np.int64))
    if not data:
        raise FormatError(f"{path}: expected one row per sample, got a header without rows: record it again")
    return np.concatenate(stamps), np.concatenate(data), np.concatenate(codes)


def _tables(path: Path) -> Iterator[tuple[int, "pd.DataFrame"]]:
    """Pieces of the table with the index of their first row."""
    import pandas as pd  # noqa: PLC0415 (half a second that only this reader needs)

    first = 0
    try:
        with pd.read_csv(
            path, dtype=np.float64, chunksize=_ROWS_AT_ONCE, float_precision="round_trip"
        ) as pieces:
            for table in pieces:
                yield first, table
                first += len(table)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise FormatError(
            f"{path} is damaged, expected a table of numbers: {str(error).splitlines()[0]}; copy it again"
        ) from None


def _check_numbers(path: Path, table: "pd.DataFrame", first: int) -> None:
    bad = ~np.isfinite(table.to_numpy())
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise FormatError(
            f"{path}: expected numbers everywhere, got {table.to_numpy()[row, column]} in column "
            f"{table.columns[column]!r} of data row {first + row + 1} ({int(bad.sum())} such values): "
            "cut the file before it or leave it out"
        )


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
    """(row, value) where a column of `codes` (n_times, n_columns) takes a new value other than 0."""
    before = np.vstack([np.zeros_like(codes[:1]), codes[:-1]])
    rows, columns = np.nonzero((codes != 0) & (codes != before))
    return tuple((int(row), str(codes[row, column])) for row, column in zip(rows, columns, strict=True))
