"""What is trained: an encoder of epochs and a projection of vision vectors into one space, once per seed."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.errors import FormatError
from models.config import ExperimentConfig
from models.encoders import DIM, build_encoder
from models.projections import build_projection

__all__ = ["Aligner", "Ensemble", "build_aligner", "load_state", "state_arrays"]

COLDEST = 0.01
"""A learned temperature never falls below (CLIP's bound on the scale, Radford et al. 2021)."""


class Aligner(nn.Module):
    """One seed: encoder, projection, temperature.

    Parameters
    ----------
    encoder
        (B, C, T) -> (B, dim).
    projection
        (M, n_features) -> (M, dim).
    temperature
        Initial temperature of the loss, and whether it is learned.
    """

    def __init__(self, encoder: nn.Module, projection: nn.Module, temperature: float, *, learn: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.projection = projection
        self.log_temperature = nn.Parameter(torch.tensor(temperature).log(), requires_grad=learn)

    @property
    def temperature(self) -> Tensor:
        """() temperature of the softmax over similarities."""
        return self.log_temperature.exp().clamp(min=COLDEST)

    def forward(self, epochs: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return embeddings of epochs (B, dim) and of vision vectors (M, dim), not normalised, and temperature."""
        return self.encoder(epochs), self.projection(vectors), self.temperature

    def embed(self, epochs: Tensor) -> Tensor:
        """Embed epochs (B, C, T) as unit vectors (B, dim)."""
        return F.normalize(self.encoder(epochs), dim=-1)

    def project(self, vectors: Tensor) -> Tensor:
        """Project vision vectors (N, n_features) as unit vectors (N, dim)."""
        return F.normalize(self.projection(vectors), dim=-1)


class Ensemble(nn.Module):
    """Several seeds side by side: concatenated, their cosines average."""

    def __init__(self, members: list[Aligner]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def temperature(self) -> Tensor:
        """() mean temperature."""
        return torch.stack([member.temperature for member in self._aligners]).mean()

    def embed(self, epochs: Tensor) -> Tensor:
        """Embed epochs (B, C, T) as unit vectors (B, members * dim)."""
        return self._join([member.embed(epochs) for member in self._aligners])

    def project(self, vectors: Tensor) -> Tensor:
        """Project vision vectors (N, n_features) as unit vectors (N, members * dim)."""
        return self._join([member.project(vectors) for member in self._aligners])

    @property
    def _aligners(self) -> list[Aligner]:
        return [member for member in self.members if isinstance(member, Aligner)]

    def _join(self, parts: list[Tensor]) -> Tensor:
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1) / len(parts) ** 0.5


def build_aligner(config: ExperimentConfig, n_features: int, *, trained: bool = False) -> Aligner:
    """Build one seed from the current state of torch's random generator.

    Parameters
    ----------
    config
        The experiment.
    n_features
        Length of the bank's vectors.
    trained
        Weights of a training will be put in: pretrained ones are not looked for.

    Raises
    ------
    ConfigError
        If encoder, projection or one of their options does not exist or makes no sense.
    """
    spec, decoder, loss = config.preprocess, config.decoder, config.loss
    options = {key: value for key, value in decoder.options.items() if not (trained and key == "pretrained")}
    encoder = build_encoder(
        decoder.name, len(spec.channels), spec.n_times, spec.sfreq, options, channels=spec.channels
    )
    dim = int(decoder.options.get("dim", DIM))
    projection = build_projection(config.projection.name, n_features, dim, config.projection.options)
    return Aligner(encoder, projection, loss.temperature, learn=loss.learn_temperature)


def state_arrays(module: nn.Module) -> dict[str, NDArray[np.generic]]:
    """Copy all parameters and buffers to NumPy, by name."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def load_state(module: nn.Module, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Put arrays from `state_arrays` back.

    Raises
    ------
    FormatError
        If names or shapes differ from the module's.
    """
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise FormatError(f"the weights do not fit the encoder that the bundle names: {reason}") from None
