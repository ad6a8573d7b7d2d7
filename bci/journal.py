"""What the operator and the session did, and when: one line each, on the LSL clock.

An entry goes to `journal.jsonl`, flushed at once, and to the LSL stream `bci-journal`, which is recorded beside
the EEG. There it is a marker with the prefix of those that never make an event.
"""

import json
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bci.errors import ConfigError, FormatError
from bci.events import CONTROL_PREFIX
from bci.storage import SCHEMA, check_schema

__all__ = [
    "JOURNAL",
    "LONGEST",
    "Entry",
    "Journal",
    "Kind",
    "Wire",
    "from_wire",
    "is_journal",
    "plain",
    "read_journal",
    "to_wire",
]

_LOG = logging.getLogger(__name__)

JOURNAL = "bci-journal"
"""Name of the stream, or what it begins with: whoever looks for markers leaves it alone."""
LONGEST = 500
"""Characters of a note."""
_LONGEST_LINE = 2**16


class Kind(StrEnum):
    """What an entry tells of."""

    FIRST_SAMPLE = "first-sample"  # where filters and the fit of time began
    BEGIN = "begin"  # later events count
    PAUSE = "pause"
    RESUME = "resume"
    EXCLUDE = "exclude"  # a stretch, from the entry's time on for its duration
    NOTE = "note"
    STATE = "state"  # of the source
    LEAVE_OUT = "leave-out"  # channels
    RECORDING = "recording"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done or happened.

    Parameters
    ----------
    time
        Seconds on the LSL clock.
    kind, text
        What, and what is to be said of it.
    duration
        Seconds, of a stretch.
    """

    time: float
    kind: Kind
    text: str = ""
    duration: float = 0.0


class Wire(Protocol):
    """Whatever else takes entries, such as an LSL stream."""

    def send(self, entry: Entry) -> None:
        """Take one; nothing once it is closed."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Journal:
    """Writes entries down and hands them on; for any thread.

    Parameters
    ----------
    path
        The file; it must not exist.
    wire
        Where else entries go, if anywhere; closed with it.
    """

    def __init__(self, path: Path, wire: Wire | None = None) -> None:
        self._file = path.open("x", encoding="utf-8")
        self._wire = wire
        self._lock = threading.Lock()
        self._failed = False

    def write(self, entry: Entry) -> None:
        """Write and flush, then send; a full disk is said once, and does not stop the session."""
        with self._lock:
            try:
                self._file.write(_line(entry) + "\n")
                self._file.flush()
            except (OSError, ValueError) as error:  # a full disk; a file that is closed
                if not self._failed:
                    _LOG.warning("the journal is no longer written to %s: %s", Path(self._file.name).name, error)
                self._failed = True
            if self._wire is not None:
                self._wire.send(entry)

    def close(self) -> None:
        """Close the file and the wire."""
        with suppress(OSError):  # a disk that is still full, which was said already
            self._file.close()
        if self._wire is not None:
            self._wire.close()


def is_journal(stream: str) -> bool:
    """Whether a stream of this name is a session's journal."""
    return stream.startswith(JOURNAL)


def plain(text: str) -> str:
    """Return a note on one line.

    Raises
    ------
    ConfigError
        If it is empty or longer than `LONGEST`.
    """
    line = " ".join(text.split())
    if not 0 < len(line) <= LONGEST:
        raise ConfigError(f"expected a note of 1 to {LONGEST} characters, got {len(line)}: write another one")
    return line


# ------------------------------------------------------------------------------------------------ in writing


def to_wire(entry: Entry) -> str:
    """Return an entry as a marker: `bci:pause`, `bci:note {"text": "coughs"}`."""
    rest = _rest(entry)
    return f"{CONTROL_PREFIX}{entry.kind}" + (f" {json.dumps(rest, ensure_ascii=False)}" if rest else "")


def from_wire(value: str, time: float) -> Entry | None:
    """Read a marker of the stream; None if it is no entry that is known."""
    kind, _, rest = value.removeprefix(CONTROL_PREFIX).partition(" ")
    if not value.startswith(CONTROL_PREFIX) or len(rest) > _LONGEST_LINE:
        return None
    try:
        body = json.loads(rest or "{}")
        return _entry(_Line.model_validate({**body, "time": time, "kind": kind}))
    except (ValueError, TypeError, RecursionError):  # ValidationError is a ValueError
        return None


def read_journal(path: Path) -> list[Entry]:
    """Read a journal; a last line that was cut off by a crash is left out.

    Raises
    ------
    FormatError
        If the file is no journal or of a higher schema.
    """
    try:
        *lines, rest = path.read_text("utf-8", errors="replace").split("\n")
    except OSError as error:
        raise FormatError(f"cannot read {path.name}: {error.strerror}") from None
    del rest  # empty, unless it was cut off
    return [_read(line, path) for line in lines]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    time: float
    kind: Kind
    text: Annotated[str, Field(max_length=_LONGEST_LINE)] = ""
    duration: Annotated[float, Field(ge=0)] = 0.0


def _line(entry: Entry) -> str:
    body = {"schema": SCHEMA, "time": entry.time, "kind": str(entry.kind), **_rest(entry)}
    return json.dumps(body, ensure_ascii=False)


def _rest(entry: Entry) -> dict[str, Any]:
    rest = {"text": entry.text, "duration": entry.duration}
    return {key: value for key, value in rest.items() if value}


def _read(line: str, path: Path) -> Entry:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path.name} is damaged, expected lines of JSON: {error}") from None
    if not isinstance(body, dict):
        raise FormatError(f"{path.name} is damaged, expected objects, got {type(body).__name__}")
    check_schema(body, path)
    try:
        return _entry(_Line.model_validate(body))
    except ValidationError as error:
        first = error.errors()[0]
        raise FormatError(f"{path.name} is damaged: {first['loc'][0]}: {first['msg'][:200]}") from None


def _entry(line: _Line) -> Entry:
    return Entry(line.time, line.kind, line.text, line.duration)
