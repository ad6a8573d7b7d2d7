"""The folder of one training: its config, the figures of each pass, TensorBoard, checkpoint and result."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w

from bci.config import parse, read_toml
from bci.errors import ConfigError, FormatError
from bci.storage import new_folder, save_json
from models.alignment.config import AlignmentConfig
from models.alignment.trained import Trained, save_trained

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["CONFIG", "MODEL", "board", "config_of", "keep", "new_run"]

CONFIG, MODEL, HISTORY = "config.toml", "model.safetensors", "history.json"
CHECKPOINTS, BOARD = "checkpoints", "tensorboard"
"""Files and folders of a run."""


def new_run(config: AlignmentConfig, runs: Path, now: dt.datetime) -> Path:
    """Make the folder `NAME_YYYYMMDD-HHMMSS` and write the config into it.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    folder = runs / f"{config.name}_{now:%Y%m%d-%H%M%S}"
    new_folder(folder)
    body = {"schema": 1, **json.loads(config.model_dump_json(exclude_none=True))}
    (folder / CONFIG).write_text(tomli_w.dumps(body), encoding="utf-8")
    return folder


def config_of(folder: Path) -> AlignmentConfig:
    """Read the config of a run.

    Raises
    ------
    FormatError
        If the folder is none of a run.
    ConfigError
        If its config is not whole.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise FormatError(f"expected the folder of a run, with {CONFIG}; {folder} has none")
    body = read_toml(path)
    if body.pop("schema", None) != 1:
        raise FormatError(f"{path}: expected schema = 1; update bci-live, or train anew")
    return parse(AlignmentConfig, body, str(path))


def board(folder: Path) -> "SummaryWriter":
    """Open TensorBoard's folder of a run.

    Raises
    ------
    ConfigError
        If TensorBoard is missing.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 (optional, and torch)
    except ImportError:
        raise ConfigError(
            "the figures of each pass go to TensorBoard: pip install 'bci-live[alignment]'"
        ) from None
    return SummaryWriter(str(folder / BOARD))


def keep(folder: Path, trained: Trained) -> None:
    """Write what a training came to."""
    save_trained(folder / MODEL, trained)
    save_json(folder / HISTORY, {"chosen": trained.chosen, "passes": list(trained.history)})
