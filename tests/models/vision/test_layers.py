"""Layers of real towers, against what a hook sees there."""

import numpy as np
import pytest
import torch
from tiny_clip import write_clip

from bci.errors import ConfigError
from models.vision.clip import load_clip
from models.vision.layers import layer_vectors


@pytest.fixture
def pixels():
    return {
        size: torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0)) for size in (32, 64, 160)
    }


def seen(module, network, pixels):
    outputs = []
    hook = module.register_forward_hook(lambda module, given, output: outputs.append(output))
    with torch.inference_mode():
        network.encode_image(pixels)
    hook.remove()
    return outputs[0]


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_blocks_of_a_transformer(vit, choose, pixels, layer):
    network = load_clip(choose(vit)).network
    tokens = seen(network.visual.transformer.resblocks[layer - 1], network, pixels[32])  # (B, 1 + places, width)
    torch.testing.assert_close(layer_vectors(network, pixels[32], layer, "cls"), tokens[:, 0])
    torch.testing.assert_close(layer_vectors(network, pixels[32], layer, "mean"), tokens[:, 1:].mean(dim=1))


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_stages_of_a_resnet(resnet, choose, pixels, layer):
    network = load_clip(choose(resnet)).network
    maps = seen(getattr(network.visual, f"layer{layer}"), network, pixels[64])
    torch.testing.assert_close(layer_vectors(network, pixels[64], layer, "mean"), maps.mean(dim=(2, 3)))


def test_the_final_layer_is_the_models_own_embedding(tiny, choose, pixels):
    network = load_clip(choose(tiny)).network
    given = pixels[np.max(network.visual.image_size)]
    torch.testing.assert_close(layer_vectors(network, given, "final", "none"), network.encode_image(given))


@pytest.mark.parametrize(("model", "n_layers"), [("test_vit", 6), ("test_convnext", 4)])
def test_towers_of_timm(tmp_path, choose, pixels, model, n_layers):
    vision = {"timm_model_name": model, "timm_pool": "token" if model == "test_vit" else "avg", "image_size": 160}
    network = load_clip(choose(write_clip(tmp_path, f"timm-{model}", vision))).network
    trunk = network.visual.trunk
    if model == "test_vit":
        tokens = seen(trunk.blocks[1], network, pixels[160])
        torch.testing.assert_close(layer_vectors(network, pixels[160], 2, "cls"), tokens[:, 0])
        torch.testing.assert_close(layer_vectors(network, pixels[160], 2, "mean"), tokens[:, 1:].mean(dim=1))
    else:
        maps = seen(trunk.stages[1], network, pixels[160])
        torch.testing.assert_close(layer_vectors(network, pixels[160], 2, "mean"), maps.mean(dim=(2, 3)))
        with pytest.raises(ConfigError, match="no class token"):
            layer_vectors(network, pixels[160], 2, "cls")
    with pytest.raises(ConfigError, match=f"one of 1 to {n_layers}, got 9"):
        layer_vectors(network, pixels[160], 9, "mean")


def test_a_layer_that_is_not_there_is_refused(tiny, choose, pixels):
    network = load_clip(choose(tiny)).network
    n_layers = {32: 3, 64: 4}[side := np.max(network.visual.image_size)]
    with pytest.raises(ConfigError, match=f"one of 1 to {n_layers}, got {n_layers + 1}"):
        layer_vectors(network, pixels[side], n_layers + 1, "mean")


def test_a_resnet_has_no_class_token(resnet, choose, pixels):
    with pytest.raises(ConfigError, match="no class token: take --pooling mean"):
        layer_vectors(load_clip(choose(resnet)).network, pixels[64], 1, "cls")


@pytest.mark.parametrize(("layer", "pooling"), [("final", "mean"), (1, "none")])
def test_only_layers_before_the_final_one_are_pooled(vit, choose, pixels, layer, pooling):
    with pytest.raises(ConfigError, match="do not go together"):
        layer_vectors(load_clip(choose(vit)).network, pixels[32], layer, pooling)
