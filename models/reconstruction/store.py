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
from bci.storage import load_tensors, save_json, save_tensors
from models.aligner import load_state
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.input_spec import ABOUT, MODELS, InputSpec, load_about, read_input
from models.reconstruction.networks import Networks, build_networks

__all__ = ["LOGS", "VISUALIZATIONS", "Reconstruction", "load_reconstruction", "save_reconstruction"]

VISUALIZATIONS, LOGS = "visualizations", "logs"
"""Folders of a reconstruction, beside that of its weights: sheets of pictures; learning curve."""
_WEIGHTS = "model.safetensors"


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
    save_json(folder / MODELS / ABOUT, body)


def load_reconstruction(folder: Path) -> Reconstruction:
    """Read the folder of a training that has come to its end.

    Raises
    ------
    FormatError
        If a file is missing, damaged or of a higher schema, or does not belong to the other.
    ConfigError
        If its config is not one of this version.
    """
    body, path = load_about(folder), folder / MODELS / ABOUT
    config = parse(ReconstructionConfig, _table(body, "config", path), str(path))
    weights, _ = load_tensors(folder / MODELS / _WEIGHTS)
    found = Reconstruction(config, read_input(body, folder), weights, body.get("card", {}))
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
