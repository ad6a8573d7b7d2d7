"""Objects of a public S3 bucket.

ListObjectsV2: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html. The ETag of an object
that was uploaded in one piece is its MD5; of others nothing is known but their size.
"""

import re
from urllib.parse import quote, unquote, urlencode
from xml.etree import ElementTree as ET

from bci.errors import FormatError
from replay.fetch.checksum import Checksum
from replay.fetch.listing import Entry
from replay.fetch.web import Web

__all__ = ["list_s3"]

_MOST_PAGES = 1000
_MD5 = re.compile("[0-9a-f]{32}")


def list_s3(web: Web, bucket: str, prefix: str, *, deep: bool = True) -> list[Entry]:
    """List the objects whose keys begin with a prefix, by their keys.

    Parameters
    ----------
    web
        The client.
    bucket
        Its address, without a slash at the end.
    prefix
        What all keys begin with.
    deep
        Those behind a further slash too.

    Raises
    ------
    FormatError
        If an answer is not as the interface says.
    BciError
        If the server refuses, or does not answer after some tries.
    """
    query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
    if not deep:
        query["delimiter"] = "/"
    entries: list[Entry] = []
    for _ in range(_MOST_PAGES):
        url = f"{bucket}/?{urlencode(query)}"
        page = _parsed(web.read(url), url)
        entries += [_entry(thing, bucket, prefix, url) for thing in page.iterfind("{*}Contents")]
        if _text(page, "IsTruncated", url) == "false":
            return [entry for entry in entries if not entry.name.endswith("/")]
        query["continuation-token"] = _text(page, "NextContinuationToken", url)
    raise FormatError(f"{bucket} lists more than {_MOST_PAGES} pages of {prefix}, expected a few; update bci-live")


def _parsed(body: bytes, url: str) -> ET.Element:
    try:
        if b"<!DOCTYPE" in body[:1000]:
            raise FormatError(f"{url} answered a document type, expected a listing in XML: is a proxy in the way?")
        page = ET.fromstring(body)  # noqa: S314 (without a document type there are no entities)
    except ET.ParseError as error:
        raise FormatError(f"{url} answered otherwise than expected, no XML: {error}; update bci-live") from None
    if not page.tag.endswith("ListBucketResult"):
        raise FormatError(f"{url} answered {page.tag!r}, expected ListBucketResult; update bci-live")
    return page


def _text(element: ET.Element, tag: str, url: str) -> str:
    text = element.findtext(f"{{*}}{tag}")
    if not text:
        raise FormatError(f"{url} answered otherwise than expected, without {tag}; update bci-live")
    return text


def _entry(thing: ET.Element, bucket: str, prefix: str, url: str) -> Entry:
    key, size = unquote(_text(thing, "Key", url).replace("+", " ")), _text(thing, "Size", url)
    if not key.startswith(prefix) or not size.isdecimal():
        raise FormatError(
            f"{url} answered {key!r} of {size!r} bytes, expected a file of {prefix}; update bci-live"
        )
    etag = _text(thing, "ETag", url).strip('"')
    checksum = Checksum("md5", etag) if _MD5.fullmatch(etag) else None
    return Entry(key, f"{bucket}/{quote(key)}", int(size), checksum)
