"""The judge of a synthetic world: a small network that sees what a picture was rendered from.

It learns to read the scene of a picture, the numbers that decide what it looks like. It takes no part in the
training of a reconstruction, so that its verdict is not circular.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from models.progress import OnProgress, silent
from models.reconstruction.config import JudgeConfig
from models.reconstruction.looking import learn_to_look
from models.reconstruction.pairs import Pixels, as_tensor
from replay.world import World
from replay.world.render import N_NUMBERS

__all__ = ["Judge", "train_judge"]

SIDE = 56
"""Of the pictures that it looks at, pixels."""
BATCH = 64


@dataclass(frozen=True)
class Judge:
    """Reads scenes from pictures.

    Parameters
    ----------
    network
        (B, 3, SIDE, SIDE), -1 to 1 -> (B, N_NUMBERS).
    """

    network: nn.Module

    def features(self, pictures: Pixels) -> NDArray[np.float32]:
        """Return the scene that each picture (n, side, side, 3) seems to show, (n, N_NUMBERS)."""
        blocks = range(0, len(pictures), BATCH)
        with torch.inference_mode():
            return torch.cat([self.network(_seen(pictures[at : at + BATCH])) for at in blocks]).numpy()


def train_judge(world: World, config: JudgeConfig, report: OnProgress = silent) -> Judge:
    """Train a judge on pictures of the training concepts of a world, on the processor.

    Parameters
    ----------
    world
        Whose pictures are to be judged.
    config
        How many pictures, and the seed, which is not that of any reconstruction.
    report
        Told how far it is.
    """
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        network = _network(config.width)
    learn_to_look(
        list(network.parameters()),
        lambda batch: F.mse_loss(network(batch.pictures), batch.scenes),
        world,
        config,
        SIDE,
        report,
    )
    return Judge(network.eval().requires_grad_(requires_grad=False))


def _network(width: int) -> nn.Module:
    widths = (3, width, 2 * width, 4 * width)
    layers = [
        nn.Sequential(nn.Conv2d(before, after, 4, stride=2, padding=1), nn.GroupNorm(4, after), nn.GELU())
        for before, after in itertools.pairwise(widths)
    ]
    flat = widths[-1] * (SIDE // 8) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, 256), nn.GELU(), nn.Linear(256, N_NUMBERS))


def _seen(pictures: Pixels) -> Tensor:
    """Return pictures as the judge looks at them, (B, 3, SIDE, SIDE)."""
    return F.interpolate(as_tensor(pictures), (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
