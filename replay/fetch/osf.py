"""Files of a project on the Open Science Framework, over all its storages.

API version 2: https://developer.osf.io/#tag/Files. It knows neither size nor checksum of what lies on add-on
storages (the raw THINGS-EEG2 recordings lie on one); there WaterButler, which serves the contents, is asked:
https://waterbutler.readthedocs.io/en/latest/api.html
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bci.errors import FormatError
from replay.fetch.checksum import Checksum
from replay.fetch.listing import Entry
from replay.fetch.web import Web

__all__ = ["list_osf"]

_API = "https://api.osf.io/v2"
_MOST_PAGES = 1000


class _Href(BaseModel):
    href: str


class _Related(BaseModel):
    related: _Href


class _Relation(BaseModel):
    links: _Related


class _Relationships(BaseModel):
    files: _Relation | None = None


class _Hashes(BaseModel):
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None

    def best(self) -> Checksum | None:
        if self.sha256 is not None:
            return Checksum("sha256", self.sha256)
        return None if self.md5 is None else Checksum("md5", self.md5)


class _Extra(BaseModel):
    hashes: _Hashes = _Hashes()


class _Attributes(BaseModel):
    kind: Literal["file", "folder"]
    name: str
    materialized_path: str | None = None
    size: Annotated[int, Field(ge=0)] | None = None
    extra: _Extra = _Extra()


class _Links(BaseModel):
    download: str | None = None
    upload: str | None = None


class _Node(BaseModel):
    attributes: _Attributes
    relationships: _Relationships = _Relationships()
    links: _Links


class _PageLinks(BaseModel):
    next: str | None


class _Page(BaseModel):
    data: list[_Node]
    links: _PageLinks


class _DetailAttributes(BaseModel):
    size: Annotated[int, Field(ge=0)]
    extra: _Extra = _Extra()


class _DetailData(BaseModel):
    attributes: _DetailAttributes


class _Details(BaseModel):
    data: _DetailData


def list_osf(web: Web, project: str) -> list[Entry]:
    """List every file of a project, folders walked through.

    Raises
    ------
    FormatError
        If an answer is not as the interface says.
    BciError
        If the server refuses, or does not answer after some tries.
    """
    return [_entry(web, node, project) for node in _files(web, f"{_API}/nodes/{project}/files/")]


def _files(web: Web, url: str) -> Iterator[_Node]:
    """Files of all storages; the storages are the folders of the first answer."""
    ahead = [url]
    for _ in range(_MOST_PAGES):
        if not ahead:
            return
        page = web.ask(ahead.pop(0), _Page)
        for node in page.data:
            if node.attributes.kind == "file":
                yield node
            elif node.relationships.files is not None:
                ahead.append(node.relationships.files.links.related.href)
        if page.links.next is not None:
            ahead.insert(0, page.links.next)
    raise FormatError(f"{url} lists more than {_MOST_PAGES} pages, expected a few; update bci-live")


def _entry(web: Web, node: _Node, project: str) -> Entry:
    attributes, links = node.attributes, node.links
    if links.download is None:
        raise FormatError(f"OSF project {project} lists {attributes.name!r} without a download; update bci-live")
    name = (attributes.materialized_path or attributes.name).lstrip("/")
    size, checksum = attributes.size, attributes.extra.hashes.best()
    if size is None or checksum is None:
        details = web.ask(f"{links.upload or links.download}?meta=", _Details).data.attributes
        size, checksum = details.size, details.extra.hashes.best()
    return Entry(name, links.download, size, checksum)
