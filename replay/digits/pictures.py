"""Pictures of handwritten digits: those that scikit-learn brings along, or MNIST from a folder.

scikit-learn's are the test part of Alpaydin and Kaynak 1998, doi:10.24432/C50P49: 1,797 of 8 x 8 pixels. MNIST:
LeCun, Bottou, Bengio and Haffner 1998, doi:10.1109/5.726791.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import read_only
from replay.digits.idx import read_idx

__all__ = ["MNIST_PARTS", "DigitPictures", "open_pictures"]

MNIST_PARTS = ("train", "t10k")
"""Of MNIST's files the first word of their names."""

_DARKEST = 16  # of scikit-learn's pictures, which count pixels that are on in squares of 4 x 4


@dataclass(frozen=True, slots=True)
class DigitPictures:
    """Pictures of digits, no two alike.

    Parameters
    ----------
    title, licence
        What they are, and under which terms.
    pixels
        (n, H, W, C) uint8, strokes bright on a dark ground.
    digits
        (n,) int64.
    """

    title: str
    licence: str
    pixels: NDArray[np.uint8]
    digits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.digits)


def open_pictures(source: str) -> DigitPictures:
    """Open a source of pictures.

    Parameters
    ----------
    source
        `sklearn`, or a folder with MNIST's files as `bci fetch mnist` leaves them.

    Raises
    ------
    FormatError
        If it is neither, or a file is damaged.
    """
    return _sklearn() if source == "sklearn" else _mnist(Path(source))


def _sklearn() -> DigitPictures:
    from sklearn.datasets import load_digits  # noqa: PLC0415 (a second, needed here alone)

    known = load_digits()
    pixels = np.rint(known.images * (255 / _DARKEST)).astype(np.uint8)
    return _each_once("scikit-learn's digits, 8 x 8", "CC BY 4.0", pixels, known.target)


def _mnist(folder: Path) -> DigitPictures:
    parts = [_part(folder, name) for name in MNIST_PARTS if (folder / _images(name)).is_file()]
    if not parts:
        raise FormatError(
            f"expected sklearn, or a folder with MNIST's {_images('train')}, got {folder}: bci fetch mnist"
        )
    pixels, digits = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _each_once("MNIST", "CC BY-SA 3.0", pixels, digits)


def _part(folder: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    path = folder / _images(name)
    pixels, digits = read_idx(path, 3), read_idx(folder / f"{name}-labels-idx1-ubyte.gz", 1)
    if len(pixels) != len(digits) or not pixels.size or digits.max() > 9:
        raise FormatError(
            f"{path}: expected pictures with a digit from 0 to 9 for each, got {len(pixels)} pictures and "
            f"{len(digits)} labels up to {digits.max(initial=0)}: fetch both again"
        )
    return pixels, digits


def _images(name: str) -> str:
    return f"{name}-images-idx3-ubyte.gz"


def _each_once(title: str, licence: str, pixels: NDArray[np.uint8], digits: NDArray[np.integer]) -> DigitPictures:
    """Leave copies out, which would be the same picture in training and test under two numbers."""
    _, first = np.unique(pixels.reshape(len(pixels), -1), axis=0, return_index=True)
    kept = np.sort(first)
    return DigitPictures(
        title, licence, read_only(pixels[kept][..., None]), read_only(digits[kept].astype(np.int64))
    )
