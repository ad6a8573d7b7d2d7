import numpy as np
import pytest
from recorded_files import THINGS_17

from bci.config import real_data
from bci.errors import ConfigError, FormatError
from replay.readers import open_dataset, open_recording


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_bare_array_is_refused_with_what_is_missing(tmp_path):
    np.save(tmp_path / "features.npy", np.zeros((200, 1700), np.float32))
    with pytest.raises(FormatError) as refused:
        open_recording(tmp_path / "features.npy")
    assert "expected (images, 17 channels, 100 samples) with ch_names; got (200, 1700)" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_pickled_objects_are_refused_and_never_opened(tmp_path):
    trap = np.empty(1, object)
    trap[0] = Trap(tmp_path / "sprung")
    np.save(tmp_path / "dict.npy", trap, allow_pickle=True)
    with pytest.raises(FormatError, match="pickled"):
        open_recording(tmp_path / "dict.npy")
    assert not (tmp_path / "sprung").exists()


def test_what_is_only_called_npy_is_refused(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"hello")
    with pytest.raises(FormatError, match=r"no \.npy file"):
        open_recording(tmp_path / "x.npy")


# ------------------------------------------------------------------------------------------------ named by hand


def responses(n_images=200, noise=1.0):
    """(n_images, 17, 100): what all electrodes share, and noise of each."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n_images, 1, 100)) + noise * rng.normal(size=(n_images, 17, 100))).astype(np.float32)


def saved(folder, data, name="features_test.npy"):
    np.save(folder / name, data)
    return folder / name


def opened(path, **options):
    return open_dataset("npy", [path], options={"channels": THINGS_17} | options)


@pytest.mark.parametrize("shape", [(200, 17, 100), (200, 1700)])
def test_names_by_hand_make_trials_of_it(tmp_path, shape):
    data = responses()
    trials = opened(saved(tmp_path, data.reshape(shape)))
    np.testing.assert_array_equal(trials.data, data)
    assert trials.labels == THINGS_17
    assert (trials.sfreq, trials.tmin) == (100, -0.2)
    assert trials.images.tolist() == list(range(200))
    assert trials.concept_names[:2] == ("00001", "00002")
    assert "by hand" in trials.provenance["caveats"][0]


def test_rows_that_hardly_correlate_are_no_channels_unless_forced(tmp_path):
    path = saved(tmp_path, responses(noise=5.0).reshape(200, 1700))
    with pytest.raises(FormatError, match=r"median \|r\| of at least 0\.15, got 0\.04.*perhaps repetitions"):
        opened(path)
    assert opened(path, force=True).data.shape == (200, 17, 100)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (responses()[:, :16], "got (200, 16, 100)"),
        (responses().reshape(200, 1700)[:, :1699], "got (200, 1699)"),
        (responses(199), "expected 1654 x 10 or 200 pictures of the test partition, got 199 rows"),
        (np.full((200, 17, 100), np.nan), "NaN"),
        (np.zeros((200, 17, 100), int), "a bare array does not say"),
    ],
)
def test_arrays_that_do_not_fit_to_the_names_are_refused(tmp_path, data, why):
    with pytest.raises(FormatError) as refused:
        opened(saved(tmp_path, data))
    assert why in str(refused.value)


def test_a_rate_of_nothing_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="above 0 Hz"):
        opened(saved(tmp_path, responses()), sfreq=0)


@pytest.mark.real
@pytest.mark.skipif(not real_data().is_dir(), reason="BCI_REAL_DATA names no folder of real recordings")
def test_the_misbuilt_features_are_refused_with_names_too():
    path = real_data() / "things-eeg2-seed" / "test_features_erp17_raw.npy"
    with pytest.raises(FormatError, match=r"got 0\.02"):
        opened(path)
    assert len(opened(path, force=True)) == 200
