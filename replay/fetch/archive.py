"""Zip archives: only what is wanted leaves them, only to where it belongs, and never more than was announced.

The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from bci.errors import BciError, FormatError
from replay.fetch.listing import Item

__all__ = ["unpack"]

_MOST_MEMBERS = 200_000
_MOST_GROWTH = 30  # times the archive: EEG and pictures hardly shrink
_ENCRYPTED = 1  # bit of the flags


def unpack(archive: Path, item: Item, folder: Path, free: Callable[[], int]) -> dict[str, int]:
    """Write the wanted members of an archive, each whole or not at all.

    Parameters
    ----------
    archive
        The file.
    item
        Says where members go.
    folder
        Of the data set.
    free
        Bytes that are left on its disk.

    Returns
    -------
    dict
        Size in bytes of every member that there is, wanted or not, by name.

    Raises
    ------
    FormatError
        If the archive is damaged or encrypted, holds nothing that is wanted, or names and sizes are not safe.
    BciError
        If the disk has no room for it.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            members = _checked(file, archive)
            wanted = [(member, where) for member in members if (where := item.destination(member.filename))]
            _check_wanted(wanted, archive, free())
            for member, where in wanted:
                _write(file, member, folder / where)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise FormatError(
            f"{archive} is damaged, expected a zip archive: {error}; delete it and fetch again"
        ) from None
    return {member.filename: member.file_size for member in members}


def _checked(file: zipfile.ZipFile, archive: Path) -> list[zipfile.ZipInfo]:
    members = [member for member in file.infolist() if not member.is_dir()]
    size = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or size > _MOST_GROWTH * max(archive.stat().st_size, 2**20):
        raise FormatError(f"{archive} would unpack to {len(members)} files of {size} bytes: that is not safe")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise FormatError(f"{archive} is encrypted, expected an open archive: fetch it again")
    return members


def _check_wanted(wanted: Sequence[tuple[zipfile.ZipInfo, PurePosixPath]], archive: Path, free: int) -> None:
    if not wanted:
        raise FormatError(f"{archive} holds none of the files that were expected in it; update bci-live")
    if (size := sum(member.file_size for member, _ in wanted)) > free:
        raise BciError(
            f"{archive.name} unpacks to {size} bytes, {free} are free: make room and give the same command"
        )


def _write(file: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with file.open(member) as source, part.open("wb") as target:
        shutil.copyfileobj(source, target, 2**20)
    os.replace(part, path)  # noqa: PTH105 (atomic on every system)
