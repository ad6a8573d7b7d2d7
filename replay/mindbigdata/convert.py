"""From text to arrays, a line at a time: in bounded memory, and from where it was interrupted.

A row has its place in the arrays as soon as its event has one, so that rows may come in any order. Every few
thousand lines it is noted how far the conversion is; what was written after the last note is written again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np

from bci.errors import FormatError, OutputError
from replay.mindbigdata.arrays import LENGTH, Checkpoint, Events, Fingerprint, Folder, fingerprint, write_header
from replay.mindbigdata.rows import CHANNELS, LONGEST, BrokenRowError, Row, parse_row

__all__ = ["Conversion", "convert"]

OnBytes = Callable[[int, int], None]
"""Told how many bytes of how many are done."""

NOTED_EVERY = 2**14  # lines
SHOWN_EVERY = 2**8  # lines
MORE = 1024  # events at first

_ROW_BYTES = LENGTH * 4
_EVENT_BYTES = len(CHANNELS) * _ROW_BYTES


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of it.

    Parameters
    ----------
    lines, events
        Of the source, and how many events they told of.
    complete
        Events with a row for every channel.
    broken
        Reason -> number of lines; which they are stands in `Folder.broken`.
    """

    lines: int
    events: int
    complete: int
    broken: dict[str, int]


def convert(source: Path, report: OnBytes) -> Conversion:
    """Convert a file to arrays beside it, or go on with it; nothing is done twice.

    Parameters
    ----------
    source
        `EP1.01.txt`.
    report
        Told how far it is.

    Raises
    ------
    FormatError
        If there is no such file, it holds no row at all, or the arrays beside it were made of another one.
    OutputError
        If the arrays cannot be written.
    """
    seen, folder = fingerprint(source), Folder.of(source)
    checkpoint, events = _begun(source, folder, seen)
    if checkpoint.offset < seen.size or not len(events):
        try:
            folder.path.mkdir(exist_ok=True)
            with source.open("rb") as lines, _Arrays(folder, seen, checkpoint, events) as arrays:
                _read(lines, arrays, report)
        except OSError as error:
            raise OutputError(f"cannot write to {folder.path}: {error.strerror}; make room, then go on") from None
        _, checkpoint, events = folder.load()
    if not len(events):
        raise FormatError(
            f"{source}: expected rows of an EPOC, got none in {checkpoint.line} lines: see {folder.broken}"
        )
    return Conversion(checkpoint.line, len(events), int(events.complete.sum()), checkpoint.broken)


def _begun(source: Path, folder: Folder, seen: Fingerprint) -> tuple[Checkpoint, Events]:
    if not folder.events.is_file():
        none = np.zeros(0, np.int64)
        return Checkpoint(), Events(none, none, none, np.zeros((0, len(CHANNELS)), np.int64))
    made_of, checkpoint, events = folder.load()
    if made_of != seen:
        raise FormatError(f"{folder.path} was made of another {source.name}: remove it, or rename {source.name}")
    return checkpoint, events


def _read(lines: IO[bytes], arrays: "_Arrays", report: OnBytes) -> None:
    lines.seek(arrays.offset)
    while line := lines.readline(LONGEST):
        if len(line) == LONGEST and not line.endswith(b"\n"):
            _skip(lines)
        arrays.take(line, lines.tell())
        if arrays.line % SHOWN_EVERY == 0:
            report(arrays.offset, arrays.source.size)
        if arrays.line % NOTED_EVERY == 0:
            arrays.note()


def _skip(lines: IO[bytes]) -> None:
    """Pass over the rest of a line that is too long."""
    while (rest := lines.readline(LONGEST)) and not rest.endswith(b"\n"):
        pass


class _Arrays:
    """The files that a conversion writes, open.

    Parameters
    ----------
    folder
        Where they lie.
    source
        What they are made of.
    checkpoint, events
        From where it goes on.
    """

    def __init__(self, folder: Folder, source: Fingerprint, checkpoint: Checkpoint, events: Events) -> None:
        self.source, self.offset, self.line = source, checkpoint.offset, checkpoint.line
        self._folder = folder
        self._counts = Counter(checkpoint.broken)
        self._place = {int(number): place for place, number in enumerate(events.numbers)}
        self._codes, self._lines = events.codes.tolist(), events.lines.tolist()
        self._sizes = events.sizes.copy()  # room for more than there are
        self._listed = checkpoint.listed

    def __enter__(self) -> Self:
        self._signals = _open(self._folder.signals)
        self._broken = _open(self._folder.broken)
        self._broken.truncate(self._listed)
        self._broken.seek(self._listed)
        self._first = write_header(self._signals, len(self._codes))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:  # an interrupted line may be half done: what follows the last note is done again
                self.note()
        finally:
            self._signals.close()
            self._broken.close()

    def take(self, line: bytes, offset: int) -> None:
        """Put a line where it belongs; the next one begins at `offset`."""
        self.line += 1
        try:
            self._put(parse_row(line))
        except BrokenRowError as why:
            self._counts[str(why)] += 1
            self._broken.write(f"{self.line}\t{why}\n".encode())
        self.offset = offset

    def note(self) -> None:
        """Note how far it is, once all before it is written."""
        self._signals.truncate(self._first + len(self._codes) * _EVENT_BYTES)
        write_header(self._signals, len(self._codes))
        self._signals.flush()
        self._broken.flush()
        checkpoint = Checkpoint(self.offset, self.line, self._broken.tell(), dict(self._counts))
        numbers, codes, first = (
            np.array(list(each), np.int64) for each in (self._place, self._codes, self._lines)
        )
        self._folder.save(self.source, checkpoint, Events(numbers, codes, first, self._sizes[: len(codes)]))

    def _put(self, row: Row) -> None:
        place = self._place.get(row.event)
        if place is not None and self._codes[place] != row.code:
            raise BrokenRowError("expected the code of its event")
        if place is not None and self._sizes[place, row.channel]:
            raise BrokenRowError("expected every channel of an event once")
        if place is None:
            place = self._begin_event(row)
        self._sizes[place, row.channel] = len(row.values)
        kept = np.empty(LENGTH, "<f4")
        kept[: len(row.values)] = row.values[:LENGTH]
        kept[len(row.values) :] = row.values[-1]
        self._signals.seek(self._first + place * _EVENT_BYTES + row.channel * _ROW_BYTES)
        self._signals.write(kept.data)

    def _begin_event(self, row: Row) -> int:
        place = self._place[row.event] = len(self._codes)
        self._codes.append(row.code)
        self._lines.append(self.line)
        if place == len(self._sizes):
            self._sizes = np.concatenate([self._sizes, np.zeros((place + MORE, len(CHANNELS)), np.int64)])
        return place


def _open(path: Path) -> IO[bytes]:
    """Open a file for writing anywhere in it, and leave what is there."""
    return path.open("r+b" if path.exists() else "w+b")
