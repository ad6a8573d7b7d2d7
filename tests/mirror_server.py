"""A mirror on loopback that speaks as OSF, OpenNeuro, GitHub and the Hub do, and breaks as networks do."""

import hashlib
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote
from xml.sax.saxutils import escape

__all__ = ["Drop", "Mirror", "Resource", "Short", "Status", "md5"]


def md5(body):
    """As S3 and OSF name contents."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@dataclass
class Drop:
    """The connection breaks after so many bytes of the body."""

    after: int


@dataclass
class Short:
    """The server says and sends so many bytes, as if that were all."""

    size: int


@dataclass
class Status:
    """The server refuses."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Resource:
    """What lies at an address; each request meets the next of its faults, if one is left."""

    body: bytes
    etag: str | None = None
    ranges: bool = True
    if_range: bool = True
    faults: deque = field(default_factory=deque)


class Mirror:
    """Resources by `HOST/PATH?QUERY`, and the requests that came; to be used as a context."""

    def __init__(self):
        self.resources = {}
        self.requests = []
        handler = type("Handler", (_Handler,), {"mirror": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False  # closing waits for them
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, address, body, **options):
        """Lay something at an address; return it."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.resources[address] = Resource(body, **options)
        return self.resources[address]

    def asked(self, address):
        """Headers of the requests for an address."""
        return [headers for path, headers in self.requests if path == address]

    def osf(self, project, files, *, storage="osfstorage", page=2, addon=False):
        """Offer files (path -> bytes) as an OSF project does; an add-on storage tells size and MD5 elsewhere."""
        api = f"api.osf.io/v2/nodes/{project}/files/"
        root = f"{api}{storage}/"
        storages = [_folder(storage, f"https://{root}")]
        if addon:
            empty = f"{api}osfstorage/"
            storages.insert(0, _folder("osfstorage", f"https://{empty}"))
            self.put(empty, _page([], None))
        self.put(api, _page(storages, None))
        folders = {"": []}
        for path, body in files.items():
            *above, _ = path.split("/")
            for depth, name in enumerate(above):
                parent, here = "/".join(above[:depth]), "/".join(above[: depth + 1])
                if here not in folders:
                    folders[here] = []
                    folders[parent].append(_folder(name, f"https://{root}{quote(here)}/"))
            folders["/".join(above)].append(self._osf_file(project, storage, path, body, addon))
        for name, nodes in folders.items():
            first = root + (f"{quote(name)}/" if name else "")
            for i in range(0, max(len(nodes), 1), page):
                number = i // page + 1
                there = f"https://{first}?page={number + 1}" if i + page < len(nodes) else None
                self.put(first if number == 1 else f"{first}?page={number}", _page(nodes[i : i + page], there))

    def _osf_file(self, project, storage, path, body, addon):
        served = f"files.osf.io/v1/resources/{project}/providers/{storage}/{quote(path)}"
        self.put(served, body, etag=f'"{md5(body)}"')
        hashes = {"md5": md5(body), "sha256": hashlib.sha256(body).hexdigest()}
        if addon:
            extra = {"revisionId": "1", "hashes": {"md5": hashes["md5"]}}
            attributes = {"kind": "file", "name": path, "size": str(len(body)), "extra": extra}
            self.put(f"{served}?meta=", {"data": {"id": path, "type": "files", "attributes": attributes}})
            hashes = {"md5": None, "sha256": None}
        return {
            "id": path,
            "type": "files",
            "attributes": {
                "kind": "file",
                "name": path.rpartition("/")[2],
                "materialized_path": f"/{path}",
                "provider": storage,
                "size": None if addon else len(body),
                "extra": {"hashes": hashes},
            },
            "relationships": {},
            "links": {"download": f"https://{served}", "upload": f"https://{served}", "move": f"https://{served}"},
        }

    def openneuro(self, dataset, files, *, folder="", page=2, multipart=()):
        """Offer files (path -> bytes) below a folder as OpenNeuro's bucket does, `page` keys at a time."""
        keys = {f"{dataset}/{path}": body for path, body in files.items()}
        parts = [f"{dataset}/{path}" for path in multipart]
        query = f"prefix={quote(f'{dataset}/{folder}', safe='')}" + ("" if folder else "&delimiter=%2F")
        self.s3("s3.amazonaws.com/openneuro.org", query, keys, page=page, multipart=parts)

    def s3(self, bucket, query, files, *, page=2, multipart=()):
        """Offer files (key -> bytes) as a bucket does that is asked so, `page` keys at a time."""
        query = f"list-type=2&encoding-type=url&{query}"
        contents = []
        for key, body in files.items():
            digest = md5(body) + ("-3" if key in multipart else "")
            self.put(f"{bucket}/{quote(key)}", body, etag=f'"{digest}"')
            contents.append(
                f"<Contents><Key>{escape(quote(key))}</Key><LastModified>2021-11-22T00:00:00.000Z"
                f"</LastModified><ETag>&quot;{digest}&quot;</ETag><Size>{len(body)}</Size></Contents>"
            )
        for i in range(0, max(len(contents), 1), page):
            last = i + page >= len(contents)
            token = "" if last else f"<NextContinuationToken>token {i + page}=</NextContinuationToken>"
            body = (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>openneuro.org</Name>'
                f"<IsTruncated>{str(not last).lower()}</IsTruncated>{token}{''.join(contents[i : i + page])}"
                "</ListBucketResult>"
            )
            this = f"&continuation-token=token+{i}%3D" if i else ""
            self.put(f"{bucket}/?{query}{this}", body.encode())

    def huggingface(self, kind, repository, files, folder=""):
        """Offer files (path -> bytes) in a folder of a repository as the Hub does; over 9 bytes they are large."""
        nodes = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": f"{folder}/below"}]
        for path, body in files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
            node = {"type": "file", "oid": blob, "size": len(body), "path": path}
            if len(body) > 9:
                digest = hashlib.sha256(body).hexdigest()
                node |= {"oid": "1" * 40, "lfs": {"oid": digest, "size": len(body), "pointerSize": 134}}
            nodes.append(node)
            prefix = "" if kind == "models" else f"{kind}/"
            self.put(f"huggingface.co/{prefix}{repository}/resolve/main/{quote(path)}", body)
        below = f"/{quote(folder)}" if folder else ""
        self.put(f"huggingface.co/api/{kind}/{repository}/tree/main{below}", nodes)

    def github(self, repository, commit, files):
        """Offer files (path -> bytes) of a repository at a commit as GitHub does."""
        leaves = [{"path": "data", "mode": "040000", "type": "tree", "sha": "0" * 40}]
        for path, body in files.items():
            sha = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
            leaves.append({"path": path, "mode": "100644", "type": "blob", "sha": sha, "size": len(body)})
            self.put(f"raw.githubusercontent.com/{repository}/{commit}/{quote(path)}", body, etag=f'"{sha}"')
        address = f"api.github.com/repos/{repository}/git/trees/{commit}?recursive=1"
        self.put(address, {"sha": "1" * 40, "url": "", "tree": leaves, "truncated": False})


def _folder(name, href):
    files = {"links": {"related": {"href": href, "meta": {}}}}
    attributes = {"kind": "folder", "name": name, "path": "/"}
    return {"id": name, "type": "files", "attributes": attributes, "relationships": {"files": files}, "links": {}}


def _page(nodes, there):
    return {"data": nodes, "links": {"first": None, "last": None, "prev": None, "next": there}}


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def log_message(self, *_):
        pass

    def do_GET(self):
        address = self.path.removeprefix("/")
        self.mirror.requests.append((address, dict(self.headers)))
        resource = self.mirror.resources.get(address)
        if resource is None:
            self._send(404, b"", {})
            return
        fault = resource.faults.popleft() if resource.faults else None
        if isinstance(fault, Status):
            self._send(fault.code, b"", fault.headers)
            return
        self._serve(resource, fault)

    def _serve(self, resource, fault):
        start = _start(resource, self.headers)
        if start > 0 and start >= len(resource.body):
            self._send(416, b"", {"Content-Range": f"bytes */{len(resource.body)}"})
            return
        headers = {} if resource.etag is None else {"ETag": resource.etag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(resource.body) - 1}/{len(resource.body)}"
        body = resource.body[start:]
        if isinstance(fault, Short):
            body = body[: fault.size]
        sent = body[: fault.after] if isinstance(fault, Drop) else body
        self._send(206 if start else 200, sent, headers, len(body))

    def _send(self, code, body, headers, size=None):
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body) if size is None else size), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _start(resource, headers: Message):
    """The first byte that is sent."""
    asked = headers.get("Range")
    if asked is None or not resource.ranges:
        return 0
    if resource.if_range and headers.get("If-Range") not in (None, resource.etag):
        return 0
    return int(asked.removeprefix("bytes=").removesuffix("-"))
