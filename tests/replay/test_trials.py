from dataclasses import replace

import numpy as np
import pytest

from bci.errors import FormatError, MismatchError
from bci.specs import EventSpec, PreprocessSpec
from bci.types import Channel, Recording, TrialSet
from replay.trials import crop_trials, cut_trials, take

RATE = 100.0
CHANNELS = (Channel("Cz"), Channel("Oz"))
SPEC = PreprocessSpec(channels=("Oz", "Cz"), sfreq=RATE, tmax=0.1, scale="rms", clip=1.0)
EVENTS = EventSpec(lock=("1", "2"), concepts={"1": "a", "2": "b"})


def ramp(markers, n=100, **provenance):
    values = np.repeat(np.arange(n, dtype=np.float32)[:, None], 2, axis=1)
    return Recording(values, RATE, ((0, 0.0),), tuple(markers), CHANNELS, "Fz", provenance)


def test_trials_come_from_all_recordings_in_order_and_are_not_scaled():
    recordings = [ramp([(10, "1"), (30, "0"), (50, "2"), (95, "1")], recording="r1"), ramp([(20, "1"), (40, "1")])]
    trials = cut_trials(recordings, SPEC, EVENTS, ("a", "b"))
    assert trials.data[:, 0, 0].tolist() == [10, 50, 20, 40]
    assert trials.data[0, 0].tolist() == list(range(10, 20))
    assert trials.concepts.tolist() == [0, 1, 0, 0]
    assert trials.groups["recording"].tolist() == ["r1", "r1", "1", "1"]
    assert trials.groups["repetition"].tolist() == [0, 0, 0, 1]
    assert trials.provenance["reference"] == "Fz"
    assert trials.labels == ("Oz", "Cz")


def test_pictures_stay_with_their_events_when_an_epoch_is_left_out():
    recording = ramp([(96, "1"), (10, "1"), (30, "2")])
    trials = cut_trials([recording], SPEC, EVENTS, ("a", "b"), [np.array([100, 101, 102])])
    # events are numbered in the order of their samples; the last one's window is incomplete
    assert trials.data[:, 0, 0].tolist() == [10, 30]
    assert trials.images.tolist() == [100, 101]


def test_time_and_label_of_two_sources_are_paired_as_live():
    told = replace(ramp([(10, "17"), (13, "a"), (50, "18"), (52, "b")]), sources=("amp/T", "screen") * 2)
    events = EventSpec(lock=("[0-9]+",), time_from="amp/T", label_from="screen", pair_within=0.05)
    trials = cut_trials([told], SPEC, events, ("a", "b"))
    assert trials.data[:, 0, 0].tolist() == [10, 50]
    assert trials.concepts.tolist() == [0, 1]
    with pytest.raises(FormatError, match=r"events\.time_from"):
        cut_trials([replace(told, sources=())], SPEC, events, ("a", "b"))


def test_no_trial_at_all_is_refused():
    with pytest.raises(FormatError, match=r"events\.lock"):
        cut_trials([ramp([(10, "7")])], SPEC, EVENTS, ("a", "b"))


def test_taking_some_keeps_every_column_together():
    trials = cut_trials([ramp([(10, "1"), (50, "2"), (70, "1")])], SPEC, EVENTS, ("a", "b"))
    some = take(trials, np.array([2, 0]))
    assert some.data[:, 0, 0].tolist() == [70, 10]
    assert some.groups["repetition"].tolist() == [1, 0]
    assert len(some) == 2


def epochs(n_times=40, tmin=-0.1):
    data = np.repeat(np.arange(n_times, dtype=np.float32)[None, None], 2, axis=1)
    nothing = np.zeros(1, np.int64)
    return TrialSet(data, RATE, tmin, CHANNELS, ("a",), nothing, nothing, {"subject": np.array(["s"])})


def test_epochs_are_cropped_to_the_window():
    trials = crop_trials(epochs(), SPEC.model_copy(update={"mode": "epoch", "tmin": 0.05}))
    assert trials.data[0, 0].tolist() == [15, 16, 17, 18, 19]
    assert (trials.tmin, trials.sfreq) == (0.05, RATE)


def test_epochs_need_epoch_mode_and_a_window_that_they_hold():
    with pytest.raises(MismatchError, match='mode = "epoch"'):
        crop_trials(epochs(), SPEC)
    with pytest.raises(MismatchError, match="they hold -0.1 to 0.3 s"):
        crop_trials(epochs(), SPEC.model_copy(update={"mode": "epoch", "tmax": 0.5}))


def many_epochs(n_trials=600, dtype=np.float64):
    rng = np.random.default_rng(0)
    nothing = np.zeros(n_trials, np.int64)
    data = rng.normal(size=(n_trials, 2, 40)).astype(dtype)
    return TrialSet(data, RATE, -0.1, CHANNELS, ("a",), nothing, nothing, {"subject": np.full(n_trials, "s")})


FILTERED = SPEC.model_copy(update={"mode": "epoch", "baseline": (-0.1, 0.0), "lowpass": 30.0, "highpass": 1.0})


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_epochs_are_cropped_alike_in_memory_in_a_file_and_one_by_one(monkeypatch, dtype):
    trials = many_epochs(dtype=dtype)
    in_memory = crop_trials(trials, FILTERED)
    alone = [crop_trials(take(trials, np.array([at])), FILTERED).data[0] for at in (0, 255, 256, 599)]
    monkeypatch.setattr("replay.spill._IN_MEMORY", 0)
    in_a_file = crop_trials(trials, FILTERED)
    assert isinstance(in_a_file.data, np.memmap)
    assert in_a_file.data.dtype == np.float32
    assert in_a_file.data.tobytes() == in_memory.data.tobytes()
    assert in_memory.data[[0, 255, 256, 599]].tobytes() == np.stack(alone).tobytes()
    assert not in_a_file.data.flags.writeable


def test_an_epoch_that_is_no_number_is_refused_with_its_place():
    trials = many_epochs()
    trials.data[257, 1, 12] = np.nan
    with pytest.raises(FormatError, match="trial 257"):
        crop_trials(trials, FILTERED)
