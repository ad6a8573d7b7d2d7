"""Which losses do what: every subset of them trained anew on the same pairs, a few seeds each, in one table.

The last row trains all of them on pairs that are shuffled inside their part, through the choice of the pass.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import torch

from models.alignment.config import AlignmentConfig
from models.alignment.pairs import PARTS, Pairs, Picked
from models.alignment.train import train
from models.alignment.validation import validate
from models.progress import OnProgress, Progress, silent

__all__ = ["LOSSES", "AblationRow", "ablate", "shuffled"]

LOSSES = ("mse", "infonce", "distillation")


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One row of the table.

    Parameters
    ----------
    losses
        Those that were on.
    shuffled
        Whether EEG and fMRI did not belong together.
    seeds
        Figures of the test part for each seed, as `models.alignment.validation.figures` names them.
    """

    losses: tuple[str, ...]
    shuffled: bool
    seeds: tuple[Mapping[str, float], ...]

    def mean(self, figure: str) -> float:
        """Mean of a figure over seeds."""
        return float(np.mean([each[figure] for each in self.seeds]))

    def span(self, figure: str) -> tuple[float, float]:
        """Smallest and largest value of a figure over seeds."""
        values = [each[figure] for each in self.seeds]
        return min(values), max(values)


def ablate(
    pairs: Pairs, config: AlignmentConfig, seeds: Sequence[int], report: OnProgress = silent
) -> tuple[AblationRow, ...]:
    """Train and judge every subset of the losses.

    Parameters
    ----------
    config
        What is changed in nothing but scales and seed; a scale that is 0 in it counts as 1 where its loss is on.
    report
        Told after each training.
    """
    cases = [(losses, False) for losses in subsets()] + [(LOSSES, True)]
    rows = []
    for number, (losses, mixed) in enumerate(cases):
        figures = []
        for at, seed in enumerate(seeds):
            told = shuffled(pairs, seed) if mixed else pairs
            figures.append(_judged(told, pairs, _with(config, losses, seed)))
            report(Progress(number * len(seeds) + at + 1, len(cases) * len(seeds)))
        rows.append(AblationRow(losses, mixed, tuple(figures)))
    return tuple(rows)


def subsets() -> Iterator[tuple[str, ...]]:
    """Yield every subset of the losses that is not empty, small ones first."""
    for size in range(1, len(LOSSES) + 1):
        yield from combinations(LOSSES, size)


def shuffled(pairs: Pairs, seed: int) -> Pairs:
    """Return pairs whose EEG is another's of the same part; the test part stays as it is."""
    order, rng = np.arange(len(pairs)), np.random.default_rng(seed)
    for number in (PARTS.index("train"), PARTS.index("validation")):
        rows = np.flatnonzero(pairs.part == number)
        order[rows] = rng.permutation(rows)
    return replace(pairs, eeg=Picked(pairs.eeg, order), eeg_picture=pairs.eeg_picture[order])


def _with(config: AlignmentConfig, losses: tuple[str, ...], seed: int) -> AlignmentConfig:
    scales = {name: (getattr(config.loss, name) or 1.0) if name in losses else 0.0 for name in LOSSES}
    update = {
        "loss": config.loss.model_copy(update=scales),
        "train": config.train.model_copy(update={"seed": seed}),
    }
    return config.model_copy(update=update)


def _judged(told: Pairs, pairs: Pairs, config: AlignmentConfig) -> dict[str, float]:
    """Figures of the test part after training on the others, as they are told."""
    trained, test = train(told, config), pairs.part_of("test")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return validate(trained.model(test).to(device), test, trained.targets, device)
