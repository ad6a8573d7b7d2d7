"""The session folder: `session.toml` and `log.txt`, beside what sinks, recorder and the summary put there."""

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomli_w

from bci.errors import FormatError
from bci.nameless import NamelessFormatter
from bci.storage import SCHEMA, new_folder
from bci.xdf_chunks import blank_names

__all__ = ["log_to", "make_folder", "recording_in", "write_session"]

_SESSION = "session.toml"


def make_folder(out: Path | None, bundle: str, person: str | None = None) -> Path:
    """Make the folder of a session, by default `sessions/YYYYMMDD-HHMMSS-[<person>-]<bundle>`.

    Raises
    ------
    OutputError
        If it is not empty, or cannot be made.
    """
    stamp = dt.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = out or Path("sessions") / "-".join(part for part in (stamp, person, bundle) if part)
    new_folder(folder)
    return folder


def write_session(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write `session.toml`: what was decoded, how, and with what. Entries without a value are left out."""
    (folder / _SESSION).write_bytes(tomli_w.dumps({"schema": SCHEMA, **_present(settings)}).encode())


def recording_in(folder: Path) -> Path:
    """Return the recording of a session; one that was killed at once may name its computer, and is cured of it.

    Raises
    ------
    FormatError
        If it is no session's folder, or does not hold just one recording.
    """
    if not (folder / _SESSION).is_file():
        raise FormatError(
            f"expected a recording or a session's folder, got {folder}, a folder: name one of its files"
        )
    found = sorted(folder.glob("recording*.xdf"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none: sessions are recorded with bci live --record"
        raise FormatError(f"expected one recording in {folder}, there are {names}")
    if not (folder / "summary.json").exists():
        with suppress(OSError):  # a place where nothing may be written
            blank_names(found[0])
    return found[0]


@contextmanager
def log_to(folder: Path) -> Iterator[None]:
    """Copy what is logged into `log.txt` while the session lasts."""
    handler = logging.FileHandler(folder / "log.txt", encoding="utf-8")
    handler.setFormatter(NamelessFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        with suppress(OSError):  # a full disk, of which whoever writes what matters will tell
            handler.close()


def _present(settings: Mapping[str, Any]) -> dict[str, Any]:
    """TOML knows no null."""
    return {
        key: _present(value) if isinstance(value, Mapping) else value
        for key, value in settings.items()
        if value is not None
    }
