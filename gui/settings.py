"""What a user has set, kept in a file of their profile from one session to the next.

Files carry a schema. An older one is migrated step by step; one that is damaged or newer is put aside, never
overwritten, and what comes instead is the default.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from bci.specs import Frozen

__all__ = ["MIGRATIONS", "SCHEMA", "Settings", "ThemeSetting", "default_folder", "load_settings", "save_settings"]

_LOG = logging.getLogger(__name__)

SCHEMA = 1
SMALLEST_TEXT, LARGEST_TEXT = 8, 20  # points
ThemeSetting = Literal["system", "dark", "light"]


class Settings(Frozen):
    """Settings of one profile."""

    theme: ThemeSetting = "system"
    font_points: Annotated[int, Field(ge=SMALLEST_TEXT, le=LARGEST_TEXT)] = 10
    preset: str = "Experiment"
    stream: str = ""
    """Name of the stream that was chosen last."""
    geometry: str = ""
    """Place and size of the window, as Qt writes them, in base64; empty before it was ever closed."""
    layouts: dict[str, str] = Field(default_factory=dict)
    """Preset -> where its panes were put, as Qt writes it, in base64."""


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Schema -> what makes the next one of it. Whoever changes a field raises `SCHEMA` and adds a line."""


def default_folder() -> Path:
    """Return where this user's settings lie."""
    from PyQt6.QtCore import QStandardPaths  # noqa: PLC0415 (settings are tested without Qt)

    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(place) / "bci-live"


def load_settings(path: Path) -> tuple[Settings, str]:
    """Read settings.

    Returns
    -------
    settings
        The defaults if there is no file, or none that can be read.
    notice
        What became of a file that could not be read, for the user; empty if all went well.
    """
    if not path.is_file():
        return Settings(), ""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Settings.model_validate(_migrated(raw)), ""
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        aside = path.with_suffix(".unreadable.json")
        notice = f"settings could not be read and are the defaults now: {_first_line(error)}"
        try:
            path.replace(aside)
        except OSError:
            return Settings(), notice
        return Settings(), f"{notice}; the old ones are kept in {aside}"


def save_settings(path: Path, settings: Settings) -> None:
    """Write settings; a disk that is full or read-only is said in the log and stops nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        body = {"schema": SCHEMA, **settings.model_dump(mode="json")}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(body, indent=2), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        _LOG.warning("settings could not be written: %s", error)


def _migrated(raw: dict[str, Any]) -> dict[str, Any]:
    schema = raw.pop("schema")
    if schema > SCHEMA:
        raise ValueError(f"they are of schema {schema}, this version knows up to {SCHEMA}")
    for step in range(schema, SCHEMA):
        raw = MIGRATIONS[step](raw)
    return raw


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
