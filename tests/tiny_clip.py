"""Small vision-language models of open_clip with random weights, and folders of pictures, as files."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image
from safetensors.torch import save_file

VIT = {"image_size": 32, "layers": 3, "width": 32, "head_width": 16, "patch_size": 8}
RESNET = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64, "patch_size": None}
TEXT = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}


@dataclass(frozen=True)
class TinyClip:
    """An architecture and its weights, as files."""

    config: Path
    weights: Path

    @property
    def name(self) -> str:
        return self.config.stem

    def load(self):
        """Open it by open_clip itself: network, its transform of pictures."""
        open_clip.add_model_config(self.config)
        network, transform = open_clip.create_model_from_pretrained(self.name, str(self.weights))
        return network.eval(), transform


def write_clip(folder, name, vision=VIT, seed=0, suffix=".safetensors", **other):
    """Write an architecture with random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    body = {"embed_dim": 12, "vision_cfg": vision, "text_cfg": TEXT, **other}
    config = folder / f"{name}.json"
    config.write_text(json.dumps(body), encoding="utf-8")
    open_clip.add_model_config(config)
    torch.manual_seed(seed)
    network = open_clip.create_model(name)
    with torch.no_grad():
        for parameter in network.parameters():  # some begin as zeros, which would hide mistakes
            parameter.add_(0.05 * torch.randn_like(parameter))
    weights = folder / f"{name}{suffix}"
    state = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    if suffix == ".safetensors":
        save_file(state, weights)
    else:
        torch.save(state, weights)
    return TinyClip(config, weights)


def picture(seed, size=(48, 40)):
    """Draw a smooth picture, each seed another one."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def write_pictures(folder, concepts, each, seed=0, suffix=".png"):
    """Write a folder in the layout of THINGS-EEG2: `00001_name/name_01.png`."""
    for number, concept in enumerate(concepts):
        place = folder / f"{number + 1:05}_{concept}"
        place.mkdir(parents=True)
        for n in range(each):
            picture((seed, number, n)).save(place / f"{concept}_{n + 1:02}{suffix}")
    return folder
