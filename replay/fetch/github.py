"""Files of a GitHub repository at one commit, named by git's own checksums.

Trees: https://docs.github.com/rest/git/trees
"""

from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from bci.errors import FormatError
from replay.fetch.checksum import Checksum
from replay.fetch.listing import Entry
from replay.fetch.web import Web

__all__ = ["list_github"]

_REGULAR = {"100644", "100755"}


class _Leaf(BaseModel):
    path: str
    mode: str
    type: Literal["blob", "tree", "commit"]
    sha: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    size: Annotated[int, Field(ge=0)] | None = None


class _Tree(BaseModel):
    tree: list[_Leaf]
    truncated: bool


def list_github(web: Web, repository: str, commit: str, folder: str) -> list[Entry]:
    """List the regular files of a repository (`owner/name`) below a folder, at a commit.

    Raises
    ------
    FormatError
        If the answer is not as the interface says, or is not the whole tree.
    BciError
        If the server refuses, or does not answer after some tries.
    """
    url = f"https://api.github.com/repos/{repository}/git/trees/{commit}?recursive=1"
    answer = web.ask(url, _Tree)
    if answer.truncated:
        raise FormatError(f"{url} answered a part of the tree, expected all of it; update bci-live")
    return [
        Entry(
            leaf.path.removeprefix(f"{folder}/"),
            f"https://raw.githubusercontent.com/{repository}/{commit}/{quote(leaf.path)}",
            leaf.size,
            Checksum("git-sha1", leaf.sha),
        )
        for leaf in answer.tree
        if leaf.mode in _REGULAR and leaf.size is not None and leaf.path.startswith(f"{folder}/")
    ]
