"""CLIP as a loss: how far the embedding of a generated picture is from that of the true one.

Radford et al. 2021, arXiv:2103.00020, by open_clip (`models.vision.clip`). The network is frozen; gradients pass
through it into the picture, and therefore size and colours are brought to its input by torch, not by Pillow.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.config import expand
from bci.errors import ConfigError
from models.reconstruction.config import SemanticConfig
from models.vision.clip import Clip, ModelChoice, load_clip

__all__ = ["Semantic", "load_semantic"]


class Semantic(nn.Module):
    """A frozen CLIP image encoder for pictures from -1 to 1.

    Parameters
    ----------
    clip
        Model on the processor.
    """

    mean: Tensor
    sd: Tensor

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.name = clip.name
        self.weights_hash = clip.weights_hash()
        self.network = clip.network
        size = clip.network.visual.image_size  # type: ignore[union-attr]
        self.size: tuple[int, int] = (size, size) if isinstance(size, int) else tuple(size)  # type: ignore[arg-type]
        self.register_buffer("mean", clip.mean, persistent=False)
        self.register_buffer("sd", clip.sd, persistent=False)

    def embed(self, pictures: Tensor) -> Tensor:
        """Embed pictures (B, 3, H, W) as unit vectors (B, D)."""
        fitted = F.interpolate(pictures, self.size, mode="bilinear", align_corners=False, antialias=True)
        coloured = ((fitted + 1) / 2 - self.mean) / self.sd
        embedded: Tensor = self.network.encode_image(coloured, normalize=True)  # type: ignore[operator]
        return embedded

    def forward(self, generated: Tensor, true: Tensor) -> Tensor:
        """() 1 - cosine, mean over pictures (B, 3, H, W); no gradient reaches the true ones."""
        with torch.no_grad():
            wanted = self.embed(true)
        return 1 - (self.embed(generated) * wanted).sum(dim=1).mean()


def load_semantic(config: SemanticConfig) -> Semantic:
    """Load the network of the semantic loss from local files.

    Raises
    ------
    ConfigError
        If the weights are not named: a loss downloads nothing by itself.
    FormatError
        If they cannot be read, or do not fit the model.
    """
    if not config.weights:
        raise ConfigError(
            f"semantic.weights: expected a file with the weights of {config.config or config.model}, got none: "
            "name one, or leave the loss out with weights.semantic = 0"
        )
    own = Path(expand(config.config)) if config.config else None
    choice = ModelChoice(
        model="" if own else config.model,
        pretrained=None if own else config.pretrained or None,
        weights=Path(expand(config.weights)),
        config=own,
    )
    return Semantic(load_clip(choice))
