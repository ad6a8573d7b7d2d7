"""Device profiles as TOML files: those of `configs/devices` by name, a lab's own by path."""

from pathlib import Path

import tomli_w

from bci.config import config_folders, find_config, parse, read_toml
from bci.devices import DeviceProfile
from bci.errors import OutputError
from bci.storage import SCHEMA, check_schema

__all__ = ["device_of_session", "known_devices", "load_device", "save_device"]

FOLDER = "devices"


def known_devices() -> tuple[DeviceProfile, ...]:
    """Return the profiles of `configs/devices`, sorted by name."""
    files = {file.stem: file for folder in config_folders() for file in (folder / FOLDER).glob("*.toml")}
    return tuple(_read(files[name]) for name in sorted(files))


def load_device(name: str) -> DeviceProfile:
    """Read a profile, given its name or the path of its file.

    Raises
    ------
    ConfigError
        If there is none, or it is none.
    FormatError
        If it has a higher schema.
    """
    return _read(find_config(name, FOLDER))


def device_of_session(folder: Path) -> DeviceProfile | None:
    """Return the profile that a session was decoded with, None if the folder is of no session with a device.

    Raises
    ------
    ConfigError, FormatError
        If its `session.toml` is damaged or of a higher schema.
    """
    path = folder / "session.toml"
    if not path.is_file():
        return None
    session = read_toml(path)
    check_schema(session, path)
    return parse(DeviceProfile, session["device"], str(path)) if "device" in session else None


def save_device(path: Path, profile: DeviceProfile) -> None:
    """Write a profile to a file that does not exist yet; `load_device` reads it.

    Raises
    ------
    OutputError
        If something stands there, or nothing may be written there.
    """
    body = {"schema": SCHEMA, **profile.model_dump(mode="json", exclude_defaults=True)}
    try:
        with path.open("xb") as file:
            tomli_w.dump(body, file)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; name another file with --out") from None


def _read(path: Path) -> DeviceProfile:
    raw = read_toml(path)
    check_schema({"schema": raw.pop("schema", SCHEMA)}, path)
    return parse(DeviceProfile, raw, str(path))
