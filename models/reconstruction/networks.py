"""The three networks of a reconstruction, built from its config and the shape of what is encoded."""

from collections.abc import Sequence

from torch import nn

from bci.errors import ConfigError
from models.encoders import DIM, build_encoder
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.discriminator import Discriminator
from models.reconstruction.encoder import Perceptron, VaeEncoder
from models.reconstruction.generator import Generator
from models.reconstruction.input_spec import InputSpec

__all__ = ["Networks", "build_networks"]


class Networks(nn.Module):
    """Encoder, generator and discriminator.

    Parameters
    ----------
    encoder
        Inputs -> posterior of z.
    generator
        z -> pictures.
    discriminator
        Pictures -> logits of being real.
    """

    def __init__(self, encoder: VaeEncoder, generator: Generator, discriminator: Discriminator) -> None:
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.discriminator = discriminator


def build_networks(config: ReconstructionConfig, spec: InputSpec) -> Networks:
    """Build the networks from the current state of torch's random generator.

    Raises
    ------
    ConfigError
        If there is no such encoder, it has no such option, or it is not one for inputs of this shape.
    """
    own, pictures = config.encoder, config.generator
    front, dim = _front(config, spec)
    return Networks(
        VaeEncoder(front, dim, own.latent),
        Generator(own.latent, pictures.side, pictures.width, pictures.widest),
        Discriminator(pictures.side, pictures.discriminator, pictures.widest),
    )


def _front(config: ReconstructionConfig, spec: InputSpec) -> tuple[nn.Module, int]:
    own = config.encoder
    _check(own.name, spec.shape)
    if own.name == "perceptron":
        return Perceptron(spec.shape[0], own.hidden, own.dropout), own.hidden
    n_channels, n_times = spec.shape
    encoder = build_encoder(own.name, n_channels, n_times, spec.sfreq, own.options, spec.channels)
    return encoder, int(own.options.get("dim", DIM))


def _check(name: str, shape: Sequence[int]) -> None:
    wanted = 1 if name == "perceptron" else 2
    if len(shape) != wanted:
        what = "vectors" if wanted == 1 else "epochs (channels, samples)"
        raise ConfigError(f"encoder.name: {name} encodes {what}, got inputs of shape {tuple(shape)}")
