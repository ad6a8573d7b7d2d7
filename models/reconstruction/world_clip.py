"""A CLIP for a synthetic world, whose pictures no pretrained one has ever seen the like of.

Its image tower is open_clip's; the scene of a concept stands where a caption would. It is trained by CLIP's own
symmetric contrastive loss (Radford et al. 2021, arXiv:2103.00020) on pictures of training concepts, and written
as a config and weights that open_clip loads like any other. Its text tower is left as it was drawn.
"""

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.errors import OutputError
from bci.storage import new_folder
from models.progress import OnProgress, silent
from models.reconstruction.config import LookingConfig
from models.reconstruction.looking import Rendered, learn_to_look
from replay.world import World
from replay.world.render import N_NUMBERS

__all__ = ["CONFIG", "WEIGHTS", "write_world_clip"]

CONFIG, WEIGHTS = "world-clip.json", "world-clip.safetensors"
SIDE, DIM = 64, 64
TEMPERATURE = 0.07
VISION = {"image_size": SIDE, "layers": [1, 1, 1, 1], "width": 16, "head_width": 64, "patch_size": None}
TEXT = {"context_length": 8, "vocab_size": 512, "width": 16, "heads": 2, "layers": 1}


def write_world_clip(folder: Path, world: World, config: LookingConfig, report: OnProgress = silent) -> None:
    """Train a CLIP on pictures of a world and write its config and weights into a new folder.

    Raises
    ------
    OutputError
        If the folder is not empty, or cannot be written to.
    """
    new_folder(folder)
    try:
        (folder / CONFIG).write_text(_architecture(), encoding="utf-8")
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            network, captions = (
                open_clip.CLIP(embed_dim=DIM, vision_cfg=VISION, text_cfg=TEXT),
                nn.Linear(N_NUMBERS, DIM),
            )
        tower = network.visual.train()
        learn_to_look(
            [*tower.parameters(), *captions.parameters()],
            lambda batch: _contrast(tower, captions, batch),
            world,
            config,
            SIDE,
            report,
        )
        state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
        (folder / WEIGHTS).write_bytes(save(state))
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror}; make room or name another place") from None


def _architecture() -> str:
    return json.dumps({"embed_dim": DIM, "vision_cfg": VISION, "text_cfg": TEXT}, indent=2) + "\n"


def _contrast(tower: nn.Module, captions: nn.Module, batch: Rendered) -> Tensor:
    """() cross-entropy of finding each picture's caption and each caption's picture."""
    colours = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD  # open_clip's default
    mean, sd = (torch.tensor(values).view(-1, 1, 1) for values in colours)
    seen = F.normalize(tower(((batch.pictures + 1) / 2 - mean) / sd), dim=1)
    told = F.normalize(captions(batch.concepts), dim=1)
    logits = seen @ told.T / TEMPERATURE
    own = torch.arange(len(logits))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
