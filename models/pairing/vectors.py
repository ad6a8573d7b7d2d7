"""Pictures and names of digits as vectors of a vision-language model: each distinct picture is embedded once."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bci.bank import BankKey
from models.pool import OnDone
from models.vision.clip import ModelChoice
from models.vision.embed import Request, embed
from replay.mindbigdata.rows import DIGITS

__all__ = ["PROMPT", "Vectors", "embed_digits"]

PROMPT = 'a photo of the number: "{}".'
"""That of CLIP's authors for MNIST: Radford et al. 2021, arXiv:2103.00020."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """What a model makes of pictures and names.

    Parameters
    ----------
    pictures
        (n, D) float32, raw, in the order of their folders and names.
    names
        (10, D) float32, of unit norm, digit by digit.
    key
        How they were made.
    """

    pictures: NDArray[np.float32]
    names: NDArray[np.float32]
    key: BankKey


def embed_digits(folder: Path, choice: ModelChoice, progress: OnDone) -> Vectors:
    """Embed a folder of folders of pictures, and the names of all digits.

    Raises
    ------
    BciError
        As `models.vision.embed.embed` does.
    """
    with TemporaryDirectory(prefix="bci-") as made:
        place = Path(made)
        names = place / "names.json"
        names.write_text(json.dumps(DIGITS), encoding="utf-8")
        shown = embed(Request(folder, place / "pictures.safetensors", choice, kind="template"), progress)
        named = embed(Request(names, place / "text.safetensors", choice, templates=(PROMPT,)))
    return Vectors(cast("NDArray[np.float32]", shown.images), named.prototypes, named.key)
