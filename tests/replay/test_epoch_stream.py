"""Epochs laid end to end come out of the stream as they went in."""

import numpy as np
import pytest

from bci.end_to_end import ORDER
from bci.specs import EventSpec, PreprocessSpec
from bci.types import Channel, TrialSet
from replay.epoch_stream import recording_of
from replay.trials import crop_trials, cut_trials

RATE = 100.0
N_TIMES = 50


def trial_set(tmin, n_trials=200, dtype=np.float16):
    rng = np.random.default_rng(0)
    return TrialSet(
        data=rng.normal(size=(n_trials, 3, N_TIMES)).astype(dtype),
        sfreq=RATE,
        tmin=tmin,
        channels=tuple(Channel(label) for label in ("O1", "Oz", "O2")),
        concept_names=("aardvark", "abacus"),
        concepts=np.arange(n_trials) % 2,
        images=np.arange(n_trials),
        groups={"subject": np.full(n_trials, "01")},
        provenance={"reference": "Fz", "subject": "01", "caveats": ["whitened"]},
    )


@pytest.mark.parametrize("tmin", [-0.2, 0.0, 0.1])
def test_epochs_lie_between_silences_of_their_own_length(tmin):
    trials = trial_set(tmin, n_trials=3)
    recording = recording_of(trials)
    data, lag = recording.data, round(tmin * RATE)
    assert data.dtype == np.float32
    for (onset, value), epoch, concept in zip(recording.markers, trials.data, trials.concepts, strict=True):
        first = onset + lag
        assert value == trials.concept_names[concept]
        np.testing.assert_array_equal(data[first : first + N_TIMES].T, epoch)
        assert not data[first - N_TIMES : first].any()
        assert not data[first + N_TIMES : first + 2 * N_TIMES].any()
        assert first - N_TIMES >= 0
        assert first + 2 * N_TIMES <= len(data)


@pytest.mark.parametrize("tmin", [-0.2, 0.0])
@pytest.mark.parametrize("lowpass", [None, 30.0])
def test_epochs_cut_from_the_stream_are_the_epochs(tmin, lowpass):
    trials = trial_set(tmin)
    spec = PreprocessSpec(
        mode="epoch",
        channels=("Oz", "O1"),
        sfreq=RATE,
        tmin=0.0,
        tmax=0.3,
        baseline=(tmin, 0.0) if tmin < 0 else None,
        lowpass=lowpass,
        reference="average",
    )
    cut = cut_trials([recording_of(trials)], spec, EventSpec(), trials.concept_names)
    cropped = crop_trials(trials, spec)
    assert cut.data.tobytes() == cropped.data.tobytes()
    assert cut.concepts.tolist() == trials.concepts.tolist()


def test_what_comes_out_says_that_the_order_is_lost():
    known = recording_of(trial_set(0.0)).provenance
    assert known["order"] == ORDER == "not causal, order not original"
    assert known["caveats"] == ["whitened", f"epochs laid end to end: {ORDER}"]
    assert known["subject"] == "01"
