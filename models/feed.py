"""Epochs on their way to the device: all at once where they fit, else batch by batch, read ahead by a thread."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.batches import Batch
from models.training_set import BLOCK, TrainingSet

__all__ = ["Fed", "Feed", "Scale", "make_feed", "read_ahead"]

Item = TypeVar("Item")

IN_MEMORY = 2**29
"""Bytes of epochs that are kept in memory on a CPU; larger sets are read from their file as they are needed."""

AHEAD = 2
"""Batches that wait for the device."""


@dataclass(frozen=True, slots=True)
class Fed:
    """A batch on the device: epochs (B, C, T) float32, and their partners or None."""

    batch: Batch
    epochs: Tensor
    partners: Tensor | None


class Feed(Protocol):
    """Brings the epochs of batches to the device."""

    def run(self, batches: Iterator[Batch]) -> Iterator[Fed]:
        """Yield each batch with its epochs, in order."""
        ...


def make_feed(data: TrainingSet, device: torch.device) -> Feed:
    """Choose how epochs come to the device: from memory if they take little of it."""
    if data.n_bytes <= _room(device):
        return _InMemory(data, device)
    return _ReadAhead(data, device)


def _room(device: torch.device) -> int:
    if device.type != "cuda":
        return IN_MEMORY
    free, _ = torch.cuda.mem_get_info(device)
    return free // 2


class _InMemory:
    def __init__(self, data: TrainingSet, device: torch.device) -> None:
        scale = Scale(data, device)
        self._epochs = torch.empty((len(data), *data.trials.data.shape[1:]), device=device)
        for first in range(0, len(data), BLOCK):
            rows = np.arange(first, min(first + BLOCK, len(data)))
            self._epochs[first : first + len(rows)] = scale(torch.from_numpy(data.unscaled(rows)).to(device))

    def run(self, batches: Iterator[Batch]) -> Iterator[Fed]:
        for batch in batches:
            partners = None if batch.partners is None else self._take(batch.partners)
            yield Fed(batch, self._take(batch.epochs), partners)

    def _take(self, rows: NDArray[np.int64]) -> Tensor:
        return self._epochs[torch.from_numpy(rows).to(self._epochs.device)]


class _ReadAhead:
    """The thread only copies: NumPy's matrix products in it would fight the network for the processor."""

    def __init__(self, data: TrainingSet, device: torch.device) -> None:
        self._data = data
        self._scale = Scale(data, device)
        self._device = device

    def run(self, batches: Iterator[Batch]) -> Iterator[Fed]:
        with read_ahead(self._read(batch) for batch in batches) as ready:
            for batch, epochs, partners in ready:
                yield Fed(batch, self._put(epochs), None if partners is None else self._put(partners))

    def _read(self, batch: Batch) -> tuple[Batch, Tensor, Tensor | None]:
        partners = None if batch.partners is None else self._load(batch.partners)
        return batch, self._load(batch.epochs), partners

    def _load(self, rows: NDArray[np.int64]) -> Tensor:
        epochs = torch.from_numpy(self._data.unscaled(rows))
        return epochs.pin_memory() if self._device.type == "cuda" else epochs

    def _put(self, epochs: Tensor) -> Tensor:
        return self._scale(epochs.to(self._device, non_blocking=True))


class Scale:
    """The last step of preprocessing on the device, as `bci.preprocess.scale_epochs` does it in NumPy.

    Parameters
    ----------
    data
        Whose spec and whitening.
    device
        Where epochs will be.
    """

    def __init__(self, data: TrainingSet, device: torch.device) -> None:
        self._spec = data.spec
        whitening = data.whitening
        self._whitening: Tensor | None = None
        if whitening is not None:
            self._whitening = torch.tensor(whitening, dtype=torch.float32, device=device)

    def __call__(self, epochs: Tensor) -> Tensor:
        """Scale epochs (B, C, T) in place where it can be."""
        if self._whitening is not None:
            epochs = torch.matmul(self._whitening, epochs)
        if self._spec.scale == "rms":
            rms = epochs.double().square().mean(dim=(1, 2), keepdim=True).sqrt()
            epochs = (epochs / rms.clamp(min=torch.finfo(torch.float32).tiny)).float()
        clip = self._spec.clip
        return epochs if clip is None else epochs.clamp_(-clip, clip)


@contextmanager
def read_ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Draw from an iterator in a thread of its own, some items ahead; the thread ends with the context."""
    ready: queue.Queue[Callable[[], Item] | None] = queue.Queue(AHEAD)
    stop = threading.Event()
    thread = threading.Thread(target=_draw, args=(items, ready, stop), name="read-ahead", daemon=True)
    thread.start()
    try:
        yield (item() for item in iter(ready.get, None))
    finally:
        stop.set()
        thread.join()


def _draw(items: Iterator[Item], ready: "queue.Queue[Callable[[], Item] | None]", stop: threading.Event) -> None:
    """Hand over each item as a call that returns it, or raises what stopped the drawing; None at the end."""
    try:
        for item in items:
            if not _offer(ready, partial(_give, item), stop):
                return
    except Exception as error:  # noqa: BLE001 (raised again where the items are wanted)
        _offer(ready, partial(_fail, error), stop)
    _offer(ready, None, stop)


def _offer(
    ready: "queue.Queue[Callable[[], Item] | None]", item: Callable[[], Item] | None, stop: threading.Event
) -> bool:
    while not stop.is_set():
        try:
            ready.put(item, timeout=0.05)
        except queue.Full:
            continue
        return True
    return False


def _give(item: Item) -> Item:
    return item


def _fail(error: Exception) -> Any:
    raise error
