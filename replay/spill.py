"""Arrays too large for memory: in a temporary file that is mapped, and goes with the array.

The file lies in the folder for temporary files (environment variable TMPDIR, on Windows TEMP) without a name or,
on Windows, marked to be deleted when its last handle is closed: nothing is left behind, even by a crash.
"""

import shutil
import tempfile
from collections.abc import Iterable
from itertools import chain
from math import prod
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from bci.errors import OutputError
from bci.types import read_only

__all__ = ["gather", "join", "zeros"]

_IN_MEMORY = 2**28  # bytes


def gather(
    blocks: Iterable[NDArray[Any]],
    shape: tuple[int, ...],
    dtype: DTypeLike = np.float32,
    in_memory: int | None = None,
) -> NDArray[Any]:
    """Join blocks along their first axis, in memory if the whole is small, in a temporary file if it is not.

    Parameters
    ----------
    blocks
        Pieces that follow each other, together `shape`; each is read once, and none is kept.
    shape, dtype
        Of the whole.
    in_memory
        Bytes above which the whole lies in a file, by default 256 MiB: its pages belong to the system's cache,
        which takes them back when memory is short.

    Returns
    -------
    array
        Read-only.

    Raises
    ------
    OutputError
        If there is no room for the file.
    """
    kind = np.dtype(dtype)
    size = prod(shape) * kind.itemsize
    if size > (_IN_MEMORY if in_memory is None else in_memory):
        return _spilled(blocks, shape, kind, size)
    whole = np.empty(shape, kind)
    at = 0
    for block in blocks:
        whole[at : at + len(block)] = block
        at += len(block)
    return read_only(whole)


def join(rows: Iterable[NDArray[Any]], in_memory: int = _IN_MEMORY) -> NDArray[Any]:
    """Stack arrays of one shape and type, however many will come, as `gather` joins blocks.

    Raises
    ------
    OutputError
        If there is no room for the file.
    ValueError
        If no array comes.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        raise ValueError("expected at least one array to stack, got none")
    with tempfile.SpooledTemporaryFile(in_memory, prefix="bci-") as file:
        try:
            for row in chain([first], rows):
                file.write(np.ascontiguousarray(row).data)
        except OSError as error:
            raise _no_room(file.tell(), str(error)) from None
        size = file.tell()
        shape = (size // first.nbytes, *first.shape)
        if size > in_memory:
            file.flush()
            return np.memmap(file, first.dtype, "r", shape=shape)
        file.seek(0)
        return np.frombuffer(file.read(), first.dtype).reshape(shape)


def zeros(shape: tuple[int, ...], in_memory: int = _IN_MEMORY) -> NDArray[np.float32]:
    """Return float32 zeros to be written to, in memory if they are few, in a temporary file if they are not.

    Raises
    ------
    OutputError
        If there is no room for the file.
    """
    size = prod(shape) * 4
    if size <= in_memory:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile(prefix="bci-") as file:
        _check_room(size)
        file.truncate(size)
        return np.memmap(file, np.float32, "r+", shape=shape)


def _spilled(
    blocks: Iterable[NDArray[Any]], shape: tuple[int, ...], dtype: np.dtype[Any], size: int
) -> NDArray[Any]:
    with tempfile.TemporaryFile(prefix="bci-") as file:
        _check_room(size)
        try:
            _write(file, blocks, dtype)
        except OSError as error:
            raise _no_room(size, str(error)) from None
        return np.memmap(file, dtype, "r", shape=shape)


def _write(file: IO[bytes], blocks: Iterable[NDArray[Any]], dtype: np.dtype[Any]) -> None:
    for block in blocks:
        file.write(np.ascontiguousarray(block, dtype).data)
    file.flush()


def _check_room(size: int) -> None:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > free:
        raise _no_room(size, f"{free / 1e9:.1f} GB are free")


def _no_room(size: int, why: str) -> OutputError:
    return OutputError(
        f"expected room for {size / 1e9:.1f} GB in {tempfile.gettempdir()}, the folder for temporary files, got: "
        f"{why}; name another one in TMPDIR (TEMP on Windows)"
    )
