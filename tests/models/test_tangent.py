"""Covariances in bands, and what tells concepts apart that are loud in other channels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfilt, sosfilt_zi

from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from models.decoders.tangent import FLOOR, BandCovariances, Options
from models.shrinkage import shrunk_covariances

SFREQ, N_TIMES = 128.0, 128
CHANNELS = ("O1", "Oz", "O2")
SPEC = PreprocessSpec(channels=CHANNELS, sfreq=SFREQ, tmax=N_TIMES / SFREQ)
EPOCHS = np.random.default_rng(0).normal(size=(4, 3, N_TIMES)).astype(np.float32)


def test_covariances_are_those_of_the_filtered_channels():
    (found,) = BandCovariances(Options(bands={"alpha": (8, 13)}), SPEC)(EPOCHS)
    sections = np.concatenate(
        [butter(2, 8, "highpass", fs=SFREQ, output="sos"), butter(4, 13, fs=SFREQ, output="sos")]
    )
    state = sosfilt_zi(sections)[:, None, None, :] * EPOCHS[None, :, :, :1]
    filtered = sosfilt(sections, EPOCHS.astype(np.float64), axis=2, zi=state)[0]
    assert np.allclose(found, shrunk_covariances(filtered) + FLOOR * np.eye(3), rtol=1e-8)


def test_an_offset_changes_no_covariance():
    options = Options()
    shifted = (EPOCHS + 4200).astype(np.float32)
    for with_it, without in zip(
        BandCovariances(options, SPEC)(shifted), BandCovariances(options, SPEC)(EPOCHS), strict=True
    ):
        assert np.allclose(with_it, without, atol=2e-3 * np.abs(without).max())


def test_bands_above_half_the_rate_are_left_out_and_one_that_reaches_it_has_no_low_pass():
    bands = {"alpha": (8, 13), "up to the end": (30, 90), "beyond": (64, 90)}
    assert len(BandCovariances(Options(bands=bands), SPEC)(EPOCHS)) == 2
    with pytest.raises(ConfigError, match=r"bands: expected one below 64 Hz"):
        BandCovariances(Options(bands={"beyond": (64, 90)}), SPEC)(EPOCHS)


def test_flat_epochs_are_scored_finitely(tiny, fitted, scores_of):
    flat = replace(tiny.trials, data=np.zeros_like(tiny.trials.data))
    assert np.isfinite(scores_of(fitted(tiny, "tangent"), flat)).all()


def test_a_band_that_holds_nothing_of_the_concepts_does_not_hide_the_one_that_does(tiny_with, fitted, scores_of):
    """Two concepts that differ in how loud one channel is between 8 and 13 Hz."""
    tiny = tiny_with(400, 2)
    data, seconds = tiny.trials.data.copy(), np.arange(tiny.trials.data.shape[2]) / tiny.trials.sfreq
    rng = np.random.default_rng(3)
    data[:] = 10 * rng.normal(size=data.shape)
    phases = rng.uniform(0, 2 * np.pi, size=(len(data), 1))
    loud = np.where(tiny.trials.concepts == 1, 12.0, 2.0)[:, None]
    data[:, 1] += loud * np.sin(2 * np.pi * 10 * seconds + phases)
    world = replace(tiny, trials=replace(tiny.trials, data=data))
    known, new = world.part(np.arange(200)), world.part(np.arange(200, 400))
    scores = scores_of(fitted(known, "tangent"), new.trials)
    assert (scores.argmax(axis=1) == new.trials.concepts).mean() > 0.75
