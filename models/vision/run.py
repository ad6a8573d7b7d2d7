"""Embedding what is not in the store yet, over devices and processes, with the same result on any number."""

import multiprocessing
import queue
from collections.abc import Callable, Sequence
from multiprocessing.queues import SimpleQueue

import numpy as np
import torch
from numpy.typing import NDArray

from bci.errors import ConfigError, FormatError
from models.pool import OnDone, run_each
from models.vision.embedder import Devices, Embedded, Item
from models.vision.store import Store

__all__ = ["choose_devices", "embed_missing", "queue_of"]

SHARD = 128
"""Items embedded, sent back and written at a time: what an interruption costs at most, in each process."""


def choose_devices(named: Sequence[str], jobs: int) -> tuple[str, ...]:
    """Return one device for each process: those named, else every GPU, else the processor `jobs` times.

    Raises
    ------
    ConfigError
        If there is no such device.
    """
    if not named:
        return tuple(f"cuda:{i}" for i in range(torch.cuda.device_count())) or ("cpu",) * jobs
    for name in named:
        try:
            torch.empty(0, device=name)
        except (RuntimeError, AssertionError) as error:
            raise ConfigError(
                f"expected devices as torch names them, got {name!r}: {str(error).splitlines()[0]}"
            ) from None
    return (
        tuple(named) if jobs == 1 else tuple(name for name in named for _ in range(jobs if name == "cpu" else 1))
    )


def queue_of(devices: Sequence[str]) -> Devices:
    """Return the queue from which each process takes its device."""
    if len(devices) == 1:
        waiting: queue.SimpleQueue[str] | SimpleQueue[str] = queue.SimpleQueue()
    else:
        waiting = multiprocessing.get_context("spawn").SimpleQueue()
    for device in devices:
        waiting.put(device)
    return waiting


def embed_missing(
    items: Sequence[Item],
    embed: Callable[[Sequence[Item]], Embedded],
    store: Store,
    processes: int,
    progress: OnDone | None = None,
) -> NDArray[np.float32]:
    """Return the vectors of all items, of which those that are in the store are not embedded again.

    Parameters
    ----------
    items
        (n,) what to embed.
    embed
        Does it; sent to each process.
    store
        Where vectors are kept as soon as they are there.

    Returns
    -------
    vectors
        (n, V, D) float32, in the order of the items.

    Raises
    ------
    FormatError
        If some cannot be embedded, naming them all; the others are in the store by then.
    """
    contents = [content for content, _ in items]
    there = store.load(set(contents))
    missing = list({item[0]: item for item in items if item[0] not in there}.values())
    shards = [tuple(missing[start : start + SHARD]) for start in range(0, len(missing), SHARD)]
    refused: list[str] = []
    for _, done in run_each(embed, shards, processes, progress):
        refused += done.refused
        if done.contents:
            store.put(done.contents, done.vectors)
            there |= zip(done.contents, done.vectors, strict=True)
    if refused:
        raise FormatError(
            f"{len(refused)} of {len(items)} pictures cannot be read: {'; '.join(sorted(refused))}; "
            "mend or remove them, the others are kept in the cache"
        )
    return np.stack([there[content] for content in contents])
