"""MindBigData's text, written: for tests, measurements, and synthetic worlds in the data set's own form."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from replay.mindbigdata.rows import CHANNELS, DEVICE

__all__ = ["event_lines", "write_text"]

STEP = 0.51282051  # microvolts between two values of the EPOC's 14 bits
LEVELS = 2**14


def write_text(path: Path, events: Iterable[tuple[int, NDArray[np.floating]]]) -> None:
    """Write events, numbered from 1.

    Parameters
    ----------
    path
        `EP1.01.txt`.
    events
        Of each the code and (14, size) microvolts, which are rounded to the EPOC's steps.
    """
    with path.open("w", encoding="ascii", newline="\n") as file:
        for number, (code, signals) in enumerate(events, 1):
            file.writelines(event_lines(number, code, signals))


def event_lines(number: int, code: int, signals: NDArray[np.floating]) -> Iterator[str]:
    """Yield the rows of an event, each with its end."""
    levels = np.clip(np.rint(signals / STEP), 0, LEVELS - 1).astype(np.int64)
    for channel, (label, row) in enumerate(zip(CHANNELS, levels.tolist(), strict=True)):
        data = ",".join([_TEXT[level] for level in row])
        row_id = (number - 1) * len(CHANNELS) + channel
        yield f"{row_id}\t{number}\t{DEVICE}\t{label}\t{code}\t{len(row)}\t{data}\n"


_TEXT = tuple(f"{level * STEP:.6f}" for level in range(LEVELS))
