"""One decoder for several sessions: epochs that wait at the same time are decoded as one batch.

No thread of its own: who calls decodes, and takes along what the others wait for. A call that comes alone is
decoded at once, as it would be without the others.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.decoder import Decoder, check_epochs
from bci.types import DecoderSpec, Ranking

__all__ = ["BatchingDecoder"]


@dataclass(slots=True, eq=False)
class _Call:
    """Epochs (B, C, T) of one caller, and what became of them."""

    epochs: NDArray[np.float32]
    watch: Sequence[int | None]
    k: int
    rankings: list[Ranking] | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.rankings is not None or self.error is not None


class BatchingDecoder:
    """A `bci.decoder.Decoder` that any number of threads may call.

    Rankings are those of the shared decoder; in a batch their scores may differ by the rounding of a batch, 1e-6.

    Parameters
    ----------
    decoder
        What decodes; called from one thread at a time.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._waiting: list[_Call] = []
        self._asking = threading.Lock()  # held for an instant, to change what waits
        self._decoding = threading.Lock()  # held while the decoder works

    @property
    def spec(self) -> DecoderSpec:
        """What it expects and what it ranks."""
        return self._decoder.spec

    @property
    def trouble(self) -> str:
        """What is wrong with the decoder that is shared."""
        return self._decoder.trouble

    def decode(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        """Rank the concepts for each epoch; see `bci.decoder.Decoder.decode`.

        Raises
        ------
        MismatchError
            If the epochs have another shape than the decoder was trained on; others that wait do not hear of it.
        """
        check_epochs(self.spec, epochs)
        call = _Call(epochs, watch, k)
        with self._asking:
            self._waiting.append(call)
        with self._decoding:
            if not call.done:
                self._decode(self._take(k))
        if call.error is not None:
            raise call.error
        assert call.rankings is not None  # noqa: S101 (it is done)
        return call.rankings

    def _take(self, k: int) -> list[_Call]:
        """Take all calls that name as many concepts."""
        with self._asking:
            taken = [call for call in self._waiting if call.k == k]
            self._waiting = [call for call in self._waiting if call.k != k]
        return taken

    def _decode(self, calls: list[_Call]) -> None:
        epochs = calls[0].epochs if len(calls) == 1 else np.concatenate([call.epochs for call in calls])
        watch = [index for call in calls for index in call.watch]
        try:
            rankings = iter(self._decoder.decode(epochs, watch, calls[0].k))
        except BaseException as error:  # noqa: BLE001 (raised by everyone who waits for it)
            for call in calls:
                call.error = error
            return
        for call in calls:
            call.rankings = [next(rankings) for _ in call.epochs]
