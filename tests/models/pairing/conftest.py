"""A converted text of events whose digits each raise one electrode."""

import numpy as np
import pytest
from recorded_files import digits, write_digits

from replay.mindbigdata.convert import convert

N_EVENTS = 120


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """Return `EP1.01.txt`, converted: 120 events, of which every thirtieth shows no digit."""
    rng = np.random.default_rng(0)
    path = write_digits(rng, tmp_path_factory.mktemp("text") / "EP1.01.txt", digits(rng, N_EVENTS, 30))
    convert(path, lambda *_: None)
    return path
