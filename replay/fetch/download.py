"""One file: fetched into `NAME.part`, gone on with after any break, renamed once its checksum is right.

Range requests: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import requests

from bci.errors import BciError
from replay.fetch.listing import Entry
from replay.fetch.web import UnavailableError, Web

__all__ = ["Part", "download"]

_PIECE = 2**18  # bytes at most; what has come is written at once, so that a break loses nothing
_STRONG = re.compile(r'"[\x21\x23-\x7e]*"')
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def download(web: Web, entry: Entry, path: Path, report: Callable[[int], None]) -> None:
    """Fetch one file; what an earlier attempt left is gone on with.

    Parameters
    ----------
    web
        The client.
    entry
        What the server listed.
    path
        Where it goes; `path` with `.part` behind it grows until then.
    report
        Told how many bytes of it are there.

    Raises
    ------
    BciError
        If the server refuses, does not answer after some tries, or sends another content than it listed, twice.
    OSError
        If the disk refuses.
    """
    part = Part(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        web.patiently(lambda: _go_on(web, entry, part, report), part.size)
        found = entry.checksum and entry.checksum.of(part.path)
        if found == entry.checksum:
            part.finish(path)
            return
        part.clear()
    raise BciError(f"{entry.url}: expected {entry.checksum}, got {found}, twice: fetch it again later")


class Part:
    """The unfinished file, beside it the validator of the version that it is of.

    Parameters
    ----------
    path
        Of the finished file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._etag = path.with_name(f"{path.name}.part.etag")

    def size(self) -> int:
        """Return how many bytes are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def clear(self) -> None:
        """Forget what is there."""
        self.path.unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)

    def finish(self, path: Path) -> None:
        """Give it its name."""
        os.replace(self.path, path)  # noqa: PTH105 (atomic on every system)
        self._etag.unlink(missing_ok=True)

    def request(self) -> dict[str, str]:
        """Return the headers that ask for what is missing, of the same version if that is known."""
        if not (size := self.size()):
            return {}
        etag = {"If-Range": self._etag.read_text("ascii")} if self._etag.exists() else {}
        return {"Range": f"bytes={size}-", **etag}

    def start(self, headers: Mapping[str, str]) -> None:
        """Begin anew; a later break goes on with the version that these headers name."""
        self.clear()
        self.path.touch()
        if _STRONG.fullmatch(etag := headers.get("ETag", "")):
            self._etag.write_text(etag, "ascii")


def _go_on(web: Web, entry: Entry, part: Part, report: Callable[[int], None]) -> None:
    """Fetch what is missing, in one request."""
    if part.size() > entry.size:
        part.clear()
    if part.path.exists() and part.size() == entry.size:
        return
    with web.stream(entry.url, part.request(), expected=(200, 206, 416)) as response:
        _check_start(response, entry, part)
        with part.path.open("ab") as file:
            for piece in iter(lambda: response.raw.read1(_PIECE, decode_content=False), b""):
                if file.tell() + len(piece) > entry.size:
                    raise BciError(f"{entry.url}: expected {entry.size} bytes, got more: fetch it again later")
                file.write(piece)
                report(file.tell())
    if part.size() < entry.size:
        raise UnavailableError(f"{entry.url}: expected {entry.size} bytes, got {part.size()}")


def _check_start(response: requests.Response, entry: Entry, part: Part) -> None:
    """Begin anew where the server does, or sends another piece than the one asked for."""
    if response.status_code == requests.codes.ok:
        part.start(response.headers)
        return
    told = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    fits = told and int(told[1]) == part.size() and told[2] in ("*", str(entry.size))
    if response.status_code != requests.codes.partial_content or not fits:
        part.clear()
        raise UnavailableError(f"{entry.url}: another piece came than the one asked for")
