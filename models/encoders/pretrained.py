"""Pretrained weights: found on disk or on the Hugging Face Hub, read without unpickling code, put into a module.

What a file lacks is refused by name: a network that is quietly random in part looks like a bad decoder.
"""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from bci.config import expand
from bci.errors import BciError, ConfigError, FormatError

__all__ = ["put_weights", "read_weights"]

ON_THE_HUB = ("model.safetensors", "pytorch_model.bin")
"""Files of a model on the Hub, the first that is there is taken."""

INSIDE = ("state_dict", "model", "model_state_dict")
"""Where checkpoints keep the weights, beside an optimiser and others."""


def read_weights(source: str) -> dict[str, Tensor]:
    """Read the weights of a model.

    Parameters
    ----------
    source
        A `.safetensors` file, a file of `torch.save`, or `OWNER/NAME` on the Hugging Face Hub. `${VARIABLES}` are
        filled in.

    Raises
    ------
    ConfigError
        If there is no such file, or the Hub's client is missing.
    FormatError
        If the file is damaged, or holds anything but tensors and plain containers.
    BciError
        If the Hub cannot be reached or has no such model.
    """
    path = Path(expand(source))
    if not path.is_file():
        path = _fetched(source)
    try:
        content = load_file(path) if path.suffix == ".safetensors" else _load_torch(path)
    except (SafetensorError, pickle.UnpicklingError, EOFError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FormatError(
            f"{path}: expected whole weights, as safetensors or as torch saves them: {reason}"
        ) from None
    if isinstance(content, Mapping):
        content = next((content[key] for key in INSIDE if isinstance(content.get(key), Mapping)), content)
    if not isinstance(content, Mapping):
        raise FormatError(f"{path}: expected weights by name, got {type(content).__name__}")
    return {str(name): tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}


def put_weights(module: nn.Module, weights: Mapping[str, Tensor], fresh: Sequence[str], source: str) -> None:
    """Put weights into a module, all but those of the parts that start anew.

    Parameters
    ----------
    module
        Whose `state_dict` names what is needed.
    weights
        By name; more than are needed do no harm.
    fresh
        Names of submodules whose weights are left as they are.
    source
        Where the weights come from, for messages.

    Raises
    ------
    FormatError
        If one that is needed is missing or has another shape.
    """
    own = {name: tensor for name, tensor in module.state_dict().items() if not is_within(name, fresh)}
    for name, tensor in own.items():
        if name not in weights or weights[name].shape != tensor.shape:
            there = f"one of {tuple(weights[name].shape)}" if name in weights else "none"
            raise FormatError(
                f"expected a tensor {name!r} of {tuple(tensor.shape)} in the weights {source}, got {there}: set "
                "the model's settings as they were in pretraining, or name the part among those that start fresh"
            )
    module.load_state_dict({name: weights[name] for name in own}, strict=False)


def is_within(name: str, parts: Sequence[str]) -> bool:
    """Tell whether a tensor belongs to one of some submodules."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _fetched(source: str) -> Path:
    """Download from the Hub, or find what was downloaded before."""
    if source.count("/") != 1 or Path(source).suffix:
        raise ConfigError(f"no such file of pretrained weights: {source!r}; name a file, or OWNER/NAME on the Hub")
    try:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 (optional)
        from huggingface_hub.errors import EntryNotFoundError  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            f"fetching {source!r} needs the Hugging Face client: pip install 'bci-live[foundation]'"
        ) from None
    try:
        try:
            return Path(hf_hub_download(source, ON_THE_HUB[0]))
        except EntryNotFoundError:
            return Path(hf_hub_download(source, ON_THE_HUB[1]))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BciError(
            f"cannot fetch the pretrained weights {source!r} from the Hugging Face Hub: {reason}; go online, or "
            "name a file that was fetched elsewhere"
        ) from None


def _load_torch(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)  # tensors and plain containers, no code
