"""Vectors from the final or an intermediate layer of a vision tower.

Middle layers decode better from EEG than the final one (figures in the protocol card's literature: SAMGA, 2026);
open_clip's towers hand them out by `forward_intermediates`.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from bci.errors import ConfigError

__all__ = ["Layer", "Pooling", "layer_vectors"]

Layer = Literal["final"] | int
"""`final`: the model's own pooled and projected output; N: output of the N-th block or ResNet stage, from 1."""
Pooling = Literal["none", "cls", "mean"]
"""`none` for the final layer; of a layer's tokens the class token, or the mean over all places of the picture."""


def layer_vectors(network: nn.Module, pixels: Tensor, layer: Layer, pooling: Pooling) -> Tensor:
    """Embed pictures.

    Parameters
    ----------
    network
        open_clip's model.
    pixels
        (B, 3, H, W), normalised, of the type that it computes in.

    Returns
    -------
    vectors
        (B, D) float32, not normalised.

    Raises
    ------
    ConfigError
        If the tower has no such layer, or no class token.
    """
    model: Any = network
    if (layer == "final") != (pooling == "none"):
        raise ConfigError(
            f"layer {layer!r} and pooling {pooling!r} do not go together: only other layers are pooled"
        )
    with torch.inference_mode():
        if layer == "final":
            vectors: Tensor = model.encode_image(pixels, normalize=False)
            return vectors.float()
        return _pooled(_outputs(model.visual, pixels, layer, pooling), pooling).float()


def _outputs(visual: Any, pixels: Tensor, layer: int, pooling: Pooling) -> dict[str, list[Tensor]]:
    stem = int(_has_stem(visual))
    asked = {"output_extra_tokens": True} if pooling == "cls" else {}
    try:
        found: dict[str, list[Tensor]] = visual.forward_intermediates(
            pixels, indices=[layer - 1 + stem], stop_early=True, intermediates_only=True, **asked
        )
    except TypeError as error:  # towers of timm that know nothing of further tokens
        raise _no_class_token() from error
    except AssertionError:
        there = len(visual.forward_intermediates(pixels, intermediates_only=True)["image_intermediates"]) - stem
        raise ConfigError(f"expected layer final or one of 1 to {there}, got {layer}") from None
    return found


def _has_stem(visual: Any) -> bool:
    """Whether what comes before the first stage counts as a layer of its own, as in open_clip's ResNets."""
    return hasattr(visual, "stem") and hasattr(visual, "layer4")


def _pooled(found: dict[str, list[Tensor]], pooling: Pooling) -> Tensor:
    if pooling == "mean":
        return found["image_intermediates"][0].mean(dim=(2, 3))  # (B, D, H, W)
    tokens = found.get("image_intermediates_prefix", [])
    if not tokens or not tokens[0].shape[1]:
        raise _no_class_token()
    return tokens[0][:, 0]


def _no_class_token() -> ConfigError:
    return ConfigError("this vision tower has no class token: take --pooling mean")
