from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, multivariate_normal

from bci.errors import MismatchError
from bci.ranking import truth_ranks
from bci.types import Recording
from replay.world import Oracle, Schedule, World, leak_alarm

N_EVENTS = 2000


def hits(scores, truths, k):
    """Whether the truth is among the k best."""
    return truth_ranks(scores, truths) < k


@dataclass(frozen=True)
class Session:
    """A long recording of a world, and what the oracle says of it."""

    world: World
    recording: Recording
    schedule: Schedule
    windows: NDArray[np.float32]
    scores: NDArray[np.float64]

    def hits(self, k):
        return hits(self.scores, self.schedule.concepts, k)


def decode(world, n_events, seed):
    oracle = Oracle(world)
    recording, schedule = world.record("test", n_events, seed)
    windows = oracle.cut(recording, schedule.samples)
    return Session(world, recording, schedule, windows, oracle.rank(windows))


@pytest.fixture(scope="module")
def things(preset):
    return decode(preset("things"), N_EVENTS, seed=11)


def at_chance(hits, chance):
    return binomtest(int(hits.sum()), len(hits), chance).pvalue > 0.001


def test_things_is_as_hard_as_it_should_be(things):
    assert 0.85 < things.hits(5).mean() < 0.95


def test_things_hard_is_as_hard_as_it_should_be(preset):
    assert 0.45 < decode(preset("things-hard"), 1000, seed=12).hits(5).mean() < 0.65


@pytest.mark.parametrize(("name", "low", "high"), [("epoc", 0.3, 0.6), ("muse", 0.65, 0.85)])
def test_small_headsets_are_above_chance_and_far_from_perfect(preset, name, low, high):
    assert low < decode(preset(name), 1000, seed=13).hits(1).mean() < high


def test_shuffled_windows_are_at_chance(things):
    shuffled = np.random.default_rng(0).permutation(things.windows)
    scores = Oracle(things.world).rank(shuffled)
    assert at_chance(hits(scores, things.schedule.concepts, 5), 5 / 200)
    assert at_chance(hits(scores, things.schedule.concepts, 1), 1 / 200)


def test_windows_without_responses_are_at_chance(make_tiny):
    loud, silent = make_tiny(), make_tiny(evoked={"snr": 0})
    recording, schedule = silent.record("test", N_EVENTS)
    oracle = Oracle(loud)
    assert at_chance(hits(oracle.rank(oracle.cut(recording, schedule.samples)), schedule.concepts, 1), 1 / 6)


def test_windows_before_the_onset_are_at_chance(things):
    oracle = Oracle(things.world)
    # four events before: the window ends where this event begins
    before = things.schedule.samples[4:] - 4 * things.world.spec.soa_samples
    scores = oracle.rank(oracle.cut(things.recording, before))
    assert at_chance(hits(scores, things.schedule.concepts[4:], 5), 5 / 200)
    assert hits(scores, things.schedule.concepts[:-4], 5).mean() > 0.8  # it is another event's window


def test_the_oracle_is_as_often_right_as_it_believes(things):
    scores = things.scores
    likelihood = np.exp(scores - scores.max(1, keepdims=True))
    believed = (likelihood.max(1) / likelihood.sum(1)).mean()
    standard_error = 0.5 / np.sqrt(N_EVENTS)
    assert things.hits(1).mean() == pytest.approx(believed, abs=4 * standard_error)


def test_scores_are_differences_of_gaussian_log_likelihoods(make_tiny):
    """Against the covariance of a small window written out in full."""
    world = make_tiny()
    forward, noise, bank = world.forward, world.noise, world.test_bank
    n_channels, n_times, first, soa = 4, 24, 6, 32

    def columns(response, onset):  # (..., n_channels, n_lags) -> (..., n_channels * n_times)
        padded = np.zeros((*response.shape[:-1], 400))
        padded[..., 150 + onset : 150 + onset + forward.n_lags] = response
        part = padded[..., 150 + first : 150 + first + n_times]
        return part.reshape(*part.shape[:-2], -1)

    lags = np.abs(np.subtract.outer(np.arange(n_times), np.arange(n_times)))
    covariance = np.zeros((n_channels * n_times,) * 2)
    for column, source in enumerate(noise.sources):
        temporal = noise.autocovariance(source, n_times)[lags]
        covariance += np.kron(np.outer(noise.mixing[:, column], noise.mixing[:, column]), temporal)
    shown = bank.images @ forward.readout.T
    average = forward.common + np.tensordot(shown.mean(0), forward.templates, axes=1)
    mean = np.repeat(noise.mean, n_times) + columns(forward.common, 0)
    for onset in (-3 * soa, -2 * soa, -soa, soa, 2 * soa):
        mean += columns(average, onset)
        basis = columns(forward.templates, onset)
        covariance += basis.T @ np.cov(shown.T, bias=True) @ basis
    basis = columns(forward.templates, 0)
    scatter = 0.5**2 * (world.pictures.axes * world.pictures.variances) @ world.pictures.axes.T
    covariance += basis.T @ (forward.readout @ scatter @ forward.readout.T) @ basis

    recording, schedule = world.record("test", 12)
    oracle = Oracle(world, first / 128, (first + n_times) / 128)
    windows = oracle.cut(recording, schedule.samples)
    predicted = mean + bank.prototypes @ forward.readout.T @ basis  # (n_concepts, n_channels * n_times)
    likelihoods = np.stack(
        [multivariate_normal(p, covariance).logpdf(windows.reshape(12, -1)) for p in predicted], axis=1
    )
    scores = oracle.rank(windows)
    np.testing.assert_allclose(scores - scores[:, :1], likelihoods - likelihoods[:, :1], rtol=1e-4, atol=1e-3)


def test_a_longer_window_tells_more(things):
    shares = []
    for tmax in (0.2, 0.35):
        oracle = Oracle(things.world, 0.0, tmax)
        scores = oracle.rank(things.windows[:, :, : round(tmax * 250)])
        shares.append(hits(scores, things.schedule.concepts, 5).mean())
    assert 0.025 < shares[0] < shares[1] < things.hits(5).mean()


def test_windows_are_cut_at_the_onset_from_eeg_alone(make_tiny):
    world = make_tiny(presentation={"soa": 0.25, "trigger": "sampled"})
    recording, schedule = world.record("test", 3)
    windows = Oracle(world, 0.125, 0.25).cut(recording, schedule.samples)
    assert recording.data.shape[1] == 5
    assert windows.shape == (3, 4, 16)
    start = schedule.samples[1] + 16
    np.testing.assert_array_equal(windows[1], recording.data[start : start + 16, :4].T)


def test_windows_of_another_shape_or_place_are_refused(make_tiny):
    world = make_tiny()
    oracle = Oracle(world)
    recording, schedule = world.record("test", 3)
    with pytest.raises(MismatchError, match=r"expected raw windows of shape \(4, 102\), got \(3, 102\)"):
        oracle.rank(oracle.cut(recording, schedule.samples)[:, :3])
    with pytest.raises(MismatchError, match="within the recording"):
        oracle.cut(recording, np.array([len(recording.data) - 5]))
    with pytest.raises(MismatchError, match="within the recording"):
        Oracle(world, tmin=-1.0).cut(recording, np.array([5]))


def test_ties_never_help():
    scores = np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0]])
    assert hits(scores, np.array([0, 0]), 1).tolist() == [False, True]
    assert hits(scores, np.array([0, 2]), 2).tolist() == [True, False]


def test_a_decoder_that_beats_the_oracle_raises_the_alarm():
    oracle = np.array([True] * 50 + [False] * 50)
    leaking = oracle.copy()
    leaking[50:60] = True
    alarm = leak_alarm(leaking, oracle)
    assert alarm.alarm
    assert alarm.p == pytest.approx(2.0**-10)
    assert (alarm.decoder, alarm.oracle) == (0.6, 0.5)


@pytest.mark.parametrize("n_better", [0, 1, 9])
def test_an_honest_decoder_raises_no_alarm(n_better):
    oracle = np.array([True] * 50 + [False] * 50)
    decoder = oracle.copy()
    decoder[:20] = False
    decoder[50 : 50 + n_better] = True
    assert not leak_alarm(decoder, oracle).alarm
    assert leak_alarm(oracle, oracle).p == 1.0


def test_false_alarms_are_rare():
    rng = np.random.default_rng(0)
    alarms = [leak_alarm(*(rng.random((2, 200)) < 0.5), alpha=0.05).alarm for _ in range(400)]
    assert np.mean(alarms) < 0.08


def test_only_the_same_events_are_compared():
    with pytest.raises(MismatchError, match="got 3 and 2"):
        leak_alarm(np.ones(3, bool), np.ones(2, bool))
