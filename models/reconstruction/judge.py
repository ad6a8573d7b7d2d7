"""The judge of a synthetic world: a small network that sees what a picture was rendered from.

It learns to read the scene of a picture, the numbers that decide what it looks like, from pictures of the
training concepts that nobody else is shown. It takes no part in the training of a reconstruction, so that its
verdict is not circular; it never sees a test picture before it judges.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from models.progress import OnProgress, Progress, silent
from models.reconstruction.config import JudgeConfig
from models.reconstruction.pairs import Pixels, as_tensor
from replay.world import World

__all__ = ["Judge", "train_judge"]

SIDE = 56
"""Of the pictures that it looks at, pixels."""
BATCH = 64
LR = 2e-3


@dataclass(frozen=True)
class Judge:
    """Reads scenes from pictures.

    Parameters
    ----------
    network
        (B, 3, SIDE, SIDE), -1 to 1 -> (B, n_numbers).
    """

    network: nn.Module

    def features(self, pictures: Pixels) -> NDArray[np.float32]:
        """Return the scene that each picture (n, side, side, 3) seems to show, (n, n_numbers)."""
        with torch.inference_mode():
            read = [
                self.network(_seen(pictures[first : first + BATCH])) for first in range(0, len(pictures), BATCH)
            ]
        return torch.cat(read).numpy()


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
    rng = np.random.default_rng((world.spec.seed, config.seed))
    vectors = _vectors(world, config.pictures, rng)
    renderer = world.renderer()
    scenes = torch.from_numpy(renderer.scenes(vectors).astype(np.float32))
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        network = _network(config.width, scenes.shape[1])
        optimiser = torch.optim.Adam(network.parameters(), lr=LR)
        n_steps = -(-len(vectors) // BATCH) * config.passes
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, n_steps)
        order = np.concatenate([rng.permutation(len(vectors)) for _ in range(config.passes)])
        for step, rows in enumerate(np.array_split(order, n_steps)):
            read = network(_seen(renderer.render(vectors[rows], SIDE)))
            loss = F.mse_loss(read, scenes[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            if step % 10 == 0 or step + 1 == n_steps:
                report(Progress(step + 1, n_steps, float(loss.detach())))
    return Judge(network.eval().requires_grad_(requires_grad=False))


def _vectors(world: World, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw pictures (n, dim) round the training concepts, as those of the world are drawn, but others."""
    known = world.pictures
    concepts = known.train.prototypes[rng.integers(len(known.train.names), size=n)]
    spread = rng.standard_normal((n, len(known.variances))) * np.sqrt(known.variances) @ known.axes.T
    return np.asarray(concepts + known.scatter * spread, np.float32)


def _network(width: int, n_numbers: int) -> nn.Module:
    widths = (3, width, 2 * width, 4 * width)
    layers = [
        nn.Sequential(nn.Conv2d(before, after, 4, stride=2, padding=1), nn.GroupNorm(4, after), nn.GELU())
        for before, after in itertools.pairwise(widths)
    ]
    flat = widths[-1] * (SIDE // 8) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, 256), nn.GELU(), nn.Linear(256, n_numbers))


def _seen(pictures: Pixels) -> Tensor:
    """Return pictures as the judge looks at them, (B, 3, SIDE, SIDE)."""
    return F.interpolate(as_tensor(pictures), (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
