import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from models.config import DecoderConfig
from models.features import FeatureOptions, Features, fitting

CHANNELS = ("O1", "Oz", "Pz", "PO3")
SFREQ, TMIN, TMAX = 100.0, -0.1, 0.4


def make(**options):
    spec = PreprocessSpec(channels=CHANNELS, sfreq=SFREQ, tmin=TMIN, tmax=TMAX)
    return Features(FeatureOptions(**options), spec)


def ramp():
    """Two epochs whose value is the time in samples after the onset, plus 100 per channel."""
    times = np.arange(50, dtype=np.float32) - 10
    return np.stack([times + 100 * np.arange(4, dtype=np.float32)[:, None]] * 2)


def test_bins_are_means_and_what_is_left_over_is_dropped():
    binned = make(bin=0.04).binned(ramp())
    assert binned.shape == (2, 4, 12)
    assert binned[0, 0, :3].tolist() == [-8.5, -4.5, -0.5]


def test_a_window_is_cut_where_it_says():
    assert make(bin=0, window=(0.0, 0.2)).binned(ramp())[0, 1].tolist() == list(range(100, 120))


def test_a_baseline_is_subtracted_channel_by_channel():
    centred = make(bin=0, baseline=(-0.1, 0.0)).binned(ramp())
    assert np.allclose(centred, np.arange(50) - 10 + 5.5)


@pytest.mark.parametrize(("patterns", "kept"), [(("O*",), [0, 1]), (("Pz", "Oz"), [1, 2]), ((), [0, 1, 2, 3])])
def test_channels_are_chosen_by_label_or_pattern_in_their_own_order(patterns, kept):
    features = make(bin=0, channels=patterns)
    assert features.n_channels == len(kept)
    assert np.array_equal(features.binned(ramp()), ramp()[:, kept])


def test_what_a_control_hands_over_is_used_as_far_as_it_goes():
    before = PreprocessSpec(channels=("Fp1",), sfreq=SFREQ, tmin=-0.1, tmax=0.0)
    chosen = {"channels": ("O*",), "window": (0.0, 0.3), "baseline": (-0.05, 0.0), "bin": 0}
    epoch = np.arange(10, dtype=np.float32)[None, None]
    options = FeatureOptions(**fitting(DecoderConfig(name="lda", options=chosen), before).options)
    assert np.allclose(Features(options, before).binned(epoch), epoch - 7)


def test_members_are_fitted_to_other_epochs_too_and_keep_what_there_is():
    before = PreprocessSpec(channels=("Oz", "Fp1"), sfreq=SFREQ, tmin=-0.1, tmax=0.0)
    inner = {"name": "lda", "options": {"channels": ["O*"], "window": [0.0, 0.3], "bin": 0}}
    bag = DecoderConfig(
        name="ensemble", options={"members": [{"name": "ensemble", "options": {"members": [inner]}}]}
    )
    (outer,) = fitting(bag, before).options["members"]
    assert outer["options"]["members"] == [{"name": "lda", "options": {"channels": ["O*"], "bin": 0}}]


def test_candidates_are_fitted_to_other_epochs_too_with_what_they_are_made_of():
    before = PreprocessSpec(channels=("Oz", "Fp1"), sfreq=SFREQ, tmin=-0.1, tmax=0.0)
    inner = {"name": "lda", "options": {"channels": ["P*"], "baseline": [-0.1, 0.0], "bin": 0}}
    plain = {"name": "ridge", "options": {"window": [0.0, 0.3], "penalties": [1.0]}, "label": "plain"}
    choice = {"candidates": [plain, {"name": "ensemble", "options": {"members": [inner]}}], "by": "image"}
    options = fitting(DecoderConfig(name="chosen", options=choice), before).options
    assert options["by"] == "image"
    assert options["candidates"] == [
        {"name": "ridge", "options": {"penalties": [1.0]}, "label": "plain"},
        {
            "name": "ensemble",
            "options": {"members": [{"name": "lda", "options": {"baseline": [-0.1, 0.0], "bin": 0}}]},
        },
    ]


def test_a_misspelt_channel_is_refused():
    with pytest.raises(ConfigError, match=r"Occ\* match none"):
        make(channels=("Occ*",))(ramp())


@pytest.mark.parametrize("name", ["window", "baseline"])
def test_a_stretch_outside_the_epoch_is_refused(name):
    with pytest.raises(ConfigError, match="expected a stretch within"):
        make(**{name: (5.0, 6.0)})(ramp())


def test_a_low_pass_keeps_an_offset_and_removes_what_is_fast():
    times = np.arange(50) / SFREQ
    fast = np.sin(2 * np.pi * 40 * times)
    epochs = np.broadcast_to(1000 + fast, (1, 4, 50)).astype(np.float32)
    passed = make(bin=0, lowpass=8.0).binned(epochs)
    assert np.abs(passed - 1000).max() < 0.05


def test_a_high_pass_removes_an_offset_and_keeps_what_is_fast():
    times = np.arange(50) / SFREQ
    fast = np.sin(2 * np.pi * 20 * times)
    epochs = np.broadcast_to(1000 + fast, (1, 4, 50)).astype(np.float32)
    passed = make(bin=0, highpass=1.0).binned(epochs)
    assert np.abs(passed - fast).max() < 0.2


def test_both_filters_follow_each_other():
    epochs = np.random.default_rng(0).normal(size=(2, 4, 50)).astype(np.float32)
    high = make(bin=0, highpass=2.0).binned(epochs).astype(np.float32)
    assert np.allclose(
        make(bin=0, lowpass=8.0).binned(high), make(bin=0, highpass=2.0, lowpass=8.0).binned(epochs), atol=1e-5
    )


def test_samples_that_are_only_chosen_stay_as_they_are():
    epochs = np.random.default_rng(0).normal(size=(2, 4, 50)).astype(np.float32)
    kept = make(bin=0, window=(0.1, 0.2), channels=("Oz", "Pz")).binned(epochs)
    assert np.array_equal(kept, epochs[:, 1:3, 20:30])
    assert kept.dtype == np.float64


def test_one_epoch_gives_the_same_bits_as_among_others():
    epochs = np.random.default_rng(0).normal(size=(9, 4, 50)).astype(np.float32)
    features = make(lowpass=12.0)
    assert np.array_equal(features(epochs)[4:5], features(epochs[4:5]))


@given(st.integers(1, 49))
def test_nothing_that_comes_later_is_seen(cut):
    rng = np.random.default_rng(0)
    epochs = rng.normal(size=(1, 4, 50)).astype(np.float32)
    changed = epochs.copy()
    changed[:, :, cut:] += 1
    features = make(bin=0, highpass=1.0, lowpass=12.0, baseline=(-0.1, -0.09))
    assert np.array_equal(features.binned(epochs)[:, :, :cut], features.binned(changed)[:, :, :cut])


def test_stretches_that_run_backwards_are_refused():
    with pytest.raises(ValidationError, match="expected window = "):
        FeatureOptions(window=(0.5, 0.2))


@pytest.mark.parametrize("name", ["highpass", "lowpass"])
def test_a_cutoff_above_half_the_rate_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name}: expected less than 50 Hz, got 60 Hz"):
        make(**{name: 60.0})(ramp())
