import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.history import History
from bci.types import SampleChunk
from gui.trace_events import sample_at


def history_of(times, sfreq):
    history = History(sfreq, 2, seconds=60)
    history.append(SampleChunk(np.zeros((len(times), 2), np.float32), times, times[-1], 0))
    return history


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1.0, 33.3, 250.0, 1000.0]),
    st.floats(-0.03, 0.03),
    st.integers(20, 2000),
    st.floats(0, 1),
)
def test_a17_the_nearest_sample_is_found_though_the_clock_drifts(sfreq, drift, n_times, where):
    times = 1000 + np.arange(n_times) / (sfreq * (1 + drift))
    history = history_of(times, sfreq)
    kept = history.since(0)
    time = kept.times[0] + where * (kept.times[-1] - kept.times[0])
    found = sample_at(history, time)
    assert abs(times[found] - time) <= np.abs(times - time).min() + 1e-9


def test_a17_a_time_that_is_not_kept_has_no_sample():
    history = history_of(100 + np.arange(1000) / 250, 250.0)
    assert sample_at(history, 99.0) is None
    assert sample_at(history, 104.5) is None
    assert sample_at(History(250.0, 2), 100.0) is None
