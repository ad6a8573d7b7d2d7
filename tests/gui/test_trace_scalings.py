import numpy as np
import pytest

from bci.types import Channel
from gui.trace_scalings import Scalings

CHANNELS = (Channel("Cz"), Channel("acc", "aux", "g"), Channel("Pz"), Channel("temp", "aux", "K"))


def test_a13_channels_of_one_kind_and_unit_share_a_scale():
    scalings = Scalings(CHANNELS)
    assert scalings.kinds == (("eeg", "microvolts"), ("aux", "g"), ("aux", "K"))
    assert scalings.of.tolist() == [0, 1, 0, 2]
    assert scalings.units.tolist() == [100, 100, 100]


@pytest.mark.parametrize("units", [1e-3, 1.0, 5e4])
def test_a13_steps_there_and_back_end_where_they_began(units):
    scalings = Scalings(CHANNELS)
    scalings.set(units)
    for direction in (1, 1, 1, 1, -1, -1, -1, -1):
        scalings.step(direction, kind=1)
    assert scalings.units == pytest.approx([units, units, units])


def test_a13_a_fit_leaves_what_is_known_and_what_is_flat():
    scalings = Scalings(CHANNELS)
    scalings.set(7.0, kind=0)
    spread = np.float32([30, 0.02, 30, 0])
    assert scalings.fit(spread, anew=False)
    assert scalings.units == pytest.approx([7, 0.05, 100])  # 1.5 times 0.02, rounded up
    assert not scalings.known
    assert not scalings.fit(spread, anew=False)
    assert scalings.fit(spread, anew=True)
    assert scalings.units == pytest.approx([50, 0.05, 100])


def test_a13_one_loud_channel_does_not_flatten_the_others():
    scalings = Scalings([Channel(f"E{i}") for i in range(8)])
    scalings.fit(np.float32([30] * 7 + [5000]), anew=True)
    assert scalings.units.tolist() == [50]
    assert scalings.known
