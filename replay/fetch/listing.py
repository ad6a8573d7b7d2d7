"""What a server lists, and what of it goes where."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from replay.fetch.checksum import Checksum
from replay.fetch.names import safe_path

__all__ = ["Entry", "Item"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that a server offers.

    Parameters
    ----------
    name
        Its path there, as the server says it: not to be trusted.
    url
        Where its content is.
    size
        In bytes.
    checksum
        None where the server publishes none.
    """

    name: str
    url: str
    size: int
    checksum: Checksum | None


@dataclass(frozen=True, slots=True)
class Item:
    """One file to fetch.

    Parameters
    ----------
    entry
        The file there.
    path
        Where it comes to lie, relative to the folder of the data set.
    unpack
        For an archive, where a member of that name goes, or None if it is not wanted.
    """

    entry: Entry
    path: PurePosixPath
    unpack: Callable[[str], str | None] | None = None

    def destination(self, member: str) -> PurePosixPath | None:
        """Return where a member goes; the only member of a plain file is the file itself."""
        if self.unpack is None:
            return self.path
        place = self.unpack(member)
        return None if place is None else safe_path(place)
