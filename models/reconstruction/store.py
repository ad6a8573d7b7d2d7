"""A trained reconstruction on disk: `models/model.safetensors` and `models/reconstruction.json` of its folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.config import parse
from bci.errors import FormatError
from bci.storage import load_json, load_tensors, save_json, save_tensors
from models.aligner import load_state
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.networks import InputSpec, Networks, build_networks

__all__ = ["LOGS", "MODELS", "VISUALIZATIONS", "Reconstruction", "load_reconstruction", "save_reconstruction"]

MODELS, VISUALIZATIONS, LOGS = "models", "visualizations", "logs"
"""Folders of a reconstruction: weights and checkpoint; sheets of pictures; learning curve."""
_WEIGHTS, _ABOUT = "model.safetensors", "reconstruction.json"


@dataclass(frozen=True)
class Reconstruction:
    """What training comes to.

    Parameters
    ----------
    config
        What was trained.
    spec
        What it encodes.
    weights
        Arrays of all three networks by name.
    card
        What it was trained on, by how many steps, with which network as semantic loss.
    """

    config: ReconstructionConfig
    spec: InputSpec
    weights: Mapping[str, NDArray[Any]]
    card: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """First 8 hex digits of the SHA-256 of the weights."""
        digest = hashlib.sha256()
        for name, array in sorted(self.weights.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:8]

    def networks(self) -> Networks:
        """Return the networks, ready to generate.

        Raises
        ------
        FormatError
            If the weights are not those of the config's networks.
        """
        networks = build_networks(self.config, self.spec)
        load_state(networks, self.weights)
        return networks.eval().requires_grad_(requires_grad=False)


def save_reconstruction(folder: Path, reconstruction: Reconstruction) -> None:
    """Write weights and description into the folder of a training."""
    save_tensors(folder / MODELS / _WEIGHTS, reconstruction.weights, {"id": reconstruction.id})
    body = {
        "id": reconstruction.id,
        "input": asdict(reconstruction.spec),
        "config": reconstruction.config.model_dump(mode="json"),
        "card": dict(reconstruction.card),
    }
    save_json(folder / MODELS / _ABOUT, body)


def load_reconstruction(folder: Path) -> Reconstruction:
    """Read the folder of a training that has come to its end.

    Raises
    ------
    FormatError
        If a file is missing, damaged or of a higher schema, or does not belong to the other.
    ConfigError
        If its config is not one of this version.
    """
    path = folder / MODELS / _ABOUT
    if not path.is_file():
        raise FormatError(f"expected a reconstruction, a folder with {MODELS}/{_ABOUT}; {folder} has none")
    body = load_json(path)
    config = parse(ReconstructionConfig, _table(body, "config", path), str(path))
    weights, _ = load_tensors(folder / MODELS / _WEIGHTS)
    found = Reconstruction(config, _input(_table(body, "input", path), path), weights, body.get("card", {}))
    if found.id != body.get("id"):
        raise FormatError(
            f"{folder}: expected the weights of reconstruction {body.get('id')}, got those of {found.id}; its "
            "files do not belong together: copy it again"
        )
    return found


def _table(body: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    table = body.get(key)
    if not isinstance(table, dict):
        raise FormatError(f"{path} is no reconstruction: expected a table {key!r}, got {table!r}")
    return table


def _input(table: Mapping[str, Any], path: Path) -> InputSpec:
    try:
        return InputSpec(
            shape=tuple(int(size) for size in table["shape"]),
            sfreq=float(table["sfreq"]),
            channels=tuple(str(label) for label in table["channels"]),
            decoder=str(table["decoder"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: expected shape, sfreq, channels and decoder of the input: {error}") from None
