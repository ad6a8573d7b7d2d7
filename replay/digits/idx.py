"""IDX, the form of MNIST's files: a header of a few numbers, then bytes, all of it compressed by gzip.

The form, at the end of the page: http://yann.lecun.com/exdb/mnist/. Header: two zero bytes, the type (8: unsigned
bytes), the number of axes, then the length of each as four bytes, the most significant first.
"""

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import read_only

__all__ = ["read_idx"]

MOST_BYTES = 2**28
"""Bytes that are unpacked at most; MNIST's largest file has 47 million."""

_UNSIGNED_BYTES = 8


def read_idx(path: Path, n_axes: int) -> NDArray[np.uint8]:
    """Read an array of unsigned bytes.

    Parameters
    ----------
    path
        Compressed by gzip.
    n_axes
        How many axes it should have: 1 of labels, 3 of pictures.

    Raises
    ------
    FormatError
        If the file is missing or damaged, holds something else, or would unpack to more than `MOST_BYTES`.
    """
    try:
        with gzip.open(path) as file:
            shape = _shape(file, n_axes)
            body = file.read(prod(shape) + 1)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise FormatError(f"{path}: expected an IDX file compressed by gzip: {error}; fetch it again") from None
    if len(body) != prod(shape):
        got = f"{len(body)}" if len(body) < prod(shape) else "more"
        raise FormatError(f"{path}: expected {prod(shape)} bytes after the header, got {got}: fetch it again")
    return read_only(np.frombuffer(body, np.uint8).reshape(shape))


def _shape(file: gzip.GzipFile, n_axes: int) -> tuple[int, ...]:
    """Read the header."""
    zero, kind, axes = struct.unpack(">HBB", file.read(4))
    if (zero, kind, axes) != (0, _UNSIGNED_BYTES, n_axes):
        raise ValueError(f"its header does not say unsigned bytes on {n_axes} axes")
    shape = struct.unpack(f">{n_axes}I", file.read(4 * n_axes))
    if prod(shape) > MOST_BYTES:
        raise ValueError(f"its header says {shape}, more than {MOST_BYTES} bytes")
    return shape
