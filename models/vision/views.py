"""What is done to pictures before they are embedded: sets of degraded views, averaged or kept apart.

Targets of degraded pictures decode better from EEG than those of sharp ones: Wu et al. 2025, "Bridging the
vision-brain gap with an uncertainty-aware blur prior" (arXiv:2503.04207). All sizes are in pixels of the network's
input, to which pictures are brought first; views are not rounded to 8 bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.errors import ConfigError
from bci.nearest import nearest

__all__ = ["TRANSFORMS", "Blur", "LowResolution", "Mosaic", "Noise", "Transform", "View", "find_transform"]


class View(Protocol):
    """One way of degrading pictures."""

    def __call__(self, pictures: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:
        """Return the view of pictures (B, 3, H, W), 0..255; `seeds` (B,) are what chance may depend on."""
        ...


@dataclass(frozen=True, slots=True)
class Blur:
    """Gaussian blur with a kernel of `size` x `size`, odd; 1 leaves pictures as they are.

    The standard deviation follows from the size as in OpenCV, 0.3 ((size - 1) / 2 - 1) + 0.8, and borders are
    mirrored without repeating the edge: https://docs.opencv.org/4.x/d4/d86/group__imgproc__filter.html
    """

    size: int

    def __call__(self, pictures: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:  # noqa: ARG002 (there is no chance in it)
        """Return the view of pictures (B, 3, H, W)."""
        reach = self.size // 2
        if reach >= min(pictures.shape[-2:]):
            raise ConfigError(
                f"expected pictures larger than {reach} pixels for a blur with kernel {self.size}; "
                f"the network takes {pictures.shape[-1]} x {pictures.shape[-2]}"
            )
        padded = F.pad(pictures, (reach, reach, reach, reach), mode="reflect")
        kernel = self._kernel().to(pictures)
        across = F.conv2d(padded, kernel.view(1, 1, 1, -1).expand(3, 1, 1, -1), groups=3)
        return F.conv2d(across, kernel.view(1, 1, -1, 1).expand(3, 1, -1, 1), groups=3)

    def _kernel(self) -> Tensor:
        sd = 0.3 * ((self.size - 1) / 2 - 1) + 0.8
        weights = torch.exp(-0.5 * ((torch.arange(self.size) - self.size // 2) / sd) ** 2)
        return weights / weights.sum()

    def __str__(self) -> str:
        return f"blur {self.size}"


@dataclass(frozen=True, slots=True)
class Noise:
    """White Gaussian noise of standard deviation `sd`, clipped to 0..255; the same for a picture every time."""

    sd: float

    def __call__(self, pictures: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:
        """Return the view of pictures (B, 3, H, W)."""
        shape = pictures.shape[1:]
        drawn = [np.random.default_rng(seed).standard_normal(shape, np.float32) for seed in seeds]
        noise = torch.from_numpy(np.stack(drawn)).to(pictures)
        return (pictures + self.sd * noise).clamp(0, 255)

    def __str__(self) -> str:
        return f"noise {self.sd:g}"


@dataclass(frozen=True, slots=True)
class LowResolution:
    """Shrunk to a `share` of its width and height and enlarged again, bilinear."""

    share: float

    def __call__(self, pictures: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:  # noqa: ARG002 (there is no chance in it)
        """Return the view of pictures (B, 3, H, W)."""
        full = (pictures.shape[-2], pictures.shape[-1])
        small = [max(1, int(length * self.share)) for length in full]
        shrunk = F.interpolate(pictures, small, mode="bilinear", antialias=True)
        return F.interpolate(shrunk, full, mode="bilinear", antialias=True)

    def __str__(self) -> str:
        return f"low resolution {self.share:g}"


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Tiles of `size` x `size` pixels of one colour each, that of their middle."""

    size: int

    def __call__(self, pictures: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:  # noqa: ARG002 (there is no chance in it)
        """Return the view of pictures (B, 3, H, W)."""
        full = (pictures.shape[-2], pictures.shape[-1])
        tiles = [max(1, length // self.size) for length in full]
        return F.interpolate(F.interpolate(pictures, tiles, mode="bilinear"), full, mode="nearest")

    def __str__(self) -> str:
        return f"mosaic {self.size}"


@dataclass(frozen=True, slots=True)
class Transform:
    """A set of views.

    Parameters
    ----------
    name
        As it is asked for.
    views
        At least one.
    averaged
        The views' vectors are averaged; otherwise they are kept side by side.
    """

    name: str
    views: tuple[View, ...]
    averaged: bool = False

    @property
    def n_views(self) -> int:
        """Number of vectors that a picture gets."""
        return 1 if self.averaged else len(self.views)

    def describe(self, seed: int) -> str:
        """Name everything that decides what the views are, for the bank's key."""
        if self.name == "none":
            return "none"
        listed = ("mean of " if self.averaged else "") + ", ".join(map(str, self.views))
        chance = f"; seed {seed}" if any(isinstance(view, Noise) for view in self.views) else ""
        return f"{self.name}: {listed}{chance}"


_SETS = (
    Transform("none", (Blur(1),)),
    # NeuroBridge, https://github.com/feroooooo/NeuroBridge (AAAI 2026)
    Transform("eeg_project", (Blur(15), Noise(25), LowResolution(0.1), Mosaic(5)), averaged=True),
    Transform("blur_bank", tuple(Blur(size) for size in (1, 3, *range(9, 64, 6)))),
)
TRANSFORMS = {transform.name: transform for transform in _SETS}


def find_transform(name: str) -> Transform:
    """Return a set of views by its name.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in TRANSFORMS:
        near = nearest(name, TRANSFORMS)
        raise ConfigError(f"expected views {', '.join(TRANSFORMS)}; got {name!r}, the nearest one is {near!r}")
    return TRANSFORMS[name]
