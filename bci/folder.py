"""The session folder: `session.toml` and `log.txt`, beside what sinks and the summary put there."""

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomli_w

from bci.storage import SCHEMA, new_folder

__all__ = ["log_to", "make_folder", "write_session"]


def make_folder(out: Path | None, bundle: str) -> Path:
    """Make the folder of a session, by default `sessions/YYYYMMDD-HHMMSS-<bundle>`.

    Raises
    ------
    OutputError
        If it is not empty, or cannot be made.
    """
    stamp = dt.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = out or Path("sessions") / f"{stamp}-{bundle}"
    new_folder(folder)
    return folder


def write_session(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write `session.toml`: what was decoded, how, and with what. Entries without a value are left out."""
    (folder / "session.toml").write_bytes(tomli_w.dumps({"schema": SCHEMA, **_present(settings)}).encode())


@contextmanager
def log_to(folder: Path) -> Iterator[None]:
    """Copy what is logged into `log.txt` while the session lasts."""
    handler = logging.FileHandler(folder / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
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
