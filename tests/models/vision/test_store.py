"""What is embedded once is never embedded again, and never mistaken for something else."""

import numpy as np
import pytest

from bci.bank import BankKey
from bci.errors import ConfigError, FormatError, OutputError
from models.vision.embedder import Embedded
from models.vision.run import SHARD, choose_devices, embed_missing
from models.vision.store import Store

KEY = BankKey(vision_model="made up", weights="w", kind="image")


def vector(content):
    return np.random.default_rng(int(content)).standard_normal((2, 3), np.float32)


class Recording:
    """An embedder that knows what it was given; it fails when it meets `breaks_at`."""

    def __init__(self, breaks_at=None, unreadable=()):
        self.given, self.breaks_at, self.unreadable = [], breaks_at, unreadable

    def __call__(self, items):
        contents = [content for content, _ in items]
        if self.breaks_at in contents:
            raise KeyboardInterrupt
        self.given += contents
        good = [content for content in contents if content not in self.unreadable]
        bad = [f"{content}.jpg: truncated" for content in contents if content in self.unreadable]
        return Embedded(tuple(good), np.stack([vector(content) for content in good]), tuple(bad))


def items(*numbers):
    return [(str(number), f"{number}.jpg") for number in numbers]


def test_vectors_come_in_the_order_of_the_items(tmp_path):
    wanted = items(*range(2 * SHARD, -1, -1), 7, 7)
    embed = Recording()
    got = embed_missing(wanted, embed, Store(tmp_path, KEY), 1)
    assert np.array_equal(got, np.stack([vector(content) for content, _ in wanted]))
    assert len(embed.given) == 2 * SHARD + 1  # what occurs twice is embedded once


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    wanted, store = items(*range(3 * SHARD)), Store(tmp_path, KEY)
    with pytest.raises(KeyboardInterrupt):
        embed_missing(wanted, Recording(breaks_at=str(2 * SHARD)), store, 1)
    again = Recording()
    got = embed_missing(wanted, again, store, 1)
    assert again.given == [str(number) for number in range(2 * SHARD, 3 * SHARD)]
    assert np.array_equal(got, np.stack([vector(content) for content, _ in wanted]))


def test_a_changed_picture_is_embedded_anew(tmp_path):
    store = Store(tmp_path, KEY)
    embed_missing([("1", "cat.jpg"), ("2", "dog.jpg")], Recording(), store, 1)
    again = Recording()
    got = embed_missing([("3", "cat.jpg"), ("2", "dog.jpg")], again, store, 1)
    assert again.given == ["3"]
    assert np.array_equal(got[0], vector("3"))


@pytest.mark.parametrize(
    "change",
    [
        {"vision_model": "another"}, {"weights": "v"}, {"layer": "2"}, {"pooling": "cls"}, {"transform": "blur"},
        {"views": 2}, {"preprocess": "336x336"}, {"precision": "fp16"}, {"kind": "text"}, {"templates": ("{}",)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_vectors_of_another_key_are_never_taken(tmp_path, change):
    embed_missing(items(1, 2), Recording(), Store(tmp_path, KEY), 1)
    embed = Recording()
    embed_missing(items(1, 2), embed, Store(tmp_path, KEY.model_copy(update=change)), 1)
    assert embed.given == ["1", "2"]


def test_a_shard_that_was_moved_to_another_key_is_not_read(tmp_path):
    mine, other = Store(tmp_path, KEY), Store(tmp_path, KEY.model_copy(update={"layer": "2"}))
    embed_missing(items(1), Recording(), other, 1)
    other.place.rename(mine.place)
    assert mine.load({"1"}) == {}


def test_a_damaged_shard_is_made_again(tmp_path):
    store = Store(tmp_path, KEY)
    embed_missing(items(1, 2), Recording(), store, 1)
    (shard,) = store.place.iterdir()
    shard.write_bytes(shard.read_bytes()[:-5])
    again = Recording()
    got = embed_missing(items(1, 2), again, store, 1)
    assert again.given == ["1", "2"]
    assert np.array_equal(got[1], vector("2"))
    assert set(store.load({"1", "2"})) == {"1", "2"}


def test_all_that_cannot_be_read_is_told_and_the_rest_is_kept(tmp_path):
    store = Store(tmp_path, KEY)
    embed = Recording(unreadable=("3", str(SHARD + 1)))
    with pytest.raises(
        FormatError, match=f"2 of {SHARD + 9} pictures .* {SHARD + 1}.jpg: truncated; 3.jpg: truncated"
    ):
        embed_missing(items(*range(SHARD + 9)), embed, store, 1)
    assert len(store.load({str(number) for number in range(SHARD + 9)})) == SHARD + 7


def test_progress_counts_what_is_to_be_done(tmp_path):
    store, told = Store(tmp_path, KEY), []
    embed_missing(items(*range(SHARD)), Recording(), store, 1)
    embed_missing(items(*range(3 * SHARD)), Recording(), store, 1, lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_a_cache_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="name another --cache"):
        Store(tmp_path / "file", KEY).put(["1"], np.zeros((1, 1, 2), np.float32))


def test_processes_of_the_processor_and_named_devices():
    assert choose_devices(["cpu"], 3) == ("cpu", "cpu", "cpu")
    assert choose_devices(["cpu", "meta"], 1) == ("cpu", "meta")
    with pytest.raises(ConfigError, match="got 'gpu'"):
        choose_devices(["gpu"], 1)
