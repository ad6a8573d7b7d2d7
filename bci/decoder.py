"""The seam between the live path and whatever decodes: one verb.

`FakeDecoder` ships with the library, so that sessions can be tested without a model.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.ranking import rank
from bci.types import DecoderSpec, Ranking

__all__ = ["Decoder", "FakeDecoder", "check_epochs"]


class Decoder(Protocol):
    """Anything that turns epochs into rankings."""

    @property
    def spec(self) -> DecoderSpec:
        """What it expects and what it ranks."""
        ...

    @property
    def trouble(self) -> str:
        """What is wrong with it although it decodes; empty if nothing is."""
        ...

    def decode(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        """Rank the concepts for each epoch.

        Parameters
        ----------
        epochs
            (B, C, T) float32, preprocessed as `spec.preprocess` says.
        watch
            One concept index or None per epoch: whose rank is to be copied back. It changes nothing else.
        k
            How many concepts to name; fewer if the bank is smaller.
        """
        ...


def check_epochs(spec: DecoderSpec, epochs: NDArray[np.float32]) -> None:
    """Refuse epochs that a decoder was not made for.

    Raises
    ------
    MismatchError
        If they are not (n, n_channels, n_times) float32 of the spec's own shape.
    """
    expected = (len(spec.channels), spec.n_times)
    if epochs.ndim != 3 or epochs.shape[1:] != expected or epochs.dtype != np.float32:
        raise MismatchError(
            f"expected epochs of shape (n, {expected[0]}, {expected[1]}) float32, "
            f"got {epochs.shape} {epochs.dtype}"
        )


class FakeDecoder:
    """A decoder whose embedding is the mean over time of its first channels: no model, but a real ranking.

    Parameters
    ----------
    spec
        What it pretends to expect.
    prototypes
        (N, D) float32, unit norm, D at most the number of channels.
    """

    def __init__(self, spec: DecoderSpec, prototypes: NDArray[np.float32]) -> None:
        self.spec = spec
        self.prototypes = prototypes
        self.trouble = ""

    def decode(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        """Rank by the mean over time of the first D channels."""
        means = epochs.mean(axis=2)[:, : self.prototypes.shape[1]]
        return [rank(mean, self.prototypes, truth, k) for mean, truth in zip(means, watch, strict=True)]
