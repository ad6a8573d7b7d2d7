"""The learning curve of a reconstruction, a JSON line for each pass over the data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bci.errors import FormatError
from bci.storage import SCHEMA
from models.reconstruction.store import LOGS

__all__ = ["add_to_curve", "read_curve", "trim_curve"]

_FILE = "curve.jsonl"


def add_to_curve(folder: Path, epoch: int, losses: Mapping[str, float]) -> None:
    """Add the losses of one pass, means over its steps, to the curve of a training."""
    line = json.dumps(
        {"schema": SCHEMA, "epoch": epoch, **{name: round(value, 6) for name, value in losses.items()}}
    )
    with (folder / LOGS / _FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def trim_curve(folder: Path, epochs: int) -> None:
    """Keep the lines of the first passes only: those that a resumed training does not take again."""
    path = folder / LOGS / _FILE
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:epochs]), encoding="utf-8")


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """Return the passes of a training, in order.

    Raises
    ------
    FormatError
        If there is no curve, or a line of it is damaged.
    """
    path = folder / LOGS / _FILE
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot read the learning curve {path}: {error}") from None
