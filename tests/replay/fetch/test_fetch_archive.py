"""Archives that are damaged, too large, or want to write elsewhere."""

import io
import stat
import warnings
import zipfile

import pytest
from mirror_server import md5

from bci.errors import BciError, FormatError
from replay.fetch.archive import unpack
from replay.fetch.checksum import Checksum
from replay.fetch.listing import Entry, Item
from replay.fetch.names import safe_path


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        for name, body in members:
            file.writestr(name, body)
    return buffer.getvalue()


def run(folder, body, place=lambda name: name, free=10**9):
    folder.mkdir(exist_ok=True)
    archive = folder / "x.zip"
    archive.write_bytes(body)
    entry = Entry("x.zip", "https://osf.io/x", len(body), Checksum("md5", md5(body)))
    return unpack(archive, Item(entry, safe_path("x.zip"), place), folder, lambda: free)


def test_only_what_is_wanted_is_written_where_it_belongs(tmp_path):
    body = zipped([("a/", b""), ("a/one.npy", b"1"), ("a/two.npy", b"22"), ("__MACOSX/a/._one.npy", b"333")])
    sizes = run(tmp_path / "out", body, lambda name: "here/one.npy" if name == "a/one.npy" else None)
    assert sizes == {"a/one.npy": 1, "a/two.npy": 2, "__MACOSX/a/._one.npy": 3}
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == ["here", "one.npy", "x.zip"]
    assert (tmp_path / "out/here/one.npy").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "C:/evil", "a\\..\\evil", "nul"])
def test_nothing_is_written_elsewhere(tmp_path, name):
    with pytest.raises(FormatError, match="plain relative path"):
        run(tmp_path / "out", zipped([("good", b"1"), (name, b"2")]))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["out", "x.zip"]


def test_a_link_becomes_a_plain_file(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    run(tmp_path / "out", zipped([(link, b"/etc/passwd")]))
    assert not (tmp_path / "out/link").is_symlink()
    assert (tmp_path / "out/link").read_bytes() == b"/etc/passwd"


def test_a_bomb_is_not_unpacked(tmp_path):
    with pytest.raises(FormatError, match="that is not safe"):
        run(tmp_path / "out", zipped([("zeros", bytes(2**26))]))
    assert not (tmp_path / "out/zeros").exists()


def test_a_size_that_lies_writes_no_more_than_announced(tmp_path):
    body = bytearray(zipped([("a.npy", b"x" * 1000)], zipfile.ZIP_STORED))
    at = body.index(b"PK\x01\x02") + 24  # the uncompressed size in the central directory
    body[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(FormatError, match="is damaged"):
        run(tmp_path / "out", bytes(body))
    assert not (tmp_path / "out/a.npy").exists()


@pytest.mark.parametrize("damage", ["cut", "content", "no zip"])
def test_damage_is_told_and_leaves_no_member_behind(tmp_path, damage):
    body = bytearray(zipped([("a.npy", b"x" * 1000)], zipfile.ZIP_STORED))
    if damage == "content":
        body[500] ^= 1
    body = {"cut": body[:-30], "content": body, "no zip": b"<html>"}[damage]
    with pytest.raises(FormatError, match="is damaged"):
        run(tmp_path / "out", bytes(body))
    assert not (tmp_path / "out/a.npy").exists()


def test_an_encrypted_archive(tmp_path):
    body = bytearray(zipped([("a.npy", b"x")], zipfile.ZIP_STORED))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1
    with pytest.raises(FormatError, match="is encrypted"):
        run(tmp_path / "out", bytes(body))


def test_an_archive_of_other_things(tmp_path):
    with pytest.raises(FormatError, match="none of the files"):
        run(tmp_path / "out", zipped([("readme", b"x")]), lambda _: None)


def test_no_room_for_what_is_in_it(tmp_path):
    with pytest.raises(BciError, match="unpacks to 1000 bytes, 999 are free") as error:
        run(tmp_path / "out", zipped([("a.npy", b"x" * 1000)]), free=999)
    assert error.value.exit_code == 1
