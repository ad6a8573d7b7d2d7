"""The generator: transposed convolutions from z to a picture.

Layout after DCGAN (Radford, Metz and Chintala 2016, arXiv:1511.06434): each layer doubles the side. Group
normalisation (Wu and He 2018, arXiv:1803.08494) stands in for that over batches, so that a single picture, which
is what a live session paints, comes out as it does in a batch.
"""

import itertools
import math

from torch import Tensor, nn

__all__ = ["FIRST", "Generator", "groups_of"]

FIRST = 7
"""Side of the first maps, pixels; doubling it five times comes to 224."""


class Generator(nn.Module):
    """From z (B, latent) to pictures (B, 3, side, side), -1 to 1.

    Parameters
    ----------
    latent
        Dimension of z.
    side
        7 times a power of two.
    width
        Maps of the last hidden layer; each one before it has twice as many.
    widest
        Maps that no layer exceeds.
    """

    def __init__(self, latent: int, side: int, width: int, widest: int) -> None:
        super().__init__()
        doublings = round(math.log2(side // FIRST))
        widths = [min(widest, width * 2**power) for power in reversed(range(doublings))]
        self.spread = nn.Linear(latent, widths[0] * FIRST**2)
        self.maps = nn.Unflatten(1, (widths[0], FIRST, FIRST))
        pairs = itertools.pairwise(widths)
        self.layers = nn.Sequential(
            _normalised(widths[0]),
            *(nn.Sequential(_doubling(wide, narrow), _normalised(narrow)) for wide, narrow in pairs),
            _doubling(widths[-1], 3),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Generate pictures."""
        maps = self.maps(self.spread(z))  # (B, widest, 7, 7)
        return self.layers(maps)  # type: ignore[no-any-return]  # (B, 3, side, side)


def groups_of(maps: int) -> int:
    """Return how many groups maps are normalised in: 8 if they can be shared out so, else 1."""
    return 8 if maps % 8 == 0 else 1


def _doubling(before: int, after: int) -> nn.Module:
    return nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)


def _normalised(maps: int) -> nn.Module:
    return nn.Sequential(nn.GroupNorm(groups_of(maps), maps), nn.ReLU())
