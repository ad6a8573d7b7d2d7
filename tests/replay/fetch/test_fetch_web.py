"""Whom the client talks to, and what it takes for an answer."""

import pytest
from mirror_server import Status
from pydantic import BaseModel

from bci.errors import BciError, ConfigError, FormatError
from replay.fetch.web import UnavailableError, Web


class Greeting(BaseModel):
    hello: str


@pytest.mark.parametrize(
    "url", ["http://osf.io/x", "ftp://osf.io/x", "file:///etc/passwd", "https://me@osf.io/x", ""]
)
def test_only_https_is_asked(url):
    with Web() as client, pytest.raises(FormatError, match="expected an https address"):
        client.read(url)


@pytest.mark.parametrize(
    "url", ["http://example.org", "http://192.168.1.2:80", "ftp://localhost", "localhost:8000"]
)
def test_a_mirror_without_https_is_on_this_computer(url):
    with pytest.raises(ConfigError, match="expected --server"):
        Web(url)


def test_a_mirror_is_asked_for_every_host(mirror, web):
    mirror.put("api.osf.io/v2/?a=b%20c", {"hello": "you"})
    assert web.ask("https://api.osf.io/v2/?a=b%20c", Greeting).hello == "you"
    assert web.ask(f"{mirror.url}/api.osf.io/v2/?a=b%20c", Greeting).hello == "you"


@pytest.mark.parametrize(
    "where", ["http://localhost:9/x", "http://127.0.0.2/x", "ftp://osf.io/x", "file:///etc/passwd"]
)
def test_it_is_not_led_away_from_https(mirror, web, where):
    mirror.put("osf.io/x", b"").faults.append(Status(302, {"Location": where}))
    with pytest.raises(BciError, match="leads on to a plain connection"):
        web.read("https://osf.io/x")


def test_a_circle_of_redirections_is_one_line(mirror, web):
    mirror.put("osf.io/x", b"").faults.extend([Status(302, {"Location": "/osf.io/x"})] * 40)
    with pytest.raises(BciError, match="cannot be fetched: Exceeded 30 redirects"):
        web.read("https://osf.io/x")


def test_redirections_within_the_mirror_are_followed(mirror, web):
    mirror.put("osf.io/x", b"").faults.append(Status(302, {"Location": "/files.osf.io/y"}))
    mirror.put("files.osf.io/y", b"here")
    assert web.read("https://osf.io/x") == b"here"


@pytest.mark.parametrize("body", [b"<html>Sign in to this hotel</html>", b'{"hello": 1}', b"{}", b"\xff"])
def test_another_answer_than_expected_is_one_line(mirror, web, body):
    mirror.put("osf.io/x", body)
    with pytest.raises(FormatError, match="answered otherwise than expected") as error:
        web.ask("https://osf.io/x", Greeting)
    assert "\n" not in str(error.value)


def test_an_endless_listing_is_given_up(mirror, web):
    mirror.put("osf.io/x", bytes(2**25 + 1))
    with pytest.raises(FormatError, match="expected a listing"):
        web.read("https://osf.io/x")


def test_nobody_there(naps):
    with Web("http://127.0.0.1:9", naps.append) as client, pytest.raises(BciError, match="tried 6 times") as error:
        client.read("https://osf.io/x")
    assert error.value.exit_code == 1
    assert "connection to osf.io failed" in str(error.value)
    assert len(naps) == 5


def test_patience_starts_anew_only_where_more_came_than_ever(web, naps):
    sizes = iter([0, 10, 5, 10, 10, 10, 10, 10, 10])

    def fail():
        raise UnavailableError("away")

    with pytest.raises(BciError, match="tried 6 times"):
        web.patiently(fail, lambda: next(sizes))
    assert naps == [1.0, 2.0, 4.0, 8.0, 16.0]
