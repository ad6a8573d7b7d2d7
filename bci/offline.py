"""Decoding a source that does not wait, such as a recording: what `bci.session` does live, as fast as it goes."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from bci.clock import Clock
from bci.deciding import Decider, rank_epochs
from bci.decoder import Decoder
from bci.epochs import Epocher
from bci.pair import Pair
from bci.source import Source
from bci.types import Decision, Epoch, Ranking, SourceState

__all__ = ["decode_all"]

THREADS = 2  # while one ranks, which Python does, the other encodes
AHEAD = 3  # batches that are decoded or wait for it


def decode_all(source: Source, epocher: Epocher, decoder: Decoder, clock: Clock, batch: int = 1) -> list[Decision]:
    """Decode a source to its end; no budget.

    Parameters
    ----------
    batch
        Epochs that are decoded together, on threads beside the one that cuts: many times as fast, and scores may
        differ in the sixth digit from those of single epochs. With 1 the decoder is called from this thread.
    """
    decider = Decider(clock, float("inf"), lambda: (SourceState.FLOWING, ""))
    pair = Pair(epocher, decoder)
    if batch == 1:
        return [decider.decide(epoch, pair) for epoch in _cut(source, epocher)]
    decisions: list[Decision] = []
    ranked: deque[tuple[list[Epoch], Future[list[Ranking | None]]]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="decode") as decoding:
        for epochs in _batched(_cut(source, epocher), batch):
            ranked.append((epochs, decoding.submit(rank_epochs, epochs, decoder)))
            if len(ranked) > AHEAD:
                decisions += _settled(decider, pair, *ranked.popleft())
        for each in ranked:
            decisions += _settled(decider, pair, *each)
    return decisions


def _cut(source: Source, epocher: Epocher) -> Iterator[Epoch]:
    while (batch := source.pull(0.0)) is not None:
        yield from epocher.feed(batch)
    yield from epocher.finish()


def _batched(epochs: Iterator[Epoch], size: int) -> Iterator[list[Epoch]]:
    while together := list(islice(epochs, size)):
        yield together


def _settled(
    decider: Decider, pair: Pair, epochs: list[Epoch], ranked: Future[list[Ranking | None]]
) -> Iterator[Decision]:
    for epoch, ranking in zip(epochs, ranked.result(), strict=True):
        yield decider.settle(epoch, pair, ranking, list(epoch.quality.flags), epoch.stamps.cut)
