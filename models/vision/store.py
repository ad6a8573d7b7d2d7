"""Vectors that were computed once, on disk, found again by what was embedded and how.

A folder per key, in it shards of vectors by the hash of what they were made from, so that an interrupted run goes
on where it stopped, a changed picture is embedded anew, and vectors of two keys never meet.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import BankKey
from bci.errors import FormatError, OutputError
from bci.storage import load_tensors, save_tensors

__all__ = ["EMBED_VERSION", "Store"]

EMBED_VERSION = 1
"""Raised whenever `models.vision` computes other vectors from the same key."""


@dataclass(frozen=True)
class Store:
    """The vectors of one key.

    Parameters
    ----------
    folder
        Where the vectors of all keys are.
    key
        How these were made; what a bank does with them afterwards is at its default.
    """

    folder: Path
    key: BankKey

    @property
    def place(self) -> Path:
        """Folder of these vectors."""
        described = f"{EMBED_VERSION} {self.key.model_dump_json()}"
        return self.folder / hashlib.sha256(described.encode()).hexdigest()[:16]

    def load(self, wanted: Collection[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors (V, D) of what is there already, by content hash."""
        there: dict[str, NDArray[np.float32]] = {}
        for shard in sorted(self.place.glob("*.safetensors")):
            there |= {name: vectors for name, vectors in self._read(shard).items() if name in wanted}
        return there

    def put(self, contents: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Write a shard: vectors (n, V, D) by content hash.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        try:
            self.place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot make the cache {self.place}: {error.strerror}; name another --cache"
            ) from None
        name = hashlib.sha256("".join(contents).encode()).hexdigest()[:16]
        header = {"contents": list(contents), "key": self.key.model_dump(mode="json")}
        save_tensors(self.place / f"{name}.safetensors", {"vectors": vectors}, header)

    def _read(self, shard: Path) -> dict[str, NDArray[np.float32]]:
        """Read a shard; a damaged or foreign one counts as not there, for it can be made again."""
        try:
            tensors, header = load_tensors(shard)
            fits = BankKey.model_validate(header["key"]) == self.key
            return dict(zip(header["contents"], tensors["vectors"], strict=True)) if fits else {}
        except (FormatError, KeyError, ValueError, TypeError):
            return {}
