"""What the files of THINGS-EEG2 have in common: a dict with named channels, and a name that tells the partition.

Gifford, Dwivedi, Roig & Cichy (2022), doi:10.1016/j.neuroimage.2022.119754.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bci.errors import FormatError
from bci.roles import Role, role_of
from bci.types import Channel
from replay.readers.numpy_pickle import texts
from replay.readers.provenance import stem
from replay.things_pictures import Partition

__all__ = ["DATASET", "REFERENCE", "channels_of", "entry", "partition_of", "shown"]

DATASET = "THINGS-EEG2 (Gifford et al. 2022)"
REFERENCE = "Fz"
"""What was recorded against; it is not among the 63 labels."""


def partition_of(path: Path) -> Partition:
    """Return the partition that the name of a file tells.

    Raises
    ------
    FormatError
        If it tells none.
    """
    name = stem(path).lower()
    if "test" not in name and "train" not in name:
        raise FormatError(f"{path}: expected a name that tells training or test, got neither: rename it")
    return "test" if "test" in name else "training"


def entry(path: Path, table: object, key: str, among: tuple[str, ...]) -> Any:
    """Return one entry of a file's dict.

    Raises
    ------
    FormatError
        If the file holds no dict, or not all the keys `among` which it should.
    """
    if not isinstance(table, Mapping):
        raise FormatError(f"{path}: expected a dict with {', '.join(among)}; got {type(table).__name__}")
    if missing := [name for name in among if name not in table]:
        got = ascii(", ".join(sorted(map(str, table))))[1:-1][:200]
        raise FormatError(
            f"{path}: expected the keys {', '.join(among)}; got {got}, without {', '.join(missing)}: use the data "
            "set's own file"
        )
    return table[key]


def shown(value: Any) -> str:
    """Return a few words on a value that came from a file, however deep or long it is."""
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype}"
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float) for item in value):
        return ascii(list(value[:5]))[:100] + (" ..." if len(value) > 5 else "")
    return ascii(value)[:100] if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def channels_of(path: Path, labels: Any) -> tuple[Channel, ...]:
    """Return EEG channels of these labels.

    Raises
    ------
    FormatError
        If they are no list of different names of electrodes.
    """
    names = texts(labels)
    if not names or not all(map(str.strip, names)) or len({name.lower() for name in names}) != len(names):
        raise FormatError(f"{path}: expected ch_names to hold every channel's name once, got {shown(labels)}")
    if other := [name for name in names if role_of(name, "eeg") is not Role.EEG]:
        raise FormatError(f"{path}: expected names of electrodes, got {', '.join(other)}: leave those rows out")
    return tuple(Channel(name) for name in names)
