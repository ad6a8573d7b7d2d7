import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replay.world.record
from bci.errors import ConfigError, MismatchError
from replay.world.record import add_responses, make_schedule

SILENT = {
    "background_uv": 1e-4,
    "white_uv": 1e-5,
    "alpha_uv": 0,
    "line_uv": 0,
    "drift_uv": 0,
    "blink_uv": 0,
}


def test_the_same_seed_gives_the_same_bits(make_tiny):
    (one, shown), (other, again) = (make_tiny().record("test", 20, seed=7) for _ in range(2))
    assert one.data.tobytes() == other.data.tobytes()
    assert one.markers == other.markers
    np.testing.assert_array_equal(shown.images, again.images)


def test_another_seed_or_split_or_world_gives_another_recording(make_tiny):
    world = make_tiny()
    recordings = [
        world.record("test", 20, seed=0)[0],
        world.record("test", 20, seed=1)[0],
        world.record("train", 20, seed=0)[0],
        make_tiny(seed=4).record("test", 20, seed=0)[0],
    ]
    assert len({recording.data.tobytes() for recording in recordings}) == 4


def test_a_recording_says_that_it_is_synthetic(make_tiny):
    recording, schedule = make_tiny().record("train", 20, seed=5)
    assert recording.provenance["kind"] == "SYNTHETIC"
    assert recording.provenance["world"] == "tiny"
    assert (recording.provenance["split"], recording.provenance["seed"]) == ("train", 5)
    assert recording.reference == "Fz"
    assert recording.labels == ("O1", "Oz", "P4", "Fp1")
    assert not recording.data.flags.writeable
    assert recording.data.dtype == np.float32
    assert len(schedule) == 20


def test_markers_name_the_concepts_that_are_scheduled(make_tiny):
    world = make_tiny()
    recording, schedule = world.record("test", 30)
    bank = world.test_bank
    assert [sample for sample, _ in recording.markers] == schedule.samples.tolist()
    assert [value for _, value in recording.markers] == [bank.names[concept] for concept in schedule.concepts]
    np.testing.assert_array_equal(bank.owner[schedule.images], schedule.concepts)


def test_the_spec_says_how_many_events_there_are_by_default(make_tiny):
    world = make_tiny(presentation={"train_events": 11, "test_events": 7})
    assert len(world.record("train")[1]) == 11
    assert len(world.record("test")[1]) == 7


@settings(deadline=None)
@given(
    n_concepts=st.integers(1, 8),
    each=st.integers(1, 4),
    n_events=st.integers(1, 60),
    soa=st.integers(1, 50),
    seed=st.integers(0, 9),
)
def test_concepts_take_turns_and_so_do_their_pictures(n_concepts, each, n_events, soa, seed):
    rng = np.random.default_rng(seed)
    schedule = make_schedule(n_concepts, n_concepts * each, n_events, 100, soa, rng)
    assert np.ptp(np.bincount(schedule.concepts, minlength=n_concepts)) <= 1
    assert np.ptp(np.bincount(schedule.images, minlength=n_concepts * each)) <= 2
    first_deck = schedule.images[: n_concepts * each]
    assert len(set(first_deck)) == len(first_deck)
    assert (schedule.images // each == schedule.concepts).all()
    assert schedule.samples[0] == 100
    assert (np.diff(schedule.samples) == soa).all()


def test_responses_to_neighbours_add_up(make_tiny):
    world = make_tiny()
    pictures = world.test_bank.images[:3]
    onsets = np.array([10, 30, 62])  # a response lasts 77 samples
    together = np.zeros((200, 4), np.float32)
    add_responses(together, world.forward, pictures, onsets)
    apart = np.zeros((200, 4))
    for picture, onset in zip(pictures, onsets, strict=True):
        apart[onset : onset + world.forward.n_lags] += world.forward.responses(picture[None])[0].T
    assert world.forward.n_lags == 77
    np.testing.assert_allclose(together, apart, atol=1e-4)


def test_it_does_not_matter_how_many_responses_are_added_at_once(make_tiny, monkeypatch):
    world = make_tiny()
    pictures, onsets = world.test_bank.images[:7], 32 * np.arange(7)
    results = []
    for block in (1, 3, 1000):
        monkeypatch.setattr(replay.world.record, "_BLOCK", block)
        results.append(np.zeros((400, 4), np.float32))
        add_responses(results[-1], world.forward, pictures, onsets)
    np.testing.assert_allclose(results[0], results[2], atol=1e-5)
    np.testing.assert_allclose(results[1], results[2], atol=1e-5)


def test_without_noise_a_recording_is_what_the_forward_model_predicts(make_tiny):
    world = make_tiny(noise=SILENT, evoked={"snr": 5e4})
    recording, schedule = world.record("test", 12)
    predicted = np.zeros(recording.data.shape)
    responses = world.forward.responses(world.test_bank.images[schedule.images])
    for onset, response in zip(schedule.samples, responses, strict=True):
        predicted[onset : onset + world.forward.n_lags] += response.T
    assert np.abs(predicted).max() > 5
    np.testing.assert_allclose(recording.data, predicted, atol=2e-3)


def test_averaging_trials_of_one_concept_shows_its_response(make_tiny):
    world = make_tiny(presentation={"soa": 1.0}, noise={"drift_uv": 0})
    recording, schedule = world.record("test", 3000)
    n = world.forward.n_lags
    trials = recording.data[schedule.samples[:, None] + np.arange(n)] - world.noise.mean
    for concept in range(len(world.test_bank.names)):
        average = trials[schedule.concepts == concept].mean(0).T
        # its pictures were shown equally often: their mean, not the prototype, is what the average tends to
        shown = world.test_bank.images[world.test_bank.owner == concept].mean(0)
        response = world.forward.responses(shown[None])[0]
        assert np.corrcoef(average.ravel(), response.ravel())[0, 1] > 0.8
        # 500 trials of noise of about 10 uV
        assert np.sqrt(((average - response) ** 2).mean()) < 1.0


def test_a_trigger_channel_reads_as_an_acticham_sends_it(preset):
    world = preset("acticham")
    recording, schedule = world.record("test", 25)
    assert recording.data.shape[1] == 64
    assert [channel.kind for channel in recording.channels] == ["eeg"] * 63 + ["trigger"]
    trigger = recording.data[:, -1]
    np.testing.assert_array_equal(np.flatnonzero(trigger > 0), schedule.samples)
    np.testing.assert_array_equal(trigger[schedule.samples], schedule.concepts + 1)
    np.testing.assert_array_equal(np.flatnonzero(trigger == 0), schedule.samples + 10)
    assert np.count_nonzero(trigger == -1) == len(trigger) - 50


def test_codes_of_many_concepts_fit_into_eight_bits(preset):
    recording, _ = preset("acticham").record("train", 400)
    assert set(np.unique(recording.data[:, -1])) <= set(range(-1, 256))


def test_an_epoc_has_its_offset(preset):
    recording, _ = preset("epoc").record("test", 20)
    assert np.abs(np.median(recording.data, axis=0) - 4200).max() < 100


def test_what_cannot_be_recorded_is_refused(make_tiny):
    with pytest.raises(ConfigError, match="at least one event"):
        make_tiny().record("test", 0)
    with pytest.raises(ConfigError, match="train or test, got 'validation'"):
        make_tiny().record("validation", 3)


def test_a_bank_without_pictures_cannot_be_shown(make_tiny):
    world = make_tiny()
    bare = type(world.test_bank)(world.test_bank.names, world.test_bank.prototypes, world.test_bank.key)
    with pytest.raises(MismatchError, match="with pictures"):
        replay.world.record.record(world.spec, world.forward, world.noise, bare, "test", 3, 0)
