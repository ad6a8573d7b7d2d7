"""A trained alignment: weights of the chosen pass, how fMRI vectors are scaled, and how it came about.

On disk one safetensors file, all else in its JSON header.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from bci.config import parse
from bci.errors import FormatError, MismatchError
from bci.storage import load_tensors, save_tensors
from bci.types import read_only
from models.alignment.config import AlignmentConfig
from models.alignment.pairs import Pairs
from models.alignment.targets import Targets

if TYPE_CHECKING:
    from models.alignment.model import AlignmentModel

__all__ = ["Trained", "load_trained", "save_trained"]

WEIGHTS = "weights/"
"""Prefix of the model's arrays."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained alignment.

    Parameters
    ----------
    config
        What was trained.
    weights
        Of `models.alignment.model.AlignmentModel`, by name.
    targets
        How fMRI vectors are centred and scaled.
    channels, n_times, sfreq
        Of the epochs it takes.
    chosen
        Pass that validation chose, from 1.
    history
        Figures of each pass.
    facts
        Of the pairs it was trained on.
    """

    config: AlignmentConfig
    weights: Mapping[str, NDArray[Any]]
    targets: Targets
    channels: tuple[str, ...]
    n_times: int
    sfreq: float
    chosen: int
    history: tuple[Mapping[str, float], ...]
    facts: Mapping[str, Any]

    @property
    def dim(self) -> int:
        """Length F of the fMRI vectors."""
        return len(self.targets.centre)

    def model(self, pairs: Pairs) -> "AlignmentModel":
        """Build the model for pairs like those it was trained on, in evaluation mode.

        Raises
        ------
        MismatchError
            If epochs or vectors have another shape or rate.
        """
        from models.aligner import load_state  # noqa: PLC0415 (torch)
        from models.alignment.model import build_model  # noqa: PLC0415

        own = self.channels, self.n_times, self.sfreq, self.dim
        given = pairs.channels, pairs.eeg.shape[2], pairs.sfreq, pairs.fmri.shape[1]
        if own != given:
            raise MismatchError(
                f"expected pairs of {_described(*own)}, got {_described(*given)}: name the data it was trained on"
            )
        model = build_model(self.config.model, pairs, trained=True)
        load_state(model, self.weights)
        return model.eval()


def _described(channels: tuple[str, ...], n_times: int, sfreq: float, dim: int) -> str:
    names = ", ".join(channels[:3])
    return f"{len(channels)} channels ({names}, ...) x {n_times} samples at {sfreq:g} Hz and {dim} fMRI dimensions"


def save_trained(path: Path, trained: Trained) -> None:
    """Write it as one file."""
    tensors = {WEIGHTS + name: array for name, array in trained.weights.items()}
    header = {
        "config": trained.config.model_dump(mode="json"),
        "spread": trained.targets.spread,
        "channels": trained.channels,
        "n_times": trained.n_times,
        "sfreq": trained.sfreq,
        "chosen": trained.chosen,
        "history": trained.history,
        "facts": dict(trained.facts),
    }
    save_tensors(path, {**tensors, "centre": trained.targets.centre}, header)


def load_trained(path: Path) -> Trained:
    """Read what `save_trained` wrote.

    Raises
    ------
    FormatError
        If the file is missing, damaged, no alignment, or of a higher schema.
    """
    tensors, header = load_tensors(path)
    try:
        return Trained(
            config=parse(AlignmentConfig, header["config"], str(path)),
            weights={name.removeprefix(WEIGHTS): a for name, a in tensors.items() if name.startswith(WEIGHTS)},
            targets=Targets(read_only(tensors["centre"]), float(header["spread"])),
            channels=tuple(header["channels"]),
            n_times=int(header["n_times"]),
            sfreq=float(header["sfreq"]),
            chosen=int(header["chosen"]),
            history=tuple(header["history"]),
            facts=header["facts"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} is no trained alignment: {error}; train it again") from None
