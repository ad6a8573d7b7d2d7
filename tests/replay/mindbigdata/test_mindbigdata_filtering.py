import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from replay.mindbigdata import filtering
from replay.mindbigdata.filtering import REASONS, FilterSpec, faults

FIT = 4200 + np.random.default_rng(0).normal(0, 30, (14, 256)).astype(np.float32)
FULL = np.full((1, 14), 256)


def reason(signals, sizes=FULL, **thresholds):
    found = faults(signals[None], sizes, FilterSpec(**thresholds))[0]
    return REASONS[found] if found >= 0 else None


def changed(channel, samples, values):
    signals = FIT.copy()
    signals[channel, samples] = values
    return signals


@pytest.mark.parametrize(
    ("signals", "sizes", "why"),
    [
        (FIT, FULL, None),
        (FIT, FULL - 16, None),
        (FIT, FULL - 17, "length"),
        (FIT, FULL + 17, "length"),
        (changed(13, slice(None), 4200.0), FULL, "flat"),
        (changed(0, slice(0, 3), 8400.0), FULL, "railed"),
        (changed(0, slice(0, 3), 0.0), FULL, "railed"),
        (changed(0, slice(0, 2), 8400.0), FULL, "noise"),
        (changed(5, 100, 4900.0), FULL, "noise"),
        (changed(5, slice(None), 4200.0), FULL - 100, "length"),
    ],
)
def test_the_first_reason_counts(signals, sizes, why):
    assert reason(signals, sizes) == why


def test_thresholds_are_the_users():
    assert reason(changed(5, 100, 4900.0), noise=1000.0) is None
    assert reason(FIT, FULL - 100, length=100) is None


@given(arrays(np.float32, (5, 14, 256), elements=st.floats(0, 8402, width=32)), st.integers(1, 7))
def test_an_event_is_judged_alone(signals, at_once):
    sizes = np.full((5, 14), 256)
    together = faults(signals, sizes, FilterSpec())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filtering, "_AT_ONCE", at_once)
        assert np.array_equal(faults(signals, sizes, FilterSpec()), together)
    assert together.tolist() == [int(faults(one[None], sizes[:1], FilterSpec())[0]) for one in signals]
