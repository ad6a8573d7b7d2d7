"""Pairs of EEG and the picture that was shown, read when they are asked for: neither need fit into memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from models.reconstruction.input_spec import InputSpec
from replay.world import World

__all__ = ["Ints", "Pairs", "Part", "Pixels", "as_pictures", "as_tensor"]

Part = Literal["train", "test"]
Ints = NDArray[np.int64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Trials, and the pictures that they showed.

    Parameters
    ----------
    spec
        What an input is.
    inputs
        Trials (m,) -> (m, ...) float32.
    pictures
        Numbers of pictures (m,), side in pixels -> (m, side, side, 3) uint8.
    shown
        (n,) int64 number of the picture of each trial.
    owner
        (n_pictures,) int64 concept of each picture.
    names
        Of the concepts.
    guesses
        What a trained decoder took each trial for: whose concepts competed -> (n,) int64 among the names of that
        part. Empty where there is no such decoder.
    signals
        Trials (m,) -> (m, n_channels, n_times) float32 of them, for drawing; None where they are not at hand.
    world
        The synthetic world that they are of; None of recorded ones.
    about
        Where they come from, for reports.
    of_pictures
        (n,) bool: what is encoded is the picture's own vector instead of a response to it; None where all are
        trials.
    """

    spec: InputSpec
    inputs: Callable[[Ints], NDArray[np.float32]]
    pictures: Callable[[Ints, int], Pixels]
    shown: Ints
    owner: Ints
    names: tuple[str, ...]
    guesses: "dict[Part, Ints]" = field(default_factory=dict)
    signals: Callable[[Ints], NDArray[np.float32]] | None = None
    world: World | None = None
    about: dict[str, Any] = field(default_factory=dict)
    of_pictures: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def concepts(self) -> Ints:
        """(n,) concept of each trial."""
        return self.owner[self.shown]

    def part(self, rows: Ints) -> "Pairs":
        """Return some of the trials; pictures keep their numbers."""
        signals = self.signals
        return replace(
            self,
            inputs=lambda at: self.inputs(rows[at]),
            shown=self.shown[rows],
            guesses={name: guess[rows] for name, guess in self.guesses.items()},
            signals=None if signals is None else lambda at: signals(rows[at]),
            of_pictures=None if self.of_pictures is None else self.of_pictures[rows],
        )

    def trials(self) -> "Pairs":
        """Return those that are trials."""
        return self if self.of_pictures is None else self.part(np.flatnonzero(~self.of_pictures))

    def split(self, share: float, seed: int) -> "tuple[Pairs, Pairs]":
        """Return the trials of most concepts, and those of a share of the concepts, drawn at random.

        A share that comes to no concept leaves the second part empty.
        """
        used = np.unique(self.concepts)
        drawn = np.random.default_rng(seed).permutation(used)[: round(share * len(used))]
        apart = np.isin(self.concepts, drawn)
        return self.part(np.flatnonzero(~apart)), self.part(np.flatnonzero(apart))


def as_tensor(pictures: Pixels) -> Tensor:
    """Turn pictures (m, H, W, 3) uint8 into (m, 3, H, W) float32, -1 to 1."""
    pixels = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return pixels.float() / 127.5 - 1


def as_pictures(generated: Tensor, side: int | None = None) -> Pixels:
    """Turn pictures (m, 3, H, W), -1 to 1, into (m, H, W, 3) uint8, or of another side (bilinearly)."""
    if side is not None:
        generated = F.interpolate(generated.float(), (side, side), mode="bilinear", align_corners=False)
    pixels = ((generated.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
