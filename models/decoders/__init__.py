"""The decoders by name: one file each, with `fit` and `load`, and one line in `DECODERS`; all pass one contract.

Encoders are all fitted and loaded by `models.decoders.network`. What a decoder needs, torch or scikit-learn, is
imported when it is used: a live session with a classical decoder never loads torch.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.config import parse
from bci.decoder import Decoder
from bci.errors import ConfigError
from bci.nearest import nearest
from bci.specs import Frozen
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.encoders import ENCODERS, encoder_options
from models.progress import OnProgress
from models.training_set import TrainingSet

__all__ = ["DECODERS", "Family", "Fitted", "ScoringDecoder", "default_options", "family", "own_options"]

Own = TypeVar("Own", bound=Frozen)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting a decoder comes to.

    Parameters
    ----------
    weights
        Arrays by name, all that `load` needs besides the config.
    temperature
        Of the softmax over its scores.
    note
        What was chosen while it was fitted, for the protocol card.
    """

    weights: dict[str, NDArray[Any]]
    temperature: float
    note: str = ""


class ScoringDecoder(Decoder, Protocol):
    """A decoder that also scores all concepts for many epochs, where nobody waits for the result."""

    @property
    def prototypes(self) -> NDArray[np.float32] | None:
        """(N, D) of the concepts, in the space of `Ranking.embedding`: scores are `prototypes @ embedding`.

        None where they would fill the memory.
        """
        ...

    def scores(self, epochs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score epochs (n, C, T), preprocessed and scaled, against all concepts: (n, N) float32."""
        ...


class Family(Protocol):
    """A module of this folder; all but `network` name the model of their options `Options`."""

    def fit(
        self, data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None
    ) -> Fitted:
        """Fit the decoder that `config.decoder` names.

        Parameters
        ----------
        data
            Training trials; everything that is fitted is fitted to them alone.
        config
            The experiment.
        report
            Told how far it is.
        checkpoints
            Folder for what is kept of a long training; None keeps nothing.
        """
        ...

    def load(self, bundle: Bundle, bank: Bank, device: str) -> ScoringDecoder:
        """Make a bundle ready to decode.

        Parameters
        ----------
        bundle
            With the weights that `fit` returned.
        bank
            What to rank against; fits the bundle.
        device
            `auto`, `cpu` or `cuda`.
        """
        ...

    def selection(self, config: ExperimentConfig) -> str:
        """Say how settings and checkpoint are chosen, for the protocol card."""
        ...


DECODERS: dict[str, str] = dict.fromkeys(ENCODERS, "network") | {
    "ridge": "ridge",
    "pls": "pls",
    "mlp": "mlp",
    "lda": "lda",
    "toeplitz_lda": "toeplitz_lda",
    "evoked_lda": "evoked_lda",
    "xdawn": "xdawn",
    "spectral": "spectral",
    "tangent": "tangent",
    "matching": "matching",
    "ensemble": "ensemble",
    "chosen": "chosen",
    "prior": "prior",
}
"""Name -> module of this folder."""


def family(name: str) -> Family:
    """Return the module that fits and loads a decoder.

    Raises
    ------
    ConfigError
        For an unknown name, naming the nearest known one.
    """
    return cast("Family", _module(name))


def own_options(model: type[Own], config: ExperimentConfig) -> Own:
    """Return the options of `config.decoder`.

    Raises
    ------
    ConfigError
        If they are none of the decoder's, or make no sense.
    """
    return parse(model, config.decoder.options, f"decoder.options of {config.decoder.name}")


def default_options(name: str) -> dict[str, Any]:
    """Return a decoder's own options with their defaults, as they stand in a file; raises as `family` does."""
    if name in ENCODERS:
        return encoder_options(name)
    defaults: Frozen = _module(name).Options()
    return defaults.model_dump(mode="json")


def _module(name: str) -> ModuleType:
    if name not in DECODERS:
        raise ConfigError(f"unknown decoder {name!r}; the nearest known one is {nearest(name, DECODERS)!r}")
    return import_module(f"models.decoders.{DECODERS[name]}")
