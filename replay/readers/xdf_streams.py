"""The streams of an XDF file: what there is, and the samples of those that are wanted, on one clock.

Format: https://github.com/sccn/xdf/wiki/Specifications. pyxdf (https://github.com/xdf-modules/pyxdf) reads the
chunks, follows the clock offsets and notices resets of a sender's clock; its smoothing of stamps hides gaps and is
not used.
"""

import gzip
import logging
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.journal import is_journal

__all__ = ["Stream", "StreamInfo", "child", "complaints", "load", "resolve", "text"]

_DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, struct.error)
"""What pyxdf raises for files that are no XDF; of truncated ones it reads what is whole."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What the header of a stream says."""

    number: int
    name: str
    type: str
    source_id: str
    n_channels: int
    sfreq: float
    format: str

    @property
    def is_journal(self) -> bool:
        """Whether it is what a session of ours said of itself."""
        return is_journal(self.name)

    @property
    def is_marker(self) -> bool:
        """Whether it tells of events: `Markers`, `LSL_Marker_Strings`, `StringMarker`."""
        return "marker" in self.type.lower() and not self.is_journal

    def __str__(self) -> str:
        return f"{self.name!r} (number {self.number}, type {self.type}, {self.n_channels} ch, {self.sfreq:g} Hz)"


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream with its samples.

    Parameters
    ----------
    stamps
        (n_times,) float64 seconds, on one clock, `offset` subtracted.
    offset
        Seconds by which stamps are late as the stream itself says: `desc/synchronization/offset_mean`.
    clocks
        (first, stop) samples between resets of the sender's clock.
    """

    info: StreamInfo
    desc: Mapping[str, Any]
    stamps: NDArray[np.float64]
    samples: Any
    clocks: tuple[tuple[int, int], ...]
    offset: float


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect what pyxdf logs, instead of showing it."""
    heard: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.addFilter(lambda record: "clock-segments differ" not in record.getMessage())  # always so, undejittered
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("pyxdf")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield heard
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def _opened(path: Path) -> BinaryIO:
    zipped = path.name.lower().endswith((".xdfz", ".xdf.gz"))
    return cast("BinaryIO", gzip.open(path)) if zipped else path.open("rb")


def resolve(path: Path) -> list[StreamInfo]:
    """Read the headers of all streams.

    Raises
    ------
    FormatError
        If the file is no XDF.
    """
    import pyxdf  # noqa: PLC0415

    try:
        with _opened(path) as file:
            found = pyxdf.resolve_streams(file)
    except _DAMAGE as error:
        raise FormatError(f"{path} is no XDF file: {error}") from None
    return [
        StreamInfo(
            int(entry["stream_id"]),
            entry["name"] or "",
            entry["type"] or "",
            entry["source_id"] or "",
            entry["channel_count"],
            entry["nominal_srate"],
            entry["channel_format"],
        )
        for entry in found
    ]


def load(path: Path, wanted: Sequence[StreamInfo]) -> list[Stream]:
    """Read the samples of some streams, clocks corrected and `desc/synchronization/offset_mean` subtracted.

    Raises
    ------
    FormatError
        If the file is damaged beyond what pyxdf can skip.
    """
    import pyxdf  # noqa: PLC0415

    try:
        with _opened(path) as file:
            found, _ = pyxdf.load_xdf(file, [info.number for info in wanted], dejitter_timestamps=False)
    except _DAMAGE as error:
        raise FormatError(f"{path} is damaged, pyxdf cannot read it: {error}; copy it again") from None
    infos = {info.number: info for info in wanted}
    return [_stream(infos[entry["info"]["stream_id"]], entry) for entry in found]


def _stream(info: StreamInfo, entry: Mapping[str, Any]) -> Stream:
    desc = child(entry["info"], "desc") or {}
    n_times = len(entry["time_stamps"])
    offset = _number(desc, "synchronization", "offset_mean")
    clocks = tuple((int(first), int(last) + 1) for first, last in entry["info"]["clock_segments"])
    return Stream(
        info,
        desc,
        np.asarray(entry["time_stamps"], np.float64) - offset,
        entry["time_series"],
        clocks or ((0, n_times),),
        offset,
    )


# ------------------------------------------------------------------------------------------------ desc


def child(node: Any, *names: str) -> Any:
    """Follow names through pyxdf's dicts of lists; None if one is not there."""
    for name in names:
        node = (node.get(name) or [None])[0] if isinstance(node, Mapping) else None
    return node


def text(node: Any, *names: str) -> str:
    """Follow names to a text without spaces around it; empty if it is not there."""
    found = child(node, *names)
    return found.strip() if isinstance(found, str) else ""


def _number(node: Any, *names: str) -> float:
    """A finite number, 0 if it is not there or none."""
    try:
        value = float(text(node, *names) or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
