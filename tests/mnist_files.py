"""MNIST's files, written small: IDX compressed by gzip."""

import gzip
import struct

import numpy as np


def write_idx(path, array):
    """Write bytes with IDX's header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))
    return path


def write_mnist(folder, each=6, side=5, seed=0):
    """Write pictures of noise, `each` of every digit, in MNIST's two parts."""
    rng = np.random.default_rng(seed)
    for part in ("train", "t10k"):
        digits = np.repeat(np.arange(10), each)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", rng.integers(0, 256, (len(digits), side, side)))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", digits)
    return folder
