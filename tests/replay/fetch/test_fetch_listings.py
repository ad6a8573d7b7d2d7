"""What servers list, as their interfaces have it, and what happens where they do not."""

import hashlib
import json

import pytest
from mirror_server import md5

from bci.errors import BciError, FormatError
from replay.fetch.checksum import Checksum
from replay.fetch.github import list_github
from replay.fetch.huggingface import list_huggingface
from replay.fetch.openneuro import list_openneuro
from replay.fetch.osf import list_osf

FILES = {f"sub-{i:02d}.zip": bytes(i) for i in range(1, 6)} | {"deep/er/über 1.npy": b"x"}
COMMIT = "5" * 40


def test_osf_pages_and_folders_are_walked(mirror, web):
    mirror.osf("abcde", FILES)
    entries = list_osf(web, "abcde")
    assert {entry.name: entry.size for entry in entries} == {name: len(body) for name, body in FILES.items()}
    for entry in entries:
        assert entry.checksum == Checksum("sha256", hashlib.sha256(FILES[entry.name]).hexdigest())
        assert web.read(entry.url) == FILES[entry.name]


def test_osf_add_on_storages_tell_sizes_elsewhere(mirror, web):
    mirror.osf("abcde", FILES, storage="googledrive", addon=True)
    entries = list_osf(web, "abcde")
    assert len(entries) == len(FILES)
    for entry in entries:
        assert entry.size == len(FILES[entry.name])
        assert entry.checksum == Checksum("md5", md5(FILES[entry.name]))


def test_osf_pages_in_a_circle_are_given_up(mirror, web):
    mirror.osf("abcde", {})
    start = "api.osf.io/v2/nodes/abcde/files/"
    mirror.put(start, {"data": [], "links": {"next": f"https://{start}"}})
    with pytest.raises(FormatError, match="more than 1000 pages"):
        list_osf(web, "abcde")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"kind": "file"', '"kind": "symlink"', "attributes.kind"),
        ('"size": 1,', '"size": -1,', "attributes.size"),
        ('"size": 1,', '"size": "many",', "attributes.size"),
        ('"sha256": "', '"sha256": "zz', "hashes.sha256"),
        ('"next": null', '"after": null', "links.next"),
        ('"data"', '"files"', "data"),
        ('"download"', '"upload"', "without a download"),
    ],
)
def test_another_answer_of_osf_is_told(mirror, web, before, after, said):
    mirror.osf("abcde", {"sub-01.zip": b"x"})
    page = mirror.resources["api.osf.io/v2/nodes/abcde/files/osfstorage/"]
    assert before.encode() in page.body
    page.body = page.body.replace(before.encode(), after.encode())
    with pytest.raises(FormatError, match=said):
        list_osf(web, "abcde")


def test_openneuro_pages(mirror, web):
    files = {f"sub-01/eeg/sub-01_task-rsvp_{name}": name.encode() for name in ("a b.eeg", "c+d.vhdr", "e.vmrk")}
    mirror.openneuro("ds003825", files, folder="sub-01/", multipart=["sub-01/eeg/sub-01_task-rsvp_e.vmrk"])
    entries = list_openneuro(web, "ds003825", "sub-01/")
    assert {entry.name: entry.size for entry in entries} == {name: len(body) for name, body in files.items()}
    assert [entry.checksum for entry in entries] == [
        Checksum("md5", md5(b"a b.eeg")),
        Checksum("md5", md5(b"c+d.vhdr")),
        None,  # uploaded in several pieces
    ]
    assert [web.read(entry.url) for entry in entries] == list(files.values())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "no XML"),
        (b"<Error><Code>NoSuchBucket</Code></Error>", "expected ListBucketResult"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult/>', "document type"),
        (b"<ListBucketResult/>", "without IsTruncated"),
        (b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "without NextContinuationToken"),
        (b"<ListBucketResult><Contents><Key>ds1/x</Key></Contents></ListBucketResult>", "without Size"),
        (
            b"<ListBucketResult><Contents><Key>other/x</Key><Size>1</Size></Contents></ListBucketResult>",
            "expected a file of ds1",
        ),
    ],
)
def test_another_answer_of_openneuro_is_told(mirror, web, body, said):
    mirror.openneuro("ds1", {})
    (address,) = mirror.resources
    mirror.put(address, body)
    with pytest.raises(FormatError, match=said):
        list_openneuro(web, "ds1")


def test_github_lists_regular_files_of_a_folder(mirror, web):
    files = {"data/a/1 #.csv": b"one", "data/ab/2.csv": b"two", "README": b"three"}
    mirror.github("own/repo", COMMIT, files)
    tree = mirror.resources[f"api.github.com/repos/own/repo/git/trees/{COMMIT}?recursive=1"]
    body = json.loads(tree.body)
    body["tree"].append({"path": "data/a/link", "mode": "120000", "type": "blob", "sha": "2" * 40, "size": 3})
    body["tree"].append({"path": "data/a/module", "mode": "160000", "type": "commit", "sha": "3" * 40})
    tree.body = json.dumps(body).encode()
    (entry,) = list_github(web, "own/repo", COMMIT, "data/a")
    assert (entry.name, entry.size) == ("1 #.csv", 3)
    assert entry.checksum == Checksum("git-sha1", "43dd47ea691c90a5fa7827892c70241913351963")  # git hash-object
    assert web.read(entry.url) == b"one"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"tree": [], "truncated": True}, "a part of the tree"),
        ({"message": "Not Found"}, "tree"),
        ({"tree": [{"path": "x", "mode": "100644", "type": "blob", "sha": "1"}], "truncated": False}, "sha"),
    ],
)
def test_another_answer_of_github_is_told(mirror, web, body, said):
    mirror.put(f"api.github.com/repos/own/repo/git/trees/{COMMIT}?recursive=1", body)
    with pytest.raises(FormatError, match=said):
        list_github(web, "own/repo", COMMIT, "data")


def test_the_hub_names_large_files_by_sha256_and_small_ones_as_git_does(mirror, web):
    files = {"a b/config.json": b"{}", "a b/model.safetensors": b"many weights"}
    mirror.huggingface("datasets", "own/repo", files, "a b")
    small, large = list_huggingface(web, "datasets", "own/repo", "a b")
    assert (small.name, small.size, small.checksum.algorithm) == ("a b/config.json", 2, "git-sha1")
    assert small.checksum.digest == "9e26dfeeb6e641a33dae4961196235bdb965b21b"  # git hash-object
    assert large.checksum == Checksum("sha256", hashlib.sha256(b"many weights").hexdigest())
    assert [web.read(entry.url) for entry in (small, large)] == list(files.values())


@pytest.mark.parametrize(
    ("body", "said"),
    [({"error": "Not Found"}, "the whole"), ([{"type": "link"}], "0.type"), (b"<html>", "the whole")],
)
def test_another_answer_of_the_hub_is_told(mirror, web, body, said):
    mirror.put("huggingface.co/api/models/own/repo/tree/main", body)
    with pytest.raises(FormatError, match=said):
        list_huggingface(web, "models", "own/repo")


def test_a_listing_that_is_gone(web):
    with pytest.raises(BciError, match="404"):
        list_osf(web, "abcde")
