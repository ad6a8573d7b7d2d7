"""Networks that the field compares pictures by: AlexNet 2 and 5, Inception, EfficientNet, SwAV.

Weights are torchvision's, and SwAV's own (Caron et al. 2020, arXiv:2006.09882, a ResNet-50). They are taken from a
folder of files with the names that they are published under, or from torch's cache; nothing is downloaded. What is
not there is listed as not computed, and never replaced by something else.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)
from torchvision.models.feature_extraction import create_feature_extractor

from bci.errors import FormatError
from models.reconstruction.pairs import Pixels, as_tensor

__all__ = ["EXTRACTORS", "Extractor", "Published", "find_weights", "load_extractor"]

MEAN, SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's colours, 0 to 1."""
BATCH = 16
_TROUBLE = (
    AttributeError,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)
"""What torch raises for a file that does not hold the weights of a network."""


@dataclass(frozen=True, slots=True)
class Published:
    """A network that figures are published with.

    Parameters
    ----------
    build
        Returns it without weights.
    files
        Names that its weights may have.
    node
        Of it that is compared.
    side
        Of its input, pixels.
    measure
        `two_way` identification, or the mean `distance` of features.
    """

    build: Callable[[], nn.Module]
    files: tuple[str, ...]
    node: str
    side: int
    measure: Literal["two_way", "distance"] = "two_way"


def _inception() -> nn.Module:
    built: nn.Module = torchvision.models.inception_v3(weights=None, init_weights=False, transform_input=False)
    return built


_ALEXNET = ("alexnet-owt-7be5be79.pth",)

EXTRACTORS: Mapping[str, Published] = {
    "AlexNet-2": Published(torchvision.models.alexnet, _ALEXNET, "features.4", 256),
    "AlexNet-5": Published(torchvision.models.alexnet, _ALEXNET, "features.11", 256),
    "Inception": Published(
        _inception, ("inception_v3_google-0cc3c7bd.pth", "inception_v3_google-1a9a5a14.pth"), "avgpool", 342
    ),
    "EffNet-B1": Published(
        torchvision.models.efficientnet_b1,
        ("efficientnet_b1_rwightman-bac287d4.pth", "efficientnet_b1-c27df63c.pth"),
        "avgpool", 255, "distance",
    ),
    "SwAV": Published(
        torchvision.models.resnet50, ("swav_800ep_pretrain.pth.tar",), "avgpool", 224, "distance"
    ),
}  # fmt: skip
"""Name in tables -> network; layers and measures as Scotti et al. 2023 report them."""


@dataclass(frozen=True)
class Extractor:
    """A network with its weights.

    Parameters
    ----------
    network
        Pictures -> {"features": ...}.
    side
        Of its input, pixels.
    """

    network: nn.Module
    side: int

    def features(self, pictures: Pixels) -> NDArray[np.float32]:
        """Return the features of pictures (n, H, W, 3), flattened, (n, D)."""
        with torch.inference_mode():
            parts = [
                self._block(as_tensor(pictures[first : first + BATCH])) for first in range(0, len(pictures), BATCH)
            ]
        return torch.cat(parts).numpy()

    def _block(self, pictures: Tensor) -> Tensor:
        mean, sd = (torch.tensor(values).view(-1, 1, 1) for values in (MEAN, SD))
        fitted = F.interpolate(pictures, (self.side, self.side), mode="bilinear", antialias=True)
        features: Tensor = self.network(((fitted + 1) / 2 - mean) / sd)["features"]
        return features.flatten(1)


def find_weights(published: Published, folder: Path | None) -> Path | None:
    """Return where the weights lie, in a folder or in torch's cache; None if they are in neither."""
    places = [Path(torch.hub.get_dir()) / "checkpoints", *([folder] if folder else [])]
    files = [place / name for place in reversed(places) for name in published.files]
    return next((file for file in files if file.is_file()), None)


def load_extractor(published: Published, weights: Path) -> Extractor:
    """Load a network from a file of weights.

    Raises
    ------
    FormatError
        If it cannot be read, or holds the weights of another network.
    """
    network = published.build()
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        network.load_state_dict(_own(state, network), strict=True)
    except _TROUBLE as error:
        reason = " ".join(str(error).split())[:200]
        raise FormatError(f"{weights} does not hold the weights that its name says: {reason}") from None
    network.eval().requires_grad_(requires_grad=False)
    return Extractor(create_feature_extractor(network, {published.node: "features"}), published.side)


def _own(state: Mapping[str, Any], network: nn.Module) -> dict[str, Any]:
    """Return the weights without what wraps a network in training; a head that SwAV lacks keeps its own."""
    named = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    heads = {name: tensor for name, tensor in network.state_dict().items() if name.startswith("fc.")}
    kept = {
        name: tensor for name, tensor in named.items() if not name.startswith(("projection_head", "prototypes"))
    }
    return heads | kept
