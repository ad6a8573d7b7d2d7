"""Answers from public servers: over https or from a mirror, patient with what may pass, clear about what will not.

HTTP semantics: https://www.rfc-editor.org/rfc/rfc9110
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from bci.errors import BciError, ConfigError, FormatError

__all__ = ["UnavailableError", "Web"]

Answer = TypeVar("Answer", bound=BaseModel)
Result = TypeVar("Result")

_TRIES = 6
_LONGEST_WAIT = 300.0  # seconds
_TIMEOUTS = (20.0, 60.0)  # seconds: to connect, between two packets
_LONGEST_ANSWER = 2**25  # bytes of a listing
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class UnavailableError(BciError):
    """A server that may answer later.

    Parameters
    ----------
    said
        What went wrong.
    wait
        Seconds that the server asked to wait, if it did.
    """

    def __init__(self, said: str, wait: float | None = None) -> None:
        super().__init__(said)
        self.wait = wait


class Web:
    """A client of public servers, to be used as a context.

    Parameters
    ----------
    mirror
        Asked for `https://HOST/PATH` as `MIRROR/HOST/PATH`; https, or http on this computer.
    sleep
        Waits some seconds between two tries.

    Raises
    ------
    ConfigError
        If the mirror is neither https nor on this computer.
    """

    def __init__(self, mirror: str | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._mirror = None if mirror is None else _checked_mirror(mirror)
        self._sleep = sleep
        self._session = _session(self._mirror)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def ask(self, url: str, model: type[Answer]) -> Answer:
        """Return a JSON answer, checked.

        Raises
        ------
        FormatError
            If the answer is another one than `model` says.
        BciError
            If the server refuses, or does not answer after some tries.
        """
        try:
            return model.model_validate_json(self.read(url))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise FormatError(
                f"{url} answered otherwise than expected: {where}: {first['msg']}; update bci-live"
            ) from None

    def read(self, url: str) -> bytes:
        """Return an answer as it came; see `ask` for what is raised."""
        return self.patiently(lambda: self._read(url))

    def _read(self, url: str) -> bytes:
        body = bytearray()
        with self.stream(url) as response:
            for piece in response.iter_content(2**16):
                body += piece
                if len(body) > _LONGEST_ANSWER:
                    raise FormatError(f"{url} answered more than {_LONGEST_ANSWER} bytes, expected a listing")
        return bytes(body)

    @contextmanager
    def stream(
        self, url: str, headers: Mapping[str, str] | None = None, expected: tuple[int, ...] = (200,)
    ) -> Iterator[requests.Response]:
        """Ask once and hand out the answer before its body.

        Raises
        ------
        UnavailableError
            If the connection fails, now or while the body is read, or the server says to come back later.
        BciError
            If the status is none of those expected.
        """
        host = urlsplit(url).hostname
        try:
            with self._session.get(
                self._address(url), headers=headers, stream=True, timeout=_TIMEOUTS
            ) as response:
                if response.status_code not in expected:
                    raise _refusal(response, url)
                yield response
        except requests.exceptions.InvalidSchema:
            raise BciError(f"{url} leads on to a plain connection, expected https: nothing was fetched") from None
        except requests.exceptions.SSLError as error:
            raise BciError(f"{host} cannot prove who it is: {error}; see to the clock and the network") from None
        except requests.Timeout:
            raise UnavailableError(f"{host} was silent for {_TIMEOUTS[1]:g} s") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, HTTPError) as error:
            raise UnavailableError(f"the connection to {host} failed ({type(error).__name__})") from None
        except requests.RequestException as error:
            raise BciError(f"{url} cannot be fetched: {error}; name a mirror") from None

    def patiently(self, action: Callable[[], Result], moved: Callable[[], int] = lambda: 0) -> Result:
        """Repeat an action that servers make fail, waiting longer each time.

        Parameters
        ----------
        action
            What is tried.
        moved
            How far it is; whenever it has got further than ever, patience starts anew.

        Raises
        ------
        BciError
            If it has failed six times in a row.
        """
        failures, furthest = 0, moved()
        while True:
            try:
                return action()
            except UnavailableError as error:
                now = moved()
                failures, furthest = (1, now) if now > furthest else (failures + 1, furthest)
                if failures == _TRIES or (error.wait or 0) > _LONGEST_WAIT:
                    raise BciError(
                        f"{error}, tried {failures} times; what has come is kept: the same command goes on"
                    ) from None
                self._sleep(2.0 ** (failures - 1) if error.wait is None else error.wait)

    def _address(self, url: str) -> str:
        """Where a public address is really asked for."""
        parts = urlsplit(url)
        if self._mirror is not None and url.startswith(self._mirror + "/"):
            return url
        if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
            raise FormatError(f"expected an https address, got {url[:200]!r}: nothing is fetched from there")
        if self._mirror is None:
            return url
        return self._mirror + "/" + parts.netloc + urlunsplit(("", "", parts.path, parts.query, ""))


def _checked_mirror(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigError(f"expected --server https://..., or http:// on this computer; got {url!r}")
    return url.rstrip("/")


def _session(mirror: str | None) -> requests.Session:
    """A session that speaks https alone, wherever it is redirected to, and plain http with a mirror."""
    session = requests.Session()
    session.headers.update(
        {"User-Agent": f"bci-live/{version('bci-live')}", "Accept": "*/*", "Accept-Encoding": "identity"}
    )
    session.adapters.clear()
    session.mount("https://", HTTPAdapter())
    if mirror is not None and mirror.startswith("http://"):
        session.mount(mirror, HTTPAdapter())
        session.trust_env = False  # no proxy stands between this computer and itself
    return session


def _refusal(response: requests.Response, url: str) -> BciError:
    said = f"{urlsplit(url).hostname} answered {response.status_code} {response.reason or ''}".rstrip()
    if response.status_code in _MAY_PASS:
        wait = _retry_after(response.headers.get("Retry-After", ""))
        return UnavailableError(said if wait is None else f"{said} and asks to wait {wait:.0f} s", wait)
    return BciError(f"{said} to {url}; expected the file: see whether the data set has moved, or name a mirror")


def _retry_after(value: str) -> float | None:
    """Seconds to wait; servers give a number or a date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.astimezone() - dt.datetime.now().astimezone()).total_seconds())
