import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from mnist_files import write_mnist
from PIL import Image
from tiny_clip import write_clip

from bci.errors import ConfigError, FormatError, OutputError
from models.pairing.files import writing
from models.pairing.pair import Request, pair
from models.vision.clip import ModelChoice
from models.vision.embedder import NameEmbedder, Worker
from models.vision.run import queue_of
from replay.readers.digit_pairs import read_digit_pairs
from replay.readers.mindbigdata import read_mindbigdata

N_TRAIN, N_TEST = 93, 23


def silent(done, total, said):
    """Report to nobody."""


@pytest.fixture(scope="module")
def choice(tmp_path_factory):
    tiny = write_clip(tmp_path_factory.mktemp("clip"), "tiny-pairs")
    return ModelChoice(weights=tiny.weights, config=tiny.config)


@pytest.fixture(scope="module")
def request_(text, tmp_path_factory, choice):
    return Request(text, tmp_path_factory.mktemp("pairs") / "pairs", per_digit=6, vision=choice)


@pytest.fixture(scope="module")
def stages():
    return []


@pytest.fixture(scope="module")
def told(request_, stages):
    return pair(request_, lambda done, total, said: stages.append((done, total, said)))


@pytest.fixture(scope="module")
def array(request_, told):
    return lambda name: np.load(request_.out / f"{name}.npy", mmap_mode="r", allow_pickle=False)


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("eeg_data", (14, 256), np.float32),
        ("eeg_features", (1897,), np.float32),
        ("images", (8, 8, 1), np.uint8),
        ("img_features", (12,), np.float32),
        ("text_features", (12,), np.float32),
        ("labels", (), np.int64),
    ],
)
def test_every_array_has_a_row_for_each_event(array, name, shape, dtype):
    for part, n in (("train", N_TRAIN), ("test", N_TEST)):
        assert array(f"{part}_{name}").shape == (n, *shape)
        assert array(f"{part}_{name}").dtype == dtype
        assert np.isfinite(array(f"{part}_{name}")).all()


def test_signals_are_those_of_the_text_in_the_order_of_time(array, text):
    trials = read_mindbigdata(text)
    assert (array("train_eeg_data") == trials.data[:N_TRAIN]).all()
    assert (array("test_eeg_data") == trials.data[N_TRAIN:]).all()
    assert array("test_labels").tolist() == trials.concepts[N_TRAIN:].tolist()


def test_the_picture_beside_an_event_is_the_file_that_is_named(array, request_):
    seen = {}
    for part in ("train", "test"):
        paths = (request_.out / f"{part}_image_paths.txt").read_text("utf-8").splitlines()
        images, vectors, digits = (array(f"{part}_{name}") for name in ("images", "img_features", "labels"))
        for path, image, vector, digit in zip(paths, images, vectors, digits, strict=True):
            assert path.split("/")[1] == f"{digit + 1:05}_{digit}"
            assert (np.asarray(Image.open(request_.out / path)) == image[..., 0]).all()
            assert seen.setdefault(path, vector.tobytes()) == vector.tobytes()
        seen[part] = set(paths)
    assert not seen.pop("train") & seen.pop("test")
    assert len(set(seen.values())) == len(seen)


def test_names_are_embedded_digit_by_digit(array, choice):
    embedder = NameEmbedder(Worker(choice, 1, queue_of(("cpu",))), ('a photo of the number: "{}".',), 8)
    expected = embedder([("7", "7")]).vectors[0, 0]
    rows = array("train_text_features")[array("train_labels") == 7]
    assert np.allclose(rows, expected, atol=1e-6)


def test_metadata_tell_where_all_of_it_comes_from(told, request_, text):
    kept = json.loads((request_.out / "metadata.json").read_text("utf-8"))
    assert kept == {"schema": 1, **json.loads(json.dumps(told))}
    assert kept["source"]["file"] == "EP1.01.txt"
    assert kept["source"]["size"] == text.stat().st_size
    assert kept["left_out"]["no digit"] == 4
    assert "the first 93 of 116 events train, the last 23 test" in kept["split"]
    assert max(kept["events"]["train"]) < min(kept["events"]["test"])
    assert sum(kept["classes"]["train"].values()) == N_TRAIN
    assert sum(kept["classes"]["test"].values()) == N_TEST
    assert kept["pairing_accuracy"] == 1.0
    assert "by construction" in kept["pairing_accuracy_says"]
    assert "no decoding accuracy" in kept["pairing_accuracy_says"]
    assert kept["pictures"]["licence"] == "CC BY 4.0"
    assert kept["pictures"]["distinct"]["test"] == sum(n > 0 for n in kept["classes"]["test"].values())
    assert kept["vision"]["vision_model"].startswith("tiny-pairs#")
    assert kept["vision"]["templates"] == ['a photo of the number: "{}".']


def test_feature_quality_finds_what_was_put_in(told):
    quality = {each["family"]: each for each in told["feature_quality"]}
    assert list(quality) == list(told["features"]["columns"])
    assert quality["temporal"]["different"] >= 10  # a bump of four bins on ten electrodes
    assert quality["temporal"]["constant"] == quality["temporal"]["not_finite"] == 0
    assert quality["temporal"]["said"].startswith("temporal: ")


def test_progress_ends_where_the_work_does(told, stages):
    eeg = [(done, total) for done, total, said in stages if said.startswith("eeg_")]
    assert eeg[-1] == (2 * (N_TRAIN + N_TEST),) * 2
    assert all(one[0] < other[0] for one, other in pairwise(eeg))
    assert any(said == "embedding" for _, _, said in stages)


def test_the_folder_is_read_again(told, request_):
    trials = read_digit_pairs(request_.out / "train_eeg_data.npy")
    assert trials.groups["event"].tolist() == told["events"]["train"] + told["events"]["test"]


def test_the_same_seed_pairs_the_same_and_mnist_lies_beside_events_too(text, tmp_path):
    request = Request(text, tmp_path / "a", pictures=str(write_mnist(tmp_path / "mnist")), per_digit=6)
    told = pair(request, silent)
    assert (told["pictures"]["source"], told["pictures"]["shape"]) == ("MNIST", [5, 5, 1])
    assert told["vision"] is None
    assert not list(request.out.glob("*img_features.npy"))
    assert pair(replace(request, out=tmp_path / "b"), silent) == told
    for path in request.out.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(request.out)).read_bytes()


def test_a_place_where_something_stands_is_refused(text, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="new or empty folder"):
        pair(Request(text, tmp_path), silent)


def test_nothing_is_written_before_options_make_sense(text, tmp_path):
    for wrong in ({"per_digit": 500}, {"development": True}, {"test_share": 1.0}):
        with pytest.raises(ConfigError):
            pair(Request(text, tmp_path / "pairs", **wrong), silent)
    assert not (tmp_path / "pairs").exists()


def test_a_run_that_was_broken_off_is_told_from_a_whole_one(text, tmp_path):
    def press(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pair(Request(text, tmp_path / "pairs", per_digit=6), press)
    with pytest.raises(FormatError, match=r"metadata\.json, which bci pair writes last"):
        read_digit_pairs(tmp_path / "pairs" / "train_eeg_data.npy")


def test_what_the_disk_refuses_is_one_line(tmp_path):
    with pytest.raises(OutputError, match="No space left on device; make room"), writing(tmp_path):
        raise OSError(28, "No space left on device")
