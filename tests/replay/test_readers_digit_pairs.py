import json

import numpy as np
import pytest
from digit_parts import write_digit_pairs

from bci.errors import ConfigError, FormatError
from replay.readers import open_dataset, reader_of
from replay.readers.digit_pairs import read_digit_pairs

EVENTS = {"train": [3, 4, 9, 12], "test": [15, 16]}


def test_both_parts_with_their_events(tmp_path):
    path = write_digit_pairs(tmp_path, EVENTS)
    trials = read_digit_pairs(path)
    assert trials.data.shape == (6, 14, 256)
    assert trials.data[4:].tobytes() == np.load(tmp_path / "test_eeg_data.npy").tobytes()
    assert trials.concepts.tolist() == [3, 1, 3, 0, 1, 3]
    assert trials.concept_names == tuple("0123456789")
    assert trials.groups["recording"].tolist() == ["train"] * 4 + ["test"] * 2
    assert trials.groups["event"].tolist() == [3, 4, 9, 12, 15, 16]
    assert trials.groups["repetition"].tolist() == [0, 0, 1, 0, 1, 2]
    assert (trials.images == -1).all()
    assert trials.provenance["caveats"][1:] == ["one person"]


@pytest.mark.parametrize(("part", "n"), [("train", 4), ("test", 2)])
def test_one_part_is_mapped_where_it_lies(tmp_path, part, n):
    trials = read_digit_pairs(write_digit_pairs(tmp_path, EVENTS), part=part)
    assert isinstance(trials.data, np.memmap)
    assert set(trials.groups["recording"]) == {part}
    assert trials.groups["event"].tolist() == EVENTS[part]
    assert len(trials) == n


def test_what_others_hand_on_says_what_nobody_can_tell(tmp_path):
    trials = read_digit_pairs(write_digit_pairs(tmp_path))
    assert "event" not in trials.groups
    assert "nobody can tell" in trials.provenance["caveats"][0]
    assert len(trials) == 6


def test_a_folder_is_opened_whatever_lies_beside(tmp_path):
    write_digit_pairs(tmp_path, EVENTS)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0.png").write_bytes(b"picture")
    np.save(tmp_path / "train_images.npy", np.zeros(3))
    assert reader_of([tmp_path]) == "digit-pairs"
    assert len(open_dataset("digit-pairs", [tmp_path], options={"part": "test"})) == 2


@pytest.mark.parametrize("shape", [(4, 256), (4, 1, 256)])
def test_a_row_for_each_channel_is_refused(tmp_path, shape):
    path = write_digit_pairs(tmp_path)
    np.save(path, np.zeros(shape, np.float32))
    with pytest.raises(FormatError, match="a row-wise split puts channels of one event on both sides"):
        read_digit_pairs(path)


@pytest.mark.parametrize("part", ["both", "train"])
def test_an_event_in_both_parts_is_refused(tmp_path, part):
    path = write_digit_pairs(tmp_path, {"train": [3, 4, 9, 12], "test": [9, 16]})
    with pytest.raises(FormatError, match="leaks: 1 events stand in both parts, the first is 9"):
        read_digit_pairs(path, part=part)


def test_a_trial_in_both_parts_is_refused_where_events_have_no_numbers(tmp_path):
    path = write_digit_pairs(tmp_path)
    train = np.load(path)
    test = np.load(tmp_path / "test_data.npy")
    test[1] = train[2]
    np.save(tmp_path / "test_data.npy", test)
    with pytest.raises(FormatError, match=r"leaks: 1 trials of test_data\.npy .* are trials 1 and 2"):
        read_digit_pairs(path)


def test_flat_trials_are_alike_and_no_leak(tmp_path):
    flat = {"train": np.zeros((4, 14, 256)), "test": np.zeros((2, 14, 256))}
    assert len(read_digit_pairs(write_digit_pairs(tmp_path, data=flat))) == 6


def test_a_folder_that_was_never_finished_is_refused(tmp_path):
    path = write_digit_pairs(tmp_path, EVENTS)
    (tmp_path / "metadata.json").unlink()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(FormatError, match=r"expected metadata\.json, which bci pair writes last"):
        read_digit_pairs(path)


def test_metadata_of_something_else_are_refused(tmp_path):
    path = write_digit_pairs(tmp_path, EVENTS)
    (tmp_path / "metadata.json").write_text(json.dumps({"n_train": 4}), encoding="utf-8")
    with pytest.raises(FormatError, match="not written by bci"):
        read_digit_pairs(path)


def test_events_that_are_not_those_of_the_arrays_are_refused(tmp_path):
    path = write_digit_pairs(tmp_path, {"train": [3, 4, 9], "test": [15, 16]})
    with pytest.raises(FormatError, match=r"expected 3 events as metadata\.json says, got 4"):
        read_digit_pairs(path)


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("train_data", np.zeros((4, 13, 256)), "14 channels, 256 samples"),
        ("train_data", np.zeros((4, 14, 256), int), "floating-point numbers"),
        ("test_labels", np.array([1, 10]), "labels from 0 to 9, got 1 to 10"),
        ("test_labels", np.array([1, 2, 3]), "label of each of 2 events"),
        ("test_labels", np.array(["1", "2"]), "a whole number as label"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, name, array, said):
    path = write_digit_pairs(tmp_path)
    np.save(tmp_path / f"{name}.npy", array)
    with pytest.raises(FormatError, match=said) as refused:
        read_digit_pairs(path)
    assert "\n" not in str(refused.value)


def test_a_missing_part_is_refused(tmp_path):
    path = write_digit_pairs(tmp_path)
    (tmp_path / "test_data.npy").unlink()
    with pytest.raises(FormatError, match=r"test_data\.npy"):
        read_digit_pairs(path)


def test_an_unknown_part_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="part = both, train or test; got 'training'"):
        read_digit_pairs(write_digit_pairs(tmp_path), part="training")
