import numpy as np
import pytest
from recorded_files import write_metadata, write_pictures, write_table

from bci.errors import FormatError
from replay.things_pictures import find_pictures, from_counts, read_folders, read_metadata

TRAINING = [
    ("00001_aardvark", "aardvark_01b.jpg"),
    ("00001_aardvark", "aardvark_02s.jpg"),
    ("00002_abacus", "abacus_01b.jpg"),
]
TEST = [("00001_aircraft_carrier", "aircraft_carrier_06s.jpg"), ("00002_antelope", "antelope_01b.jpg")]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "image_set"
    write_metadata(folder / "image_metadata.npy", TRAINING, TEST)
    write_pictures(folder / "training_images", TRAINING)
    write_pictures(folder / "test_images", TEST)
    return folder


def test_the_list_tells_pictures_in_the_order_of_the_trials(root):
    training = read_metadata(root / "image_metadata.npy", "training")
    assert training.names == ("aardvark", "abacus")
    assert training.concepts.tolist() == [0, 0, 1]
    assert training.files[1] == "training_images/00001_aardvark/aardvark_02s.jpg"
    assert training.of(0) == (
        root / "training_images/00001_aardvark/aardvark_01b.jpg",
        root / "training_images/00001_aardvark/aardvark_02s.jpg",
    )
    assert training.markers() == {"1": "aardvark", "2": "aardvark", "3": "abacus"}
    assert read_metadata(root / "image_metadata.npy", "test").names == ("aircraft_carrier", "antelope")


def test_concepts_are_numbered_by_their_folders_whatever_the_order_of_the_pictures(tmp_path):
    write_metadata(tmp_path / "image_metadata.npy", TRAINING[::-1], TEST)
    found = read_metadata(tmp_path / "image_metadata.npy", "training")
    assert found.names == ("aardvark", "abacus")
    assert found.concepts.tolist() == [1, 0, 0]
    with pytest.raises(FormatError, match="pictures of abacus, found none"):
        found.of(1)


def test_folders_tell_the_same_as_the_list(root):
    listed, found = read_metadata(root / "image_metadata.npy", "training"), read_folders(root / "training_images")
    assert found.names == listed.names
    assert found.files == listed.files
    np.testing.assert_array_equal(found.concepts, listed.concepts)
    assert found.of(1) == listed.of(1)


def test_folders_may_have_four_digits_or_none(tmp_path):
    assert read_folders(write_pictures(tmp_path / "a", [("0001_b", "x.png"), ("0002_a", "x.png")])).names == (
        "b",
        "a",
    )
    assert read_folders(write_pictures(tmp_path / "b", [("cat", "x.png"), ("ant", "x.png")])).names == (
        "ant",
        "cat",
    )


@pytest.mark.parametrize(
    ("pictures", "why"),
    [
        ([("0010_a", "x.png"), ("00011_b", "x.png")], "as many digits each"),
        ([("00001_a", "x.png"), ("00002_a", "x.png")], "'a' twice"),
        ([("00001_a", "notes.txt")], "none in 00001_a"),
        ([], "no folders"),
    ],
)
def test_folders_that_do_not_number_concepts_are_refused(tmp_path, pictures, why):
    (tmp_path / "a").mkdir()
    with pytest.raises(FormatError, match=why):
        read_folders(write_pictures(tmp_path / "a", pictures))


@pytest.mark.parametrize(
    "table",
    [
        {"train_img_concepts": ["00001_a"]},
        {"train_img_concepts": ["00001_a"], "train_img_files": [1]},
        {"train_img_concepts": ["00001_a"], "train_img_files": ["a", "b"]},
        {"train_img_concepts": [], "train_img_files": []},
        ["00001_a"],
    ],
)
def test_a_list_of_something_else_is_refused(tmp_path, table):
    with pytest.raises(FormatError, match=r"image_metadata\.npy: expected a"):
        read_metadata(write_table(tmp_path / "image_metadata.npy", table), "training")


@pytest.mark.parametrize("place", ["", "sub-01", "eeg/preprocessed/sub-01", "eeg/raw/sub-01"])
def test_pictures_are_found_from_the_recordings(root, place):
    near = root.parent / place / "preprocessed_eeg_test.npy"
    assert find_pictures(near, "test").names == ("aircraft_carrier", "antelope")
    (root / "image_metadata.npy").unlink()
    assert find_pictures(near, "training").names == ("aardvark", "abacus")


def test_far_away_nothing_is_found(root):
    assert find_pictures(root.parent / "a" / "b" / "c" / "d" / "x.npy", "test") is None


def test_the_full_numbers_stand_for_themselves():
    assert from_counts(200, "test").names[199] == "00200"
    assert from_counts(16540, "training").concepts[[0, 9, 10, 16539]].tolist() == [0, 0, 1, 1653]
    assert from_counts(200, "training") is None
