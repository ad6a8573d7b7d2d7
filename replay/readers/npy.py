"""`.npy` files: an array alone does not say what it holds, and a pickled one may run code when it is read.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.lib import format as npy_format

from bci.errors import FormatError

__all__ = ["refuse_npy"]

_EXPECTED = "expected (images, 17 channels, 100 samples) with ch_names"


def refuse_npy(path: Path) -> NoReturn:
    """Say why a `.npy` file cannot be read as a recording; only its header is looked at.

    Raises
    ------
    FormatError
        Always: a bare array has no channel names, times or labels; a pickled one is unsafe.
    """
    shape, dtype = _header(path)
    if dtype.hasobject:
        raise FormatError(
            f"{path}: expected an array of numbers, got pickled Python objects, which may run code when "
            "read: name the data set that it belongs to, so that its own reader opens it"
        )
    raise FormatError(
        f"{path}: {_EXPECTED}; got {shape} {dtype} without: a bare array does not say which channels, "
        "times and pictures it holds; use the data set's own file"
    )


def _header(path: Path) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    try:
        with path.open("rb") as file:
            version = npy_format.read_magic(file)
            read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            shape, _, dtype = read(file)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} is no .npy file, expected NumPy's format: {error}") from None
    return shape, dtype
