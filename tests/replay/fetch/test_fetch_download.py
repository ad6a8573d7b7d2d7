"""One file over a network that drops, lies, changes its mind and asks for patience."""

import hashlib
from email.utils import formatdate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirror_server import Drop, Mirror, Short, Status

from bci.errors import BciError
from replay.fetch.checksum import Checksum
from replay.fetch.download import Part, download
from replay.fetch.listing import Entry
from replay.fetch.web import Web

BODY = bytes(range(256)) * 4096  # 1 MiB: several pieces
ADDRESS = "files.osf.io/v1/resources/abcde/providers/osfstorage/file"


def offered(body, checksum=None):
    checksum = checksum or Checksum("sha256", hashlib.sha256(body).hexdigest())
    return Entry("file", f"https://{ADDRESS}", len(body), checksum)


def quiet(size):
    pass


def test_drops_are_gone_on_with_of_the_same_version(mirror, web, naps, tmp_path):
    file = mirror.put(ADDRESS, BODY, etag='"v1"')
    file.faults.extend([Drop(300_000), Drop(0), Drop(1), Drop(200_000)])
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    first, *later = mirror.asked(ADDRESS)
    assert "Range" not in first
    assert [headers["Range"] for headers in later] == [f"bytes={n}-" for n in (300_000, 300_000, 300_001, 500_001)]
    assert {headers["If-Range"] for headers in later} == {'"v1"'}
    assert naps == [1.0, 2.0, 1.0, 1.0]  # longer while nothing comes, short again once something has come


def test_what_an_earlier_run_left_is_gone_on_with(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY)
    (tmp_path / "file.part").write_bytes(BODY[:1000])
    told = []
    download(web, offered(BODY), tmp_path / "file", told.append)
    assert (tmp_path / "file").read_bytes() == BODY
    (request,) = mirror.asked(ADDRESS)
    assert request["Range"] == "bytes=1000-"
    assert "If-Range" not in request
    assert min(told) > 1000
    assert told[-1] == len(BODY)


def test_a_server_that_knows_no_ranges_sends_everything_again(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY, ranges=False)
    (tmp_path / "file.part").write_bytes(b"x" * 5000)
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize("if_range", [True, False])
def test_a_file_that_changed_meanwhile_is_fetched_anew(mirror, web, tmp_path, if_range):
    before, after = BODY, BODY[::-1]
    mirror.put(ADDRESS, before, etag='"v1"').faults.extend([Drop(400_000), Status(404)])
    with pytest.raises(BciError, match="404"):
        download(web, offered(before), tmp_path / "file", quiet)
    mirror.put(ADDRESS, after, etag='"v2"', if_range=if_range)
    download(web, offered(after), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == after


def test_a_wrong_checksum_is_tried_once_more_and_leaves_nothing(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY)
    with pytest.raises(BciError, match=r"expected sha256:00.*, got sha256:.*, twice") as error:
        download(web, offered(BODY, Checksum("sha256", "0" * 64)), tmp_path / "file", quiet)
    assert error.value.exit_code == 1
    assert len(mirror.asked(ADDRESS)) == 2
    assert not any(tmp_path.iterdir())


def test_what_is_not_there_is_asked_for_once(mirror, web, naps, tmp_path):
    with pytest.raises(BciError, match="answered 404 Not Found"):
        download(web, offered(BODY), tmp_path / "file", quiet)
    assert (len(mirror.requests), naps) == (1, [])


def test_a_busy_server_says_how_long_to_wait(mirror, web, naps, tmp_path):
    busy = mirror.put(ADDRESS, BODY)
    busy.faults.extend([Status(429, {"Retry-After": "7"}), Status(503, {"Retry-After": "soon"}), Status(502)])
    busy.faults.append(Status(503, {"Retry-After": formatdate(0, usegmt=True)}))
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == BODY
    assert naps == [7.0, 2.0, 4.0, 0.0]


def test_a_server_that_asks_for_an_hour_is_not_waited_for(mirror, web, naps, tmp_path):
    mirror.put(ADDRESS, BODY).faults.append(Status(429, {"Retry-After": "3600"}))
    with pytest.raises(BciError, match=r"asks to wait 3600 s.*the same command goes on"):
        download(web, offered(BODY), tmp_path / "file", quiet)
    assert naps == []


def test_patience_ends_and_what_came_is_kept(mirror, web, naps, tmp_path):
    file = mirror.put(ADDRESS, BODY)
    file.faults.extend([Drop(1234), *[Status(503)] * 5])
    with pytest.raises(BciError, match=r"503.*tried 6 times.*the same command goes on") as error:
        download(web, offered(BODY), tmp_path / "file", quiet)
    assert error.value.exit_code == 1
    assert naps == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert (tmp_path / "file.part").read_bytes() == BODY[:1234]
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert mirror.asked(ADDRESS)[-1]["Range"] == "bytes=1234-"


def test_less_than_the_listed_size_is_not_enough(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY).faults.append(Short(1000))
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == BODY
    mirror.put(ADDRESS, BODY[:-1])
    with pytest.raises(BciError, match=rf"expected {len(BODY)} bytes, got {len(BODY) - 1}|another piece"):
        download(web, offered(BODY), tmp_path / "other", quiet)


def test_more_than_the_listed_size_is_never_written(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY * 2)
    with pytest.raises(BciError, match="got more"):
        download(web, offered(BODY), tmp_path / "file", quiet)
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "file.part").stat().st_size <= len(BODY)


def test_a_part_that_is_too_long_or_complete_already(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY)
    (tmp_path / "file.part").write_bytes(BODY)
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert mirror.requests == []
    (tmp_path / "file.part").write_bytes(BODY + b"more")
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == BODY


def test_an_unsatisfiable_range_starts_anew(mirror, web, tmp_path):
    file = mirror.put(ADDRESS, BODY)
    file.faults.append(Status(416))
    (tmp_path / "file.part").write_bytes(BODY[:77])
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == BODY


def test_an_empty_file(mirror, web, tmp_path):
    mirror.put(ADDRESS, b"")
    download(web, offered(b""), tmp_path / "file", quiet)
    assert (tmp_path / "file").read_bytes() == b""


def test_ctrl_c_leaves_a_part_that_is_gone_on_with(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY, etag='"v1"')

    def press(size):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(web, offered(BODY), tmp_path / "file", press)
    kept = Part(tmp_path / "file").size()
    assert 0 < kept < len(BODY)
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert mirror.asked(ADDRESS)[-1]["Range"] == f"bytes={kept}-"
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_weak_validator_is_not_one(mirror, web, tmp_path):
    mirror.put(ADDRESS, BODY, etag='W/"v1"').faults.append(Drop(10))
    download(web, offered(BODY), tmp_path / "file", quiet)
    assert "If-Range" not in mirror.asked(ADDRESS)[-1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 600), max_size=12), st.booleans(), st.sampled_from([None, '"v"']))
def test_wherever_it_breaks_the_content_is_the_same(tmp_path_factory, drops, ranges, etag):
    body, path = bytes(600), tmp_path_factory.mktemp("drops") / "file"
    with Mirror() as server, Web(server.url, lambda _: None) as client:
        file = server.put(ADDRESS, body, ranges=ranges, etag=etag)
        file.faults.extend(Drop(after) for after in drops)
        for _ in range(len(drops) + 1):  # a user who gives the same command until it is done
            try:
                download(client, offered(body), path, quiet)
                break
            except BciError:
                assert not path.exists()
    assert path.read_bytes() == body


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("git-sha1", "ce013625030ba8dba906f756967f9e9ca394464a"),  # git hash-object
        ("md5", "b1946ac92492d2347c6235b4d2611184"),
        ("sha256", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
    ],
)
def test_checksums_as_other_tools_print_them(tmp_path, algorithm, digest):
    (tmp_path / "hello").write_bytes(b"hello\n")
    assert Checksum(algorithm, "").of(tmp_path / "hello") == Checksum(algorithm, digest)
    assert str(Checksum(algorithm, digest)) == f"{algorithm}:{digest}"
