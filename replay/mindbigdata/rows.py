"""One line of MindBigData's text: one channel of one event.

The form: http://mindbigdata.com/opendb/ (Vivancos 2018). Columns, separated by tabs, without a header: id, event,
device, channel, code (the digit, -1 for none), size, and `size` values separated by commas.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHANNELS",
    "CODES",
    "DEVICE",
    "DIGITS",
    "LONGEST",
    "NO_DIGIT",
    "SFREQ",
    "BrokenRowError",
    "Row",
    "parse_row",
]

CHANNELS = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
"""The EPOC's, in its own order; the rows of an event may come in any."""
SFREQ = 128.0
"""Nominal rate, Hz."""
DEVICE = "EP"
NO_DIGIT = -1
"""Code of what was recorded while nothing was shown."""
CODES = range(NO_DIGIT, 10)
DIGITS = tuple(str(code) for code in CODES if code != NO_DIGIT)
"""Names of the concepts: the code of each is its place."""
LONGEST = 2**20
"""Bytes that are looked at of a line; a line as long is no row, whatever it is."""

_COLUMNS = ("id", "event", "device", "channel", "code", "size", "data")
_INDEX = {label: index for index, label in enumerate(CHANNELS)}
_LARGEST_EVENT = 2**62


class BrokenRowError(ValueError):
    """A line that is no row, and why: one of a few reasons, which are counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One channel of one event.

    Parameters
    ----------
    event
        Number that the rows of an event share.
    channel
        Index into `CHANNELS`.
    code
        The digit, or `NO_DIGIT`.
    values
        (size,) float64 microvolts, offset included.
    """

    event: int
    channel: int
    code: int
    values: NDArray[np.float64]


def parse_row(line: bytes) -> Row:
    """Read a line, with or without its end.

    Raises
    ------
    BrokenRowError
        If it is none of an EPOC's row, in a few words.
    """
    if len(line) >= LONGEST:
        raise BrokenRowError(f"expected less than {LONGEST} bytes")
    columns = line.rstrip(b"\r\n").split(b"\t")
    if len(columns) != len(_COLUMNS):
        raise BrokenRowError(f"expected {len(_COLUMNS)} columns")
    try:
        _, event, device, channel, code, size, data = (column.decode("ascii") for column in columns)
    except UnicodeDecodeError:
        raise BrokenRowError("expected ASCII") from None
    if device != DEVICE:
        raise BrokenRowError(f"expected the device {DEVICE}")
    if channel not in _INDEX:
        raise BrokenRowError("expected a channel of the EPOC")
    number, digit, length = _whole(event, "event"), _whole(code, "code"), _whole(size, "size")
    if not 0 <= number <= _LARGEST_EVENT:
        raise BrokenRowError("expected an event of at least 0")
    if digit not in CODES:
        raise BrokenRowError(f"expected a code from {CODES[0]} to {CODES[-1]}")
    return Row(number, _INDEX[channel], digit, _values(data, length))


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BrokenRowError(f"expected a whole number as {name}") from None


def _values(data: str, size: int) -> NDArray[np.float64]:
    try:
        values = np.array(data.split(","), np.float64)
    except ValueError:
        raise BrokenRowError("expected numbers separated by commas") from None
    if len(values) != size:
        raise BrokenRowError("expected as many values as size says")
    if not np.isfinite(values).all():
        raise BrokenRowError("expected finite values")
    return values
