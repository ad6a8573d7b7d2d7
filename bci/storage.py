"""Arrays and JSON on disk: safetensors with a JSON header, a schema number in everything, nothing pickled."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from bci.errors import FormatError, OutputError

__all__ = [
    "SCHEMA",
    "check_schema",
    "load_json",
    "load_tensors",
    "new_folder",
    "refuse_non_empty",
    "save_json",
    "save_tensors",
    "save_text",
]

SCHEMA = 1
"""Version of every format that is written here."""


def check_schema(header: Mapping[str, Any], path: Path) -> None:
    """Refuse what a newer version wrote.

    Raises
    ------
    FormatError
        If `header["schema"]` is missing or higher than `SCHEMA`.
    """
    schema = header.get("schema")
    if not isinstance(schema, int):
        raise FormatError(f"{path}: expected a schema number, got {schema!r}; this file was not written by bci")
    if schema > SCHEMA:
        raise FormatError(f"{path} has schema {schema}, this version reads up to {SCHEMA}: update bci-live")


def refuse_non_empty(folder: Path) -> None:
    """Refuse a place where something stands already.

    Raises
    ------
    OutputError
        If the folder is not empty, is a file, or stands where nothing may be written.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if there != folder and not (there.is_dir() and os.access(there, os.W_OK)):
        raise OutputError(f"cannot make the folder {folder}: {there} may not be written to; name another place")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"expected a new or empty folder, but {folder} is not: name another one or remove it")


def new_folder(folder: Path) -> None:
    """Make a folder to write to, its parents too.

    Raises
    ------
    OutputError
        If it is not empty or cannot be made.
    """
    refuse_non_empty(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}; name another place") from None


def save_json(path: Path, body: Mapping[str, Any]) -> None:
    """Write JSON with its schema number; the file is whole or not there."""
    save_text(path, json.dumps({"schema": SCHEMA, **body}, indent=2, ensure_ascii=False) + "\n")


def save_text(path: Path, text: str) -> None:
    """Write text in UTF-8; the file is whole or not there.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    _replace(path, lambda part: part.write_text(text, encoding="utf-8"))


def load_json(path: Path) -> dict[str, Any]:
    """Read JSON that `save_json` wrote.

    Raises
    ------
    FormatError
        If the file is missing, is no JSON object, or has a higher schema.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise FormatError(f"{path} is damaged, expected JSON: {error}") from None
    if not isinstance(body, dict):
        raise FormatError(f"{path}: expected a JSON object, got {type(body).__name__}")
    check_schema(body, path)
    return body


def save_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
    """Write arrays and a JSON header as safetensors; the file is whole or not there."""
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    metadata = {"bci": json.dumps({"schema": SCHEMA, **header}, ensure_ascii=False)}
    _replace(path, lambda part: save_file(arrays, part, metadata))


def load_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read arrays and header that `save_tensors` wrote.

    Raises
    ------
    FormatError
        If the file is missing, truncated, not ours, or of a higher schema.
    """
    if not path.is_file():
        raise FormatError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("bci", "{}"))
            if not isinstance(header, dict):
                raise FormatError(f"{path}: expected a JSON object as header, got {type(header).__name__}")
            check_schema(header, path)
            return {name: file.get_tensor(name) for name in file.keys()}, header  # noqa: SIM118 (no mapping)
    except (SafetensorError, ValueError, OSError) as error:
        raise FormatError(f"{path} is damaged, expected whole safetensors: {error}; make it again") from None


def _replace(path: Path, write: Any) -> None:
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        os.replace(part, path)  # noqa: PTH105 (atomic on every system)
    except (OSError, SafetensorError) as error:
        raise OutputError(f"cannot write {path}: {error}; make room or name another place") from None
    finally:
        part.unlink(missing_ok=True)
