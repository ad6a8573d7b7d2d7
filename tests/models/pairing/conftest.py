"""A converted text of events whose digits each raise one electrode."""

import numpy as np
import pytest

from replay.mindbigdata.convert import convert
from replay.mindbigdata.writer import write_text

N_EVENTS = 120


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """Return `EP1.01.txt`, converted: 120 events, of which every thirtieth shows no digit."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.arange(N_EVENTS) % 10)
    codes[::30] = -1
    path = tmp_path_factory.mktemp("text") / "EP1.01.txt"
    write_text(path, ((int(code), signals(code, rng)) for code in codes))
    convert(path, lambda *_: None)
    return path


def signals(code, rng):
    noise = 4200 + rng.normal(0, 10, (14, 256))
    if code >= 0:
        noise[code, 30:60] += 40
    return noise
