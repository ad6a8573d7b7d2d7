"""Checksums as servers publish them: SHA-256, MD5, and the SHA-1 of git's blobs.

A blob's name is the SHA-1 of `blob SIZE`, a zero byte and the content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Algorithm", "Checksum"]

Algorithm = Literal["sha256", "md5", "git-sha1"]


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the content of a file adds up to; `digest` is hexadecimal, lower case."""

    algorithm: Algorithm
    digest: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"

    def of(self, path: Path) -> "Checksum":
        """Return the checksum of a file, by the same algorithm."""

        def start() -> "hashlib._Hash":
            if self.algorithm != "git-sha1":
                return hashlib.new(self.algorithm, usedforsecurity=False)
            return hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)

        with path.open("rb") as file:
            return Checksum(self.algorithm, hashlib.file_digest(file, start).hexdigest())
