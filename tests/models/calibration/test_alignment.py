"""A person's signals are brought to the covariance that the training data had, from any of their EEG."""

from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError, MismatchError
from bci.preprocess import scale_epochs
from bci.types import Recording
from models.calibration.alignment import person_matrix, windows_of


def covariance(epochs):
    samples = epochs.transpose(1, 0, 2).reshape(epochs.shape[1], -1)
    return np.cov(samples)


@pytest.fixture(scope="module")
def windows(small):
    return windows_of(small.record(9, 120), small.bundle)


def test_windows_follow_each_other_and_need_no_markers(small, windows):
    recording = small.record(9, 120)
    silent = replace(recording, markers=())
    np.testing.assert_array_equal(windows_of(silent, small.bundle), windows)
    seconds = len(recording.data) / recording.sfreq
    assert windows.shape[1:] == (6, small.bundle.preprocess.n_times)
    assert len(windows) == pytest.approx(seconds / 0.6, abs=2)


def test_a_bundle_that_whitens_gets_its_matrix_anew(small, windows):
    """But for what the shrinkage of its covariance leaves."""
    own = scale_epochs(windows, small.bundle.preprocess, person_matrix(small.bundle, windows))
    others = scale_epochs(windows, small.bundle.preprocess, small.bundle.whitening)
    off, off_before = (np.linalg.norm(covariance(scaled) - np.eye(6)) for scaled in (own, others))
    assert off < 0.25
    assert off_before > 2 * off


@pytest.mark.parametrize("scale", ["none", "rms"])
def test_one_that_does_not_is_brought_to_the_covariance_of_its_training(small_with, windows, scale):
    bundle = small_with(preprocess={"scale": scale, "whitening": "none"}).bundle
    assert bundle.covariance.shape == (6, 6)
    matrix = person_matrix(bundle, windows)
    aligned = scale_epochs(windows, bundle.preprocess.model_copy(update={"scale": "none"}), matrix)
    np.testing.assert_allclose(covariance(aligned), bundle.covariance, rtol=0.05, atol=1.0)
    if scale == "rms":
        scaled = scale_epochs(windows, bundle.preprocess, matrix)
        np.testing.assert_allclose(np.sqrt((scaled**2).mean(axis=(1, 2))), 1, rtol=1e-5)


def test_a_bundle_that_knows_no_covariance_says_so(small_with, windows):
    bundle = small_with(preprocess={"scale": "none", "whitening": "none"}).bundle
    with pytest.raises(MismatchError, match="train it again"):
        person_matrix(replace(bundle, covariance=None), windows)


@pytest.mark.parametrize("whitening", ["none", "channel"])
def test_a_flat_channel_is_named_or_counted(small_with, windows, whitening):
    scale = "none" if whitening == "none" else "whiten"
    bundle = small_with(preprocess={"scale": scale, "whitening": whitening}).bundle
    flat = windows.copy()
    flat[:, 2] = 0
    with pytest.raises(ConfigError, match="flat line in (O2|rows .2.)"):
        person_matrix(bundle, flat)


def test_too_little_is_refused(small):
    recording = small.record(9, 120)
    short = Recording(recording.data[: 128 * 10], 128.0, ((0, 0.0),), (), recording.channels, recording.reference)
    with pytest.raises(ConfigError, match=r"expected at least 20 s of signal without gaps, got 9\.\d s"):
        windows_of(short, small.bundle)
