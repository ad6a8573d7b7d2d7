"""Times of samples from stamps that jitter, drift, jump, run backwards and miss samples: the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.timefit import TimeFit

T0 = 1000.0


def truth(sfreq, seconds, drift=0.0, gap=None):
    """Return when each sample was taken; `gap` is (first sample after it, samples missing)."""
    index = np.arange(round(sfreq * seconds))
    if gap:
        first, missing = gap
        index = np.where(index < first, index, index + missing)
    return T0 + index / sfreq * (1 + drift)


def jittered(times, jitter, packet=1, seed=0):
    """Add uniform jitter of +- `jitter` seconds, drawn for each packet."""
    rng = np.random.default_rng(seed)
    return times + np.repeat(rng.uniform(-jitter, jitter, len(times) // packet + 1), packet)[: len(times)]


def fit(stamps, sfreq, sizes=(32,), lost=None):
    """Return the fit, all times, and (first sample, samples missing) of each gap."""
    timefit, runs, first, turn = TimeFit(sfreq), [], 0, 0
    while first < len(stamps):
        stop = first + sizes[turn % len(sizes)]
        runs += timefit.feed(stamps[first:stop], None if lost is None else lost[first:stop])
        first, turn = stop, turn + 1
    runs += timefit.flush()
    starts = np.cumsum([0, *(len(run.times) for run in runs)])
    gaps = [(int(at), run.gap_before) for at, run in zip(starts, runs, strict=False) if run.gap_before]
    return timefit, np.concatenate([run.times for run in runs]), gaps


@pytest.mark.parametrize("sfreq", [128.0, 250.0, 1000.0])
@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("jitter", [0.0, 0.0002])
def test_gap_in_clean_stamps_is_exact(sfreq, seconds, jitter):
    gap = (round(7.3 * sfreq), round(seconds * sfreq))
    taken = truth(sfreq, 12, drift=1e-4, gap=gap)
    _, times, gaps = fit(jittered(taken, jitter), sfreq)
    assert gaps == [gap]
    assert np.abs(times - taken)[round(3 * sfreq) :].max() < 0.5 / sfreq


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_gap_behind_jitter_is_placed_to_the_sample(seconds, seed):
    gap = (2000, round(seconds * 250))
    taken = truth(250.0, 20, gap=gap)
    _, times, gaps = fit(jittered(taken, 0.01, seed=seed), 250.0)
    assert gaps == [gap]
    assert np.abs(times - taken)[750:].max() < 1 / 250


@pytest.mark.parametrize("sfreq", [128.0, 256.0, 1000.0])
@pytest.mark.parametrize("drift", [-1e-4, 1e-4])
@pytest.mark.parametrize("seed", range(3))
def test_jitter_and_drift_stay_within_a_sample(sfreq, drift, seed):
    taken = truth(sfreq, 40, drift)
    timefit, times, gaps = fit(jittered(taken, 0.01, seed=seed), sfreq)
    assert gaps == []
    assert np.abs(times - taken)[round(3 * sfreq) :].max() <= 1 / sfreq
    assert timefit.rate == pytest.approx(sfreq / (1 + drift), rel=3e-5)


@pytest.mark.parametrize(
    ("sfreq", "packet", "learnt", "error"),
    [(256.0, 12, 5, 1), (256.0, 64, 5, 1.25), (256.0, 256, 5, 1.25), (128.0, 256, 5, 1), (1000.0, 32, 30, 1)],
)
@pytest.mark.parametrize("seed", range(3))
def test_jitter_by_packet_is_no_gap(sfreq, packet, learnt, error, seed):
    taken = truth(sfreq, 80, 1e-4)
    _, times, gaps = fit(jittered(taken, 0.01, packet, seed), sfreq, sizes=(packet,))
    assert gaps == []
    assert np.all(np.diff(times) >= 0)
    assert np.abs(times - taken)[round(learnt * sfreq) :].max() <= error / sfreq


def test_one_late_packet_is_no_gap():
    taken = truth(256.0, 20)
    stamps = taken.copy()
    stamps[2560:2572] += 0.033
    stamps[3000:3012] -= 0.027
    _, times, gaps = fit(stamps, 256.0)
    assert gaps == []
    np.testing.assert_allclose(times, taken, atol=5e-4)


def test_clean_stamps_are_never_held():
    timefit = TimeFit(250.0)
    for stamp in truth(250.0, 10, 1e-4):
        assert len(timefit.feed(np.array([stamp]))) == 1
        assert timefit.held == 0


def test_two_gaps_in_a_row():
    index = np.r_[0:2000, 2050:2060, 2100:4000]
    _, _, gaps = fit(T0 + index / 250, 250.0)
    assert gaps == [(2000, 50), (2010, 40)]


def test_samples_behind_a_gap_are_held_for_half_a_second_at_most():
    timefit = TimeFit(250.0)
    most = 0
    for stamp in truth(250.0, 20, gap=(2500, 2500)):
        timefit.feed(np.array([stamp]))
        most = max(most, timefit.held)
    assert most < 0.5 * 250


def test_backlog_of_a_sender_that_stamps_when_it_sends():
    taken = truth(250.0, 30)
    stamps = taken.copy()
    hung = slice(2500, 3750)  # five seconds that are sent at once, ten samples at a time
    sent = taken[3749] + 0.001 * (np.arange(1250) // 10 - 125)
    stamps[hung] = sent + (np.arange(1250) % 10 - 9) / 250
    _, times, gaps = fit(stamps, 250.0, sizes=(10,))
    assert gaps == []
    np.testing.assert_allclose(times, taken, atol=0.02)


def test_clock_that_is_set_back_never_runs_times_backwards():
    taken = truth(250.0, 20)
    stamps = taken.copy()
    stamps[2500:] -= 0.5
    _, times, gaps = fit(stamps, 250.0)
    assert gaps == []
    assert np.all(np.diff(times) >= 0)
    np.testing.assert_allclose(times[3000:], stamps[3000:], atol=1e-3)


@pytest.mark.parametrize(("nominal", "true"), [(256.0, 128.0), (128.0, 256.0), (250.0, 256.0), (512.0, 500.0)])
def test_rate_that_contradicts_the_nominal_one(nominal, true):
    timefit, _, _ = fit(truth(true, 20), nominal)
    assert timefit.mismatch == pytest.approx(true, rel=0.01)


@pytest.mark.parametrize("packet", [32, 128, 256])
def test_wrong_rate_behind_stamps_deduced_from_it(packet):
    taken = truth(128.0, 20)
    last = taken[packet - 1 :: packet].repeat(packet)
    stamps = last - np.tile(np.arange(packet)[::-1], len(last) // packet) / 256
    timefit, _, _ = fit(stamps, 256.0, sizes=(packet,))
    assert timefit.mismatch is not None
    assert timefit.mismatch < 160


def test_true_rate_is_no_mismatch():
    timefit, _, _ = fit(truth(250.0, 60, 5e-4), 250.0)
    assert timefit.mismatch is None


def test_losses_told_by_a_counter_need_no_waiting():
    taken = truth(128.0, 10, gap=(900, 13))
    lost = np.zeros(len(taken), int)
    lost[900] = 13
    timefit = TimeFit(128.0)
    timefit.feed(taken[:900])
    (run,) = timefit.feed(taken[900:901], lost[900:901].tolist())
    assert run.gap_before == 13
    assert run.times[0] == pytest.approx(taken[900], abs=1e-4)


@given(
    st.lists(st.integers(1, 256), min_size=1, max_size=10),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.0002, 0.01]),
    st.integers(0, 200),
)
def test_chunking_changes_nothing(sizes, seed, jitter, missing):
    stamps = jittered(truth(256.0, 6, gap=(1000, missing)), jitter, seed=seed)
    _, expected, gaps = fit(stamps, 256.0, sizes=(1,))
    _, times, found = fit(stamps, 256.0, sizes)
    assert found == gaps
    np.testing.assert_array_equal(times, expected)


@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=300), st.integers(1, 50))
def test_whatever_comes_goes_out_in_order(errors, size):
    stamps = truth(100.0, 3.0)[: len(errors)] + np.array(errors)
    timefit, times, _ = fit(stamps, 100.0, (size,))
    assert len(times) == len(stamps)
    assert timefit.held == 0
    assert np.all(np.diff(times) >= 0)
