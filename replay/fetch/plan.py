"""What of a data set is there, what is missing, whether it fits on the disk; then the missing part of it, fetched.

What has been fetched is noted in `fetched.json` in the folder of the data set, so that archives need not be kept
and large files need not be read again to know that they are the ones that the server offers.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bci.config import parse
from bci.errors import OutputError
from bci.storage import load_json, save_json
from replay.fetch.archive import unpack
from replay.fetch.download import Part, download
from replay.fetch.listing import Item
from replay.fetch.web import Web

__all__ = ["RECORD", "Plan", "check_room", "fetch", "make_plan"]

RECORD = "fetched.json"
_MARGIN = 2**28  # bytes that are left free


@dataclass(frozen=True, slots=True)
class Plan:
    """What is there of a data set and what is not; sizes are those of the servers' files."""

    folder: Path
    there: tuple[Item, ...]
    missing: tuple[Item, ...]


class _Noted(BaseModel):
    """One file that was fetched: as the server had it, and the size of what it became, by member."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    size: int
    checksum: str | None
    members: dict[str, int]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fetched: dict[str, _Noted] = {}


def make_plan(folder: Path, items: Sequence[Item]) -> Plan:
    """Look what is there; a file that nothing is noted of is read through once.

    Raises
    ------
    FormatError, ConfigError
        If the note of what was fetched is damaged.
    """
    record = _load(folder)
    there = {item.path: _is_there(item, folder, record.fetched.get(str(item.path))) for item in items}
    return Plan(
        folder,
        tuple(item for item in items if there[item.path]),
        tuple(item for item in items if not there[item.path]),
    )


def check_room(plan: Plan, free: int | None = None) -> None:
    """Refuse what the disk has no room for.

    An archive and what it becomes are there at once, so the largest archive counts twice. What it becomes is taken
    to be as large as itself; that is checked again once its own list of contents is there.

    Raises
    ------
    OutputError
        If there is not enough room, or no folder can be made there.
    """
    there = next(place for place in (plan.folder, *plan.folder.absolute().parents) if place.exists())
    if plan.missing and not (there.is_dir() and os.access(there, os.W_OK)):
        raise OutputError(
            f"cannot make the folder {plan.folder}: {there} may not be written to; name another with --out"
        )
    free = shutil.disk_usage(there).free if free is None else free
    missing = sum(item.entry.size - Part(plan.folder / item.path).size() for item in plan.missing)
    twice = max((item.entry.size for item in plan.missing if item.unpack is not None), default=0)
    need = missing + twice + _MARGIN
    if plan.missing and need > free:
        raise OutputError(
            f"{plan.folder} needs {need / 1e9:.1f} GB, {free / 1e9:.1f} GB are free: make room, name another "
            "place with --out, or ask for fewer subjects"
        )


def fetch(plan: Plan, web: Web, report: Callable[[Item, int], None]) -> None:
    """Fetch, verify and unpack what is missing; what is done is noted at once.

    Parameters
    ----------
    plan
        What is missing.
    web
        The client.
    report
        Told how many bytes of which file are there.

    Raises
    ------
    BciError
        If a server fails for good, or what it sends is not what it listed or not safe to unpack.
    OSError
        If the disk refuses.
    """
    for item in plan.missing:
        path = plan.folder / item.path
        if not _matches(path, item):  # an archive that was not unpacked last time
            download(web, item.entry, path, partial(report, item))
        report(item, item.entry.size)
        members = {item.path.name: item.entry.size} if item.unpack is None else _unpacked(path, item, plan.folder)
        _note(plan.folder, item, members)
        if item.unpack is not None:
            path.unlink()


def _unpacked(path: Path, item: Item, folder: Path) -> dict[str, int]:
    return unpack(path, item, folder, lambda: shutil.disk_usage(folder).free)


def _is_there(item: Item, folder: Path, noted: _Noted | None) -> bool:
    if noted is None or (noted.size, noted.checksum) != (item.entry.size, _name(item)):
        return item.unpack is None and _matches(folder / item.path, item)
    places = [(where, size) for member, size in noted.members.items() if (where := item.destination(member))]
    return bool(places) and all(_size(folder / where) == size for where, size in places)


def _matches(path: Path, item: Item) -> bool:
    """Whether a file is the one that the server lists, as far as it says."""
    if _size(path) != item.entry.size:
        return False
    return item.entry.checksum is None or item.entry.checksum.of(path) == item.entry.checksum


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _name(item: Item) -> str | None:
    return None if item.entry.checksum is None else str(item.entry.checksum)


def _load(folder: Path) -> _Record:
    path = folder / RECORD
    if not path.exists():
        return _Record()
    return parse(_Record, {"fetched": load_json(path).get("fetched", {})}, str(path))


def _note(folder: Path, item: Item, members: dict[str, int]) -> None:
    record = _load(folder)
    record.fetched[str(item.path)] = _Noted(size=item.entry.size, checksum=_name(item), members=members)
    save_json(folder / RECORD, record.model_dump())
