"""Pictures or names to vectors, in one process; `models.vision.run` starts one for each device."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.errors import FormatError
from models.vision.clip import Clip, ModelChoice, load_clip, load_tokenizer
from models.vision.layers import Layer, Pooling, layer_vectors
from models.vision.pictures import read_picture
from models.vision.views import find_transform

__all__ = ["Devices", "Embedded", "Item", "NameEmbedder", "PictureEmbedder", "Worker"]

Item = tuple[str, str]
"""Hash of what is embedded, and the file that holds it or the name itself."""


class Devices(Protocol):
    """A queue out of which every process takes one device, once."""

    def get(self) -> str:
        """Return a device as torch names it."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """What came of some items.

    Parameters
    ----------
    contents, vectors
        (n,) hashes and (n, V, D) float32.
    refused
        What is wrong with the items that have no vectors.
    """

    contents: tuple[str, ...]
    vectors: NDArray[np.float32]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worker:
    """What a process embeds with: the model is loaded, and a device taken, when they are first needed.

    Parameters
    ----------
    choice
        Which model.
    processes
        How many of these share the cores of this computer.
    devices
        Where one is taken from.
    """

    choice: ModelChoice
    processes: int
    devices: Devices

    @property
    def cores(self) -> int:
        """Share of this computer's cores."""
        return max(1, (os.cpu_count() or 1) // self.processes)

    @cached_property
    def device(self) -> torch.device:
        """Where this process computes."""
        device = torch.device(self.devices.get())
        if self.processes > 1 and device.type == "cpu":
            torch.set_num_threads(self.cores)
        return device

    @cached_property
    def clip(self) -> Clip:
        """The model, its network on the device."""
        clip = load_clip(self.choice)
        clip.network.to(self.device)
        return clip


@dataclass(frozen=True)
class PictureEmbedder:
    """Embeds pictures.

    Parameters
    ----------
    worker
        Whose model does it.
    layer, pooling
        What of the model.
    transform, seed
        Name of the views, and what their chance depends on besides the picture.
    batch
        Pictures that are prepared together, all views counted.
    """

    worker: Worker
    layer: Layer
    pooling: Pooling
    transform: str
    seed: int
    batch: int

    def __call__(self, items: Sequence[Item]) -> Embedded:
        """Embed pictures; those that cannot be read are told instead."""
        clip, n_views = self.worker.clip, len(find_transform(self.transform).views)
        done, vectors, refused = [], [], []
        step = max(1, self.batch // n_views)
        with ThreadPoolExecutor(self.worker.cores) as threads:
            for start in range(0, len(items), step):
                part = items[start : start + step]
                pixels = list(threads.map(lambda item: _pixels(clip, Path(item[1])), part))
                good = [(item[0], p) for item, p in zip(part, pixels, strict=True) if not isinstance(p, str)]
                refused += [p for p in pixels if isinstance(p, str)]
                if good:
                    done += [content for content, _ in good]
                    vectors.append(self._embed([p for _, p in good], [content for content, _ in good]))
        together = np.concatenate(vectors) if vectors else np.zeros((0, 1, 1), np.float32)
        return Embedded(tuple(done), together, tuple(refused))

    def _embed(self, pixels: list[NDArray[np.uint8]], contents: list[str]) -> NDArray[np.float32]:
        transform = find_transform(self.transform)
        pictures = torch.from_numpy(np.stack(pixels)).to(self.worker.device, torch.float32)
        # the picture's own content is the seed: neither order, batch nor process matters
        seeds = [(self.seed, int(content[:16], 16)) for content in contents]
        each = [self._vectors(view(pictures, seeds)) for view in transform.views]
        views = torch.stack(each, dim=1)  # (B, V, D)
        kept = views.mean(dim=1, keepdim=True) if transform.averaged else views
        return kept.cpu().numpy()

    def _vectors(self, pictures: Tensor) -> Tensor:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            clip = self.worker.clip
            return layer_vectors(clip.network, clip.normalised(pictures), self.layer, self.pooling)


@dataclass(frozen=True)
class NameEmbedder:
    """Embeds names: the mean over prompts of their unit vectors.

    Parameters
    ----------
    worker
        Whose model does it.
    templates
        Prompts; `{}` stands for the name, whose underscores become spaces.
    batch
        Prompts that pass through the model together.
    """

    worker: Worker
    templates: tuple[str, ...]
    batch: int

    def __call__(self, items: Sequence[Item]) -> Embedded:
        """Embed names."""
        prompts = [
            template.replace("{}", name.replace("_", " ")) for _, name in items for template in self.templates
        ]
        tokens = load_tokenizer(self.worker.choice)(prompts)
        rows = [self._vectors(part) for part in torch.split(tokens, self.batch)]
        units = F.normalize(torch.cat(rows), dim=-1).view(len(items), len(self.templates), -1)
        return Embedded(tuple(content for content, _ in items), units.mean(dim=1, keepdim=True).numpy())

    def _vectors(self, tokens: Tensor) -> Tensor:
        with torch.inference_mode():
            model: Any = self.worker.clip.network
            vectors: Tensor = model.encode_text(tokens.to(self.worker.device), normalize=False)
        return vectors.float().cpu()


def _pixels(clip: Clip, path: Path) -> NDArray[np.uint8] | str:
    try:
        return clip.pixels(read_picture(path))
    except FormatError as error:
        return str(error)
