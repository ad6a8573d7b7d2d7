"""Configs: TOML in, one frozen pydantic model out, everything wrong said in one line."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from bci.errors import ConfigError
from bci.nearest import nearest

__all__ = ["config_folders", "expand", "find_config", "load_config", "parse", "read_toml", "real_data"]

Model = TypeVar("Model", bound=BaseModel)


DEFAULTS = {"BCI_REAL_DATA": "../shared/data", "BCI_DATA": "data"}
"""Folders that configs speak of: the project's real recordings, and what `bci fetch` and `bci embed` wrote."""


def real_data() -> Path:
    """Return the folder of real recordings: `BCI_REAL_DATA`, by default `../shared/data`."""
    return Path(expand("${BCI_REAL_DATA}"))


def config_folders() -> tuple[Path, ...]:
    """Return where bare names are looked up: in the installed package, in a source checkout."""
    package = Path(__file__).parent
    return (package / "configs", package.parent / "configs")


def find_config(name: str, kind: str = "") -> Path:
    """Find a config by path or by bare name.

    Parameters
    ----------
    kind
        Folder inside those of configs in which bare names are looked up, such as `devices`.

    Raises
    ------
    ConfigError
        If there is none; the message lists the names that exist.
    """
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    folders = [folder / kind for folder in config_folders()]
    for folder in folders:
        if (found := folder / f"{name}.toml").is_file():
            return found
    known = sorted({file.stem for folder in folders for file in folder.glob("*.toml")})
    raise ConfigError(f"expected a TOML file or one of {', '.join(known)}; got {name!r}, which is neither")


def expand(text: str) -> str:
    """Fill in environment variables such as `${BCI_REAL_DATA}` and `${BCI_DATA}`.

    Raises
    ------
    ConfigError
        If a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in DEFAULTS:
            return os.environ.get(name, DEFAULTS[name])
        if name not in os.environ:
            raise ConfigError(f"{text!r} needs the environment variable {name}, which is not set")
        return os.environ[name]

    return re.sub(r"\$\{(\w+)\}", value, text)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config {path}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from None


def load_config(model: type[Model], name: str) -> Model:
    """Read and validate a config, given its path or bare name."""
    path = find_config(name)
    return parse(model, read_toml(path), str(path))


def parse(model: type[Model], raw: dict[str, Any], origin: str) -> Model:
    """Validate what came from a file.

    Raises
    ------
    ConfigError
        One line: where it came from, which key, what was expected; for an unknown key the nearest known one.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        # a misspelt key makes two errors, one of them for the key that is missing then: the other one explains it
        errors = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        raise ConfigError(f"{origin}: {_explain(model, errors[0])}") from None


def _explain(model: type[BaseModel], error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{where + ': ' if where else ''}{error['msg'].removeprefix('Value error, ')}"
    known = _fields_at(model, error["loc"][:-1])
    near = nearest(str(error["loc"][-1]), known)
    return f"unknown key {where!r}" + (f"; the nearest known one is {near!r}" if near else "")


def _fields_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Names of the fields of the model that a location inside `model` leads to."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # an index or a union's tag
        inner = [t for t in (field.annotation, *get_args(field.annotation)) if _is_model(t)]
        if inner:
            model = inner[0]
    return list(model.model_fields)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
