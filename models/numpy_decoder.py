"""The live decoder of the classical families: scores in NumPy, from epochs in one step."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.decoder import check_epochs
from bci.errors import FormatError
from bci.ranking import rank_scores
from bci.types import Ranking, read_only
from models.bundle import Bundle, decoder_spec, softmax_temperature

__all__ = ["NumpyDecoder", "Score", "Scored", "arrays"]

OFFLINE_BATCH = 1024
"""Epochs that are scored at a time where nobody waits for them."""

Scored = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]
"""Embeddings (n, D) and scores (n, N)."""
Score = Callable[[NDArray[np.float32]], Scored]
"""From epochs (n, C, T), preprocessed and scaled, to embeddings and scores against the bank."""


class NumpyDecoder:
    """A `bci.decoder.Decoder` round a function that scores.

    Parameters
    ----------
    bundle
        The trained decoder.
    bank
        What it ranks.
    score
        Made of the bundle's weights and the bank; the same for an epoch whatever stands beside it.
    prototypes
        (N, D) of the concepts, in the space of the embeddings: scores are their products. None if too large.
    """

    def __init__(
        self, bundle: Bundle, bank: Bank, score: Score, prototypes: NDArray[np.floating[Any]] | None
    ) -> None:
        self.spec = decoder_spec(bundle, bank)
        self.prototypes = None if prototypes is None else read_only(prototypes.astype(np.float32))
        self.trouble = ""
        self._score = score
        self._temperature = softmax_temperature(bundle, bank)
        self._warm_up()

    def decode(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        """Rank the concepts for each epoch; see `bci.decoder.Decoder.decode`.

        Raises
        ------
        MismatchError
            If the epochs have another shape than the decoder was trained on.
        """
        check_epochs(self.spec, epochs)
        embeddings, scores = (np.asarray(array, np.float32) for array in self._score(epochs))
        return [
            rank_scores(row, embedding.copy(), truth, k, self._temperature)
            for row, embedding, truth in zip(scores, embeddings, watch, strict=True)
        ]

    def scores(self, epochs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score all concepts for many epochs (n, C, T): (n, N) float32, those of `decode`."""
        check_epochs(self.spec, epochs)
        scores = np.empty((len(epochs), len(self.spec.concepts)), np.float32)
        for first in range(0, len(epochs), OFFLINE_BATCH):
            scores[first : first + OFFLINE_BATCH] = self._score(epochs[first : first + OFFLINE_BATCH])[1]
        return scores

    def _warm_up(self) -> None:
        """Run once on noise, so that the first epoch waits for no import."""
        shape = (1, len(self.spec.channels), self.spec.n_times)
        try:
            self.scores(np.random.default_rng(0).normal(size=shape).astype(np.float32))
        except ValueError as error:
            raise FormatError(f"the weights do not fit the decoder that the bundle names: {error}") from None


def arrays(bundle: Bundle, *names: str) -> tuple[NDArray[Any], ...]:
    """Return weights of a bundle by name.

    Raises
    ------
    FormatError
        If one is missing.
    """
    if missing := [name for name in names if name not in bundle.weights]:
        raise FormatError(f"the weights do not fit {bundle.config.decoder.name!r}: {missing[0]!r} is missing")
    return tuple(bundle.weights[name] for name in names)
