"""Trainings that were interrupted go on where they stopped, bit for bit: weights, averages and optimiser on disk.

One safetensors file per network, replaced as a whole; nothing is pickled. Random numbers need no state: they are
drawn from seed and step.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.storage import load_tensors, save_tensors
from models.config import ExperimentConfig
from models.training_set import TrainingSet

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Checkpoint", "Keeper", "fingerprint", "flat_state", "nested_state"]

PER_TRAINING = 10
"""Checkpoints in a training whose config does not say how often."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training between two passes.

    Parameters
    ----------
    passes
        How many are done.
    tensors
        All of its state, by name.
    """

    passes: int
    tensors: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps the newest checkpoint of one network.

    Parameters
    ----------
    folder
        Where; made when it is needed.
    identity
        What is trained on what, from `fingerprint`; a checkpoint of anything else is refused.
    every
        Passes between two checkpoints, 0 for a tenth of the training.
    member
        Which of several networks.
    """

    folder: Path
    identity: str
    every: int = 0
    member: int = 0

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / f"member-{self.member}.safetensors"

    def of(self, member: int) -> "Keeper":
        """Return the keeper of another network of the same training."""
        return Keeper(self.folder, self.identity, self.every, member)

    def due(self, done: int, passes: int) -> bool:
        """Whether a checkpoint is to be kept after `done` of all passes."""
        return done == passes or done % (self.every or max(1, passes // PER_TRAINING)) == 0

    def keep(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint."""
        self.folder.mkdir(parents=True, exist_ok=True)
        save_tensors(self.path, checkpoint.tensors, {"identity": self.identity, "passes": checkpoint.passes})

    def find(self) -> Checkpoint | None:
        """Return the checkpoint if there is one.

        Raises
        ------
        FormatError
            If it is damaged.
        MismatchError
            If it belongs to another training.
        """
        if not self.path.is_file():
            return None
        tensors, header = load_tensors(self.path)
        if header.get("identity") != self.identity:
            raise MismatchError(
                f"{self.folder} holds a checkpoint of another config or other data: resume with those that it "
                "was made with, or remove the folder to start anew"
            )
        return Checkpoint(int(header["passes"]), tensors)


def fingerprint(data: TrainingSet, config: ExperimentConfig) -> str:
    """Name a training by the SHA-256 of all that decides what comes out of it."""
    digest = hashlib.sha256(config.model_dump_json(exclude={"name", "title", "evaluation"}).encode())
    digest.update(data.bank.id.encode())
    some = data.kept[np.unique([0, len(data) // 2, len(data) - 1])]
    for array in (data.kept, data.rows, data.images, data.trials.data[some]):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def flat_state(state: "dict[int, dict[str, Tensor]]") -> "dict[str, Tensor]":
    """Return the state of an optimiser by one name for each tensor: that of its weight's number and its own."""
    return {f"{number}/{name}": tensor for number, of in state.items() for name, tensor in of.items()}


def nested_state(flat: "dict[str, Tensor]") -> "dict[int, dict[str, Tensor]]":
    """Return the state of an optimiser as `flat_state` was given it."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in flat.items():
        number, _, key = name.partition("/")
        state.setdefault(int(number), {})[key] = tensor
    return state
