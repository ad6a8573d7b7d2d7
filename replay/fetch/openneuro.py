"""Files of an OpenNeuro data set, from its public S3 bucket."""

from dataclasses import replace

from replay.fetch.listing import Entry
from replay.fetch.s3 import list_s3
from replay.fetch.web import Web

__all__ = ["list_openneuro"]

_BUCKET = "https://s3.amazonaws.com/openneuro.org"


def list_openneuro(web: Web, dataset: str, folder: str = "") -> list[Entry]:
    """List the files of a data set below a folder (`sub-01/`), or those at its top; see `list_s3` for errors."""
    entries = list_s3(web, _BUCKET, f"{dataset}/{folder}", deep=bool(folder))
    return [replace(entry, name=entry.name.removeprefix(f"{dataset}/")) for entry in entries]
