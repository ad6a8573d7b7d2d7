"""The chunks of an XDF file, one after the other, and what their headers need not say.

Format: https://github.com/sccn/xdf/wiki/Specifications. LSL writes the name and the addresses of the sender's
computer into the header of every stream (https://labstreaminglayer.readthedocs.io/dev/xdf.html).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bci.nameless import names

__all__ = ["FOOTER", "HEADER", "Chunk", "blank_names", "chunks"]

HEADER, FOOTER = 2, 6
"""Tags of the chunks that begin and end a stream."""
_LONGEST = 2**24  # bytes of a header that is looked through: ours hold the names of all concepts
_NAMING = re.compile(rb"(?<=<hostname>)[^<]+|(?<=<session_id>)[^<]+|(?<=<v4address>)[^<]+|(?<=<v6address>)[^<]+")


class Chunk(NamedTuple):
    """A chunk that is whole: its tag, and where its content stands in the file, in bytes."""

    tag: int
    start: int
    length: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks of a file until its end, or until one that is not whole; what is in them is not read."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    here = 4 if file.read(4) == b"XDF:" else size
    while here < size:
        file.seek(here)
        length = int.from_bytes(file.read(_length_bytes(file.read(1))), "little")
        tag, start = int.from_bytes(file.read(2), "little"), file.tell()
        here = start + length - 2
        if length < 2 or here > size:
            return
        yield Chunk(tag, start, length - 2)


def blank_names(path: Path) -> int:
    """Put spaces in the place of what names a computer or its user in the headers of streams, and nothing else.

    Every byte stays where it is, so it may be done while the file is still written.

    Returns
    -------
    n_headers
        How many headers there are so far.

    Raises
    ------
    OSError
        If the file cannot be changed.
    """
    n_headers = 0
    with path.open("r+b") as file:
        for chunk in chunks(file):
            if chunk.tag != HEADER or chunk.length > _LONGEST:
                continue
            n_headers += 1
            file.seek(chunk.start)
            header = file.read(chunk.length)
            blank = _blanked(header)
            if blank != header:
                file.seek(chunk.start)
                file.write(blank)
    return n_headers


def _blanked(header: bytes) -> bytes:
    number, xml = header[:4], header[4:]
    known = re.compile(names().pattern.encode())
    for naming in (_NAMING, known):
        xml = naming.sub(lambda found: b" " * len(found[0]), xml)
    return number + xml


def _length_bytes(byte: bytes) -> int:
    return byte[0] if byte and byte[0] in (1, 4, 8) else 0
