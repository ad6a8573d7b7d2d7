"""THINGS-EEG2 as epochs, in small files of exactly its forms; 12 training pictures of 4 concepts."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from recorded_files import (
    THINGS_17,
    write_metadata,
    write_pictures,
    write_things_epochs,
    write_things_pt,
    write_things_raw,
)

from bci.errors import FormatError
from replay.readers import open_dataset, reader_of
from replay.readers.things_eeg2 import read_things_eeg2

RNG = np.random.default_rng(0)
FOLDERS = ("00001_aardvark", "00002_abacus", "00003_accordion", "00004_acorn")
PICTURES = [(folder, f"{folder[6:]}_{i:02d}b.jpg") for folder in FOLDERS for i in range(3)]
TIMES_100 = np.linspace(-0.2, 0.79, 100)
TIMES_250 = -0.2 + np.arange(300) / 250


def epochs(n_images=12, n_repetitions=4, n_channels=17, n_times=100):
    return RNG.normal(size=(n_images, n_repetitions, n_channels, n_times))


@pytest.fixture
def root(tmp_path):
    write_metadata(tmp_path / "image_set" / "image_metadata.npy", PICTURES, PICTURES[::3])
    return tmp_path


def place(root, name="preprocessed_eeg_training.npy", subject="01"):
    return root / "preprocessed_data" / f"sub-{subject}" / name


def test_the_authors_file_is_a_view_picture_by_picture(root):
    data = epochs()
    trials = read_things_eeg2(write_things_epochs(place(root), data, THINGS_17, TIMES_100))
    assert isinstance(trials.data, np.memmap)
    assert trials.data.dtype == np.float64
    np.testing.assert_array_equal(trials.data.reshape(data.shape), data)
    assert (trials.sfreq, trials.tmin) == (100, -0.2)
    assert trials.labels == THINGS_17
    assert trials.concept_names == ("aardvark", "abacus", "accordion", "acorn")
    assert trials.concepts.tolist() == np.repeat([0, 1, 2, 3], 12).tolist()
    assert trials.images.tolist() == np.repeat(range(12), 4).tolist()
    assert trials.groups["repetition"].tolist() == [0, 1, 2, 3] * 12
    assert set(trials.groups["subject"]) == {"01"}
    assert set(trials.groups["session"]) == {"mixed"}
    assert set(trials.groups["recording"]) == {"sub-01_preprocessed_eeg_training"}


def test_where_it_comes_from_and_what_is_wrong_with_it_is_said(root):
    known = read_things_eeg2(write_things_epochs(place(root), epochs(), THINGS_17, TIMES_100)).provenance
    assert known["dataset"].startswith("THINGS-EEG2")
    assert (known["partition"], known["reference"]) == ("training", "Fz")
    assert "noise normalisation" in known["unit"]
    said = " ".join(known["caveats"])
    assert "not causal, order not original" in said
    assert "shuffled" in said


@pytest.mark.parametrize("protocol", [None, 3, 4, 5])
def test_250_hz_in_63_channels_is_read_from_a_pickle_without_header(root, protocol):
    labels = [f"E{i}" for i in range(63)]
    data = epochs(n_channels=63, n_times=250)[:, [2, 0, 3, 1]]  # as their shuffling leaves it in memory
    trials = read_things_eeg2(write_things_epochs(place(root), data, labels, TIMES_250[50:], protocol))
    np.testing.assert_array_equal(trials.data.reshape(data.shape), data)
    assert (trials.sfreq, trials.tmin) == (250, 0)
    assert not trials.data.flags.writeable


def test_of_300_times_for_250_samples_the_last_count(root):
    data = epochs(n_times=250)
    trials = read_things_eeg2(write_things_epochs(place(root), data, THINGS_17, TIMES_250, 4))
    assert (trials.sfreq, trials.tmin) == (250, 0)
    assert trials.data.shape == (48, 17, 250)


@pytest.mark.parametrize("n_times", [240, 260])
def test_times_whose_last_do_not_begin_at_the_onset_are_refused(root, n_times):
    path = write_things_epochs(place(root), epochs(n_times=n_times), THINGS_17, TIMES_250)
    with pytest.raises(FormatError, match=rf"got 300 from -0\.2 to 0\.996 s for {n_times} samples"):
        read_things_eeg2(path)


def test_sub_02_is_not_read_for_sub_01(root):
    write_things_epochs(place(root), epochs(), THINGS_17, TIMES_100)
    place(root, subject="02").parent.mkdir()
    place(root, subject="02").write_bytes(b"damaged")
    trials = open_dataset("things-eeg2", [root], subjects=["01"])
    assert len(trials) == 48
    with pytest.raises(FormatError, match=r"no \.npy file"):
        open_dataset("things-eeg2", [root], subjects=["02"])


# ------------------------------------------------------------------------------------------------ .pt


def test_half_precision_with_pictures_and_sessions(tmp_path):
    data = epochs(4, 8, n_times=250)
    path = write_things_pt(tmp_path / "sub-03" / "test.pt", data, THINGS_17, TIMES_250, FOLDERS)
    trials = read_things_eeg2(path)
    assert trials.data.dtype == np.float16
    assert isinstance(trials.data, np.memmap)
    np.testing.assert_array_equal(trials.data.reshape(data.shape), data.astype(np.float16))
    assert (trials.sfreq, trials.tmin) == (250, 0)
    assert trials.concept_names == ("aardvark", "abacus", "accordion", "acorn")
    assert trials.concepts.tolist() == np.repeat([0, 1, 2, 3], 8).tolist()
    assert trials.groups["session"].tolist() == ["1", "1", "2", "2", "3", "3", "4", "4"] * 4
    assert trials.provenance["partition"] == "test"


def test_training_of_several_pictures_a_concept(tmp_path):
    folders = [folder for folder, _ in PICTURES]
    path = write_things_pt(tmp_path / "train.pt", epochs(n_times=250), THINGS_17, TIMES_250, folders)
    trials = read_things_eeg2(path)
    assert trials.concepts.tolist() == np.repeat([0, 1, 2, 3], 12).tolist()
    assert trials.images.tolist() == np.repeat(range(12), 4).tolist()


def test_a_tensor_is_read_as_an_array_is(tmp_path):
    data = epochs(4, 2, n_times=250).astype(np.float16)
    eeg = torch.from_numpy(data)
    path = write_things_pt(tmp_path / "test.pt", data, THINGS_17, TIMES_250, FOLDERS, eeg=eeg)
    np.testing.assert_array_equal(read_things_eeg2(path).data.reshape(data.shape), data)


def test_half_precision_volts_become_microvolts(tmp_path):
    data = (epochs(4, 8, n_times=250) * 1e-5).astype(np.float16)
    trials = read_things_eeg2(write_things_pt(tmp_path / "test.pt", data, THINGS_17, TIMES_250, FOLDERS))
    assert trials.data.dtype == np.float32
    np.testing.assert_allclose(trials.data.reshape(data.shape), data.astype(np.float64) * 1e6, rtol=1e-6)
    assert trials.provenance["unit"] == "microvolts"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"label": np.zeros((4, 8), np.int64)}, "got 0 for 00002_abacus, which is number 1"),
        (
            {"label": np.zeros((8, 4), np.int64)},
            r"label for each of \(images, repetitions\) = \(4, 8\), got an array \(8, 4\)",
        ),
        ({"img": ["a"] * 4}, r"img for each of .*, got \[\'a\', \'a\', \'a\', \'a\'\]"),
        ({"session": np.full((4, 8), np.nan)}, "expected session"),
        ({"eeg": np.zeros((32, 17, 250), np.float16)}, r"got an array \(32, 17, 250\)"),
        ({"eeg": np.zeros((4, 8, 250, 17), np.float16)}, "channels and samples are swapped"),
        ({"times": "0 to 1"}, "times in seconds"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path, changes, why):
    data = epochs(4, 8, n_times=250)
    path = write_things_pt(
        tmp_path / "test.pt", data, THINGS_17, changes.pop("times", TIMES_250), FOLDERS, **changes
    )
    with pytest.raises(FormatError, match=why):
        read_things_eeg2(path)


# ------------------------------------------------------------------------------------------------ what is wrong


def refused(path):
    with pytest.raises(FormatError) as why:
        read_things_eeg2(path)
    assert "\n" not in str(why.value)
    return str(why.value)


def test_swapped_axes_are_named(root):
    data = epochs().transpose(0, 1, 3, 2)
    said = refused(write_things_epochs(place(root), data, THINGS_17, TIMES_100))
    assert "expected (images, repetitions, 17 channels, samples) as ch_names say, got (12, 4, 100, 17)" in said
    assert "channels and samples are swapped" in said
    data = epochs().transpose(1, 0, 2, 3)
    said = refused(write_things_epochs(place(root), data, THINGS_17, TIMES_100))
    assert "expected 12 training pictures" in said
    assert "got 4 along the first axis" in said


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (THINGS_17[:-1], "names and rows do not fit"),
        ((*THINGS_17[:-1], "Pz"), "every channel's name once"),
        ((*THINGS_17[:-1], "stim"), "expected names of electrodes, got stim"),
        (list(range(17)), "every channel's name once, got [0, 1, 2, 3, 4] ..."),
    ],
)
def test_names_that_do_not_fit_are_refused(root, labels, why):
    assert why in refused(write_things_epochs(place(root), epochs(), labels, TIMES_100))


def test_names_as_an_array_of_objects_are_fine(root):
    names = np.array(THINGS_17, object)
    path = write_things_epochs(place(root), epochs(), THINGS_17, TIMES_100, ch_names=names)
    assert read_things_eeg2(path).labels == THINGS_17


@pytest.mark.parametrize("times", [TIMES_100[::-1], np.zeros(100), np.arange(100) ** 2, np.array(["a"] * 100)])
def test_times_in_uneven_steps_are_refused(root, times):
    assert "even steps" in refused(write_things_epochs(place(root), epochs(), THINGS_17, times))


def test_missing_keys_are_named(root):
    path = write_things_epochs(place(root), epochs(), THINGS_17, TIMES_100)
    table = np.load(path, allow_pickle=True).item()
    np.save(path, {"eeg": table["preprocessed_eeg_data"], "times": TIMES_100})
    assert "without preprocessed_eeg_data, ch_names" in refused(path)


def test_an_array_alone_is_refused_as_anywhere(root):
    place(root).parent.mkdir(parents=True)
    np.save(place(root), np.zeros((200, 1700), np.float32))
    said = refused(place(root))
    assert "expected (images, 17 channels, 100 samples) with ch_names; got (200, 1700) float32 without" in said


def test_values_that_are_no_numbers_are_refused(root):
    data = epochs()
    data[7, 3, 2, 1] = np.nan  # repetition 3 of picture 7: the one of picture 7 that is looked at
    assert "picture 7" in refused(write_things_epochs(place(root), data, THINGS_17, TIMES_100))


def test_a_whole_number_of_anything_is_no_eeg(root):
    assert "floating-point" in refused(
        write_things_epochs(place(root), np.ones((12, 4, 17, 100), int), THINGS_17, TIMES_100)
    )


# ------------------------------------------------------------------------------------------------ pictures


def test_pictures_that_are_not_listed_need_the_full_number(tmp_path):
    path = write_things_epochs(place(tmp_path), epochs(), THINGS_17, TIMES_100)
    said = refused(path)
    assert "16540 training pictures (1654 concepts x 10)" in said
    assert "got 12" in said
    assert "image_metadata.npy" in said


@pytest.mark.parametrize(
    ("name", "n_images", "last"),
    [("preprocessed_eeg_test.npy", 200, "00200"), ("preprocessed_eeg_training.npy", 16540, "01654")],
)
def test_the_full_number_names_concepts_by_their_number(tmp_path, name, n_images, last):
    data = RNG.normal(size=(n_images, 1, 2, 4)).astype(np.float32)
    trials = read_things_eeg2(write_things_epochs(place(tmp_path, name), data, ("O1", "O2"), np.arange(4) / 100))
    assert trials.concept_names[-1] == last
    assert trials.concepts[-1] == len(trials.concept_names) - 1
    assert re.fullmatch(r"0+1", trials.concept_names[0])
    assert set(np.bincount(trials.concepts)) == {n_images // int(last)}


def test_folders_of_pictures_name_the_concepts_where_no_list_does(tmp_path):
    write_pictures(tmp_path / "Image_set" / "training_images", PICTURES)
    trials = read_things_eeg2(write_things_epochs(place(tmp_path), epochs(), THINGS_17, TIMES_100))
    assert trials.concept_names == ("aardvark", "abacus", "accordion", "acorn")


def test_as_many_pictures_as_the_list_has_are_expected(root):
    said = refused(write_things_epochs(place(root), epochs(11), THINGS_17, TIMES_100))
    assert "expected 12 training pictures" in said


# ------------------------------------------------------------------------------------------------ damage


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Small files of all forms, and their bytes."""
    root = tmp_path_factory.mktemp("fuzz")
    write_metadata(root / "image_metadata.npy", PICTURES[:2], PICTURES[:2])
    data = RNG.normal(size=(2, 2, 2, 5))
    words = np.where(np.arange(50) == 20, 7, 0)
    paths = [
        write_things_epochs(root / "preprocessed_eeg_test.npy", data, ("O1", "O2"), np.arange(5) / 100),
        write_things_epochs(root / "preprocessed_eeg_training.npy", data, ("O1", "O2"), np.arange(5) / 100, 4),
        write_things_pt(root / "test.pt", data, ("O1", "O2"), np.arange(5) / 100, FOLDERS[:2]),
        write_things_raw(root / "raw_eeg_test.npy", 20 * RNG.normal(size=(50, 2)), words, ("O1", "O2")),
    ]
    return [(path, path.read_bytes()) for path in paths]


@given(st.data())
def test_a_damaged_file_is_data_or_refused_in_one_line(files, data):
    path, body = data.draw(st.sampled_from(files))
    changed = bytearray(body)
    places = st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255))
    for at, byte in data.draw(st.lists(places, min_size=1, max_size=5)):
        changed[at] = byte
    path.write_bytes(changed[: data.draw(st.sampled_from([len(body), len(body), len(body) // 2]))])
    try:
        open_dataset(reader_of([path]), [path])
    except FormatError as error:
        assert "\n" not in str(error)  # noqa: PT017
    finally:
        path.write_bytes(body)
