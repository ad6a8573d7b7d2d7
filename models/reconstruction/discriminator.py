"""The discriminator: strided convolutions from a picture to how real it looks.

Layout after DCGAN (Radford, Metz and Chintala 2016, arXiv:1511.06434), group normalisation as in the generator, so
that real and generated pictures need no batches of their own.
"""

import itertools
import math

from torch import Tensor, nn

from models.reconstruction.generator import FIRST, groups_of

__all__ = ["Discriminator"]


class Discriminator(nn.Module):
    """From pictures (B, 3, side, side), -1 to 1, to logits (B,) of being real.

    Parameters
    ----------
    side
        7 times a power of two.
    width
        Maps of the first layer; each one after it has twice as many.
    widest
        Maps that no layer exceeds.
    """

    def __init__(self, side: int, width: int, widest: int) -> None:
        super().__init__()
        halvings = round(math.log2(side // FIRST))
        widths = [min(widest, width * 2**power) for power in range(halvings)]
        pairs = itertools.pairwise(widths)
        self.layers = nn.Sequential(
            _halving(3, widths[0]),
            nn.LeakyReLU(0.2),
            *(nn.Sequential(_halving(narrow, wide), _normalised(wide)) for narrow, wide in pairs),
            nn.Flatten(),
            nn.Linear(widths[-1] * FIRST**2, 1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logit of each picture."""
        return self.layers(pictures).squeeze(1)  # type: ignore[no-any-return]  # (B, 1) -> (B,)


def _halving(before: int, after: int) -> nn.Module:
    return nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1)


def _normalised(maps: int) -> nn.Module:
    return nn.Sequential(nn.GroupNorm(groups_of(maps), maps), nn.LeakyReLU(0.2))
