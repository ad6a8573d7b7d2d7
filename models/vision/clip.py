"""A vision-language model by open_clip, from a pretrained tag or from a local file of weights.

open_clip: https://github.com/mlfoundations/open_clip; CLIP: Radford et al. 2021, arXiv:2103.00020.
"""

import difflib
import hashlib
import json
import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from bci.errors import BciError, ConfigError, FormatError

__all__ = ["Clip", "ModelChoice", "load_clip", "load_tokenizer"]

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
_SELF_CONTAINED = ("hf-hub:", "local-dir:")
"""What open_clip reads config and weights from at once."""
_TROUBLE = (
    AssertionError, AttributeError, EOFError, ImportError, KeyError, OSError, RuntimeError, SafetensorError,
    TypeError, ValueError, pickle.UnpicklingError,
)  # fmt: skip
"""What open_clip, timm and torch raise for weights and configs that are not what they should be."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model.

    Parameters
    ----------
    model
        Architecture as open_clip names it, `hf-hub:...` or `local-dir:...`; empty with `config`.
    pretrained
        Tag of its pretrained weights. With `weights` too, it says how to prepare pictures, and the activation.
    weights
        Local file of weights, safetensors or one that torch reads with `weights_only`.
    config
        JSON of an architecture of one's own, as in open_clip's `model_configs`.
    precision
        What it computes in.
    """

    model: str = ""
    pretrained: str | None = None
    weights: Path | None = None
    config: Path | None = None
    precision: Literal["fp32", "fp16", "bf16"] = "fp32"


@dataclass(frozen=True)
class Clip:
    """A model that is ready to embed, on the processor.

    Parameters
    ----------
    name
        Architecture, with the pretrained tag or the hash of its config.
    network
        open_clip's.
    precision
        What it computes in.
    preprocess
        How pictures become its input, in words.
    fit
        Scales and crops a picture to its input size.
    mean, sd
        (3, 1, 1) float32 of the colours, 0..1.
    """

    name: str
    network: nn.Module
    precision: str
    preprocess: str
    fit: Callable[[Image.Image], Image.Image]
    mean: Tensor
    sd: Tensor

    def weights_hash(self) -> str:
        """Return the SHA-256 of all weights, whatever file they came from."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def pixels(self, picture: Image.Image) -> NDArray[np.uint8]:
        """Bring an RGB picture to the network's input size, (3, H, W)."""
        return np.ascontiguousarray(np.asarray(self.fit(picture), np.uint8).transpose(2, 0, 1))

    def normalised(self, pictures: Tensor) -> Tensor:
        """Turn pictures (B, 3, H, W), 0..255, into the network's input."""
        normalised = (pictures / 255 - self.mean.to(pictures)) / self.sd.to(pictures)
        return normalised.to(_dtype(self.precision))


def load_clip(choice: ModelChoice) -> Clip:
    """Load a model; weights that are not there yet are downloaded by open_clip.

    Raises
    ------
    ConfigError
        If there is no such model or tag, naming the nearest, or it is not said where weights come from.
    FormatError
        If the weights or the config cannot be read, or do not fit each other.
    BciError
        If weights cannot be downloaded.
    """
    name = _register(choice.config) if choice.config else choice.model
    _check(choice, name)
    tag = open_clip.get_pretrained_cfg(name, choice.pretrained) if choice.pretrained else {}
    try:
        with _quiet():
            network = open_clip.create_model(
                name,
                pretrained=str(choice.weights) if choice.weights else choice.pretrained,
                precision=choice.precision,
                # a tag's weights are right with the activation that they were trained with alone
                force_quick_gelu=bool(tag.get("quick_gelu", False)),
                force_preprocess_cfg=tag,
                require_pretrained=True,
                weights_only=True,
            )
    except _TROUBLE as error:
        raise _explain(choice, name, error) from None
    return _ready(network.eval().requires_grad_(requires_grad=False), _full_name(choice, name), choice.precision)


def load_tokenizer(choice: ModelChoice) -> Callable[[Sequence[str]], Tensor]:
    """Return what turns prompts into the model's tokens (n, context length).

    Raises
    ------
    BciError
        If the tokenizer cannot be downloaded, or needs a package that is not there.
    """
    name = _register(choice.config) if choice.config else choice.model
    try:
        with _quiet():
            tokenizer: Callable[[Sequence[str]], Tensor] = open_clip.get_tokenizer(name)
    except _TROUBLE as error:
        raise BciError(f"cannot get the tokenizer of {name}: {_one_line(error)}") from None
    return tokenizer


def _check(choice: ModelChoice, name: str) -> None:
    if name.startswith(_SELF_CONTAINED):
        if choice.pretrained or choice.weights:
            raise ConfigError(f"{name} brings its weights along: leave out --pretrained and --weights")
        return
    if name not in (known := open_clip.list_models()):
        raise ConfigError(f"open_clip has no model {name!r}; {_nearest(name, known)}, or give --config")
    if choice.pretrained and not open_clip.is_pretrained_cfg(name, choice.pretrained):
        tags = open_clip.list_pretrained_tags_by_model(name)
        raise ConfigError(
            f"{name} has no pretrained tag {choice.pretrained!r}; {_nearest(choice.pretrained, tags)}"
        )
    if choice.weights is None:
        if choice.pretrained is None:
            tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none is known"
            raise ConfigError(f"expected the weights of {name}: --weights FILE or --pretrained TAG ({tags})")
    elif not choice.weights.is_file() or choice.weights.suffix.lower() not in SUFFIXES:
        raise FormatError(f"expected a file of weights ({', '.join(SUFFIXES)}), got {choice.weights}")


def _register(config: Path) -> str:
    """Make an architecture known to open_clip; return the name that it has there."""
    try:
        body = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot read the model config {config}: {error}") from None
    wanted = ("embed_dim", "vision_cfg", "text_cfg")
    if not isinstance(body, dict) or any(key not in body for key in wanted):
        raise FormatError(
            f"{config}: expected a JSON object with {', '.join(wanted)}, as in open_clip's model_configs"
        )
    open_clip.add_model_config(config)
    return config.stem


def _full_name(choice: ModelChoice, name: str) -> str:
    if name.startswith("local-dir:"):
        return f"local-dir:{Path(name).name}"  # where it lies is nobody's business
    if choice.config is None:
        return f"{name}/{choice.pretrained}" if choice.pretrained else name
    canonical = json.dumps(json.loads(choice.config.read_text(encoding="utf-8")), sort_keys=True)
    return f"{name}#{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"


def _ready(network: nn.Module, name: str, precision: str) -> Clip:
    spec = PreprocessCfg(**network.visual.preprocess_cfg)  # type: ignore[union-attr,arg-type]
    steps = image_transform_v2(spec, is_train=False).transforms
    geometry = steps[:-2]  # the last ones make it a tensor and normalise its colours

    def fit(picture: Image.Image) -> Image.Image:
        for step in geometry:
            picture = step(picture)
        return picture

    mean, sd = (torch.tensor(values, dtype=torch.float32).view(-1, 1, 1) for values in (spec.mean, spec.std))
    return Clip(name, network, precision, _describe(spec), fit, mean, sd)


def _describe(spec: PreprocessCfg) -> str:
    height, width = spec.input_size[1:]
    colours = "; ".join(
        f"{label} {' '.join(f'{value:.8g}' for value in values)}"
        for label, values in (("mean", spec.mean), ("sd", spec.std))
    )
    fill = f" filled with {spec.fill_color}" if spec.resize_mode == "longest" else ""
    return f"{width}x{height} {spec.interpolation} {spec.resize_mode}{fill}; {colours}"


def _dtype(precision: str) -> torch.dtype:
    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[precision]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what open_clip logs on the root logger back: it is raised as well, and told in one line."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        root.setLevel(level)


def _explain(choice: ModelChoice, name: str, error: BaseException) -> BciError:
    if choice.weights is not None:
        return FormatError(f"{choice.weights} does not hold the weights of {name}: {_one_line(error)}")
    return BciError(
        f"cannot get the weights of {name} ({choice.pretrained or 'its own'}): {_one_line(error)}; "
        "download them where there is a network and give --weights FILE"
    )


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + "..."


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.0)
    return f"the nearest ones are {', '.join(near)}" if near else "none is known"
