"""A mirror on loopback, and a client of it that never really sleeps."""

import pytest
from mirror_server import Mirror

from replay.fetch.web import Web


@pytest.fixture
def mirror():
    with Mirror() as server:
        yield server


@pytest.fixture
def naps():
    """Seconds that the client would have slept."""
    return []


@pytest.fixture
def web(mirror, naps):
    with Web(mirror.url, naps.append) as client:
        yield client
