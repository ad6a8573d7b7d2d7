"""Files of a repository on the Hugging Face Hub, as its listing of a folder tells them.

The Hub's interface: https://huggingface.co/docs/hub/api. Large files are named by their SHA-256, small ones as git
names blobs.
"""

from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field, RootModel

from replay.fetch.checksum import Checksum
from replay.fetch.listing import Entry
from replay.fetch.web import Web

__all__ = ["list_huggingface"]

_HUB = "https://huggingface.co"
_PREFIX = {"models": "", "datasets": "datasets/"}


class _Large(BaseModel):
    oid: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


class _Node(BaseModel):
    type: Literal["file", "directory"]
    path: str
    oid: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    size: Annotated[int, Field(ge=0)]
    lfs: _Large | None = None


class _Nodes(RootModel[list[_Node]]):
    pass


def list_huggingface(
    web: Web, kind: Literal["models", "datasets"], repository: str, folder: str = ""
) -> list[Entry]:
    """List the files that lie directly in a folder of a repository (`owner/name`), on its main branch.

    Raises
    ------
    FormatError
        If the answer is not as the interface says.
    BciError
        If the server refuses, or does not answer after some tries.
    """
    below = f"/{quote(folder)}" if folder else ""
    answer = web.ask(f"{_HUB}/api/{kind}/{repository}/tree/main{below}", _Nodes)
    content = f"{_HUB}/{_PREFIX[kind]}{repository}/resolve/main"
    return [_entry(node, content) for node in answer.root if node.type == "file"]


def _entry(node: _Node, content: str) -> Entry:
    checksum = Checksum("git-sha1", node.oid) if node.lfs is None else Checksum("sha256", node.lfs.oid)
    return Entry(node.path, f"{content}/{quote(node.path)}", node.size, checksum)
