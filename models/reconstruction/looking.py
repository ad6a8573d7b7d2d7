"""Learning to look at the pictures of a synthetic world: what its judge and its CLIP have in common.

Both learn from pictures of the training concepts, drawn for them alone; neither ever sees a test concept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Parameter

from models.progress import OnProgress, Progress
from models.reconstruction.config import LookingConfig
from models.reconstruction.pairs import Ints, as_tensor
from replay.world import World
from replay.world.pictures import Pictures

__all__ = ["Rendered", "learn_to_look"]

BATCH = 64
LR = 2e-3


@dataclass(frozen=True, slots=True)
class Rendered:
    """Some pictures.

    Parameters
    ----------
    pictures
        (B, 3, side, side), -1 to 1.
    scenes
        (B, n_numbers) that decide what they look like.
    concepts
        (B, n_numbers) what decides it on average over the pictures of their concept.
    """

    pictures: Tensor
    scenes: Tensor
    concepts: Tensor


def learn_to_look(
    parameters: Sequence[Parameter],
    loss_of: Callable[[Rendered], Tensor],
    world: World,
    config: LookingConfig,
    side: int,
    report: OnProgress,
) -> None:
    """Fit parameters in place by Adam, on the processor.

    Parameters
    ----------
    parameters
        What is fitted.
    loss_of
        () of some pictures.
    world, config, side
        Whose pictures, how many and from which seed, how large in pixels.
    report
        Told how far it is.
    """
    batches, n_steps = _batches(world, config, side)
    optimiser = torch.optim.Adam(parameters, lr=LR)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, n_steps)
    for step, batch in enumerate(batches, start=1):
        loss = loss_of(batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 10 == 0 or step == n_steps:
            report(Progress(step, n_steps, float(loss.detach())))


def _batches(world: World, config: LookingConfig, side: int) -> tuple[Iterator[Rendered], int]:
    """Return pictures to learn from, each as often as there are passes, and how many batches that makes."""
    rng = np.random.default_rng((world.spec.seed, config.seed))
    concepts = rng.integers(len(world.train_bank.names), size=config.pictures)
    vectors, renderer = _drawn(world.pictures, concepts, rng), world.renderer()
    known = renderer.scenes(world.train_bank.prototypes)
    n_steps = -(-config.pictures // BATCH) * config.passes
    order = np.concatenate([rng.permutation(config.pictures) for _ in range(config.passes)])

    def rendered(rows: Ints) -> Rendered:
        pictures = as_tensor(renderer.render(vectors[rows], side))
        return Rendered(pictures, _tensor(renderer.scenes(vectors[rows])), _tensor(known[concepts[rows]]))

    return map(rendered, np.array_split(order, n_steps)), n_steps


def _drawn(known: Pictures, concepts: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw pictures (n, dim) round training concepts, as those of the world are drawn, but others."""
    spread = rng.standard_normal((len(concepts), len(known.variances))) * np.sqrt(known.variances)
    vectors: NDArray[np.float64] = known.train.prototypes[concepts] + known.scatter * spread @ known.axes.T
    return vectors


def _tensor(array: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(array.astype(np.float32))
