"""Pairs on disk: the same when they are read, refused when they are not whole, bytes alone."""

import json
import pickletools

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.errors import FormatError, OutputError
from models.alignment import store
from models.alignment.pairs import PARTS, Pairs, Picked
from models.alignment.store import COLUMNS, PairStore, StoredRows, open_pairs

EEG = np.random.default_rng(0).normal(size=(30, 3, 20)).astype(np.float32)
FMRI = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
HEADER = {
    "eeg": EEG.shape,
    "fmri": FMRI.shape,
    "channels": ["O1", "Öz", "O2"],
    "sfreq": 200.0,
    "n_clusters": 4,
    "facts": {"synthetic": True},
}


def columns(n=50, seed=0):
    rng = np.random.default_rng(seed)
    limits = {"eeg_row": 30, "fmri_row": 20, "eeg_picture": 30, "fmri_picture": 20, "cluster": 4, "part": 3}
    made = {name: rng.integers(0, limits.get(name, 9), n).astype(kind) for name, kind in COLUMNS.items()}
    return made | {"similarity": rng.random(n).astype(np.float32)}


def write(folder, body=None):
    with PairStore(folder) as pairs:
        for first in range(0, 30, 7):
            pairs.put_rows("eeg", first, EEG[first : first + 7])
        pairs.put_rows("fmri", 0, FMRI)
        pairs.finish(body or columns(), HEADER)
    return folder


def test_what_is_read_is_what_was_written(tmp_path):
    told = columns()
    pairs = open_pairs(write(tmp_path / "pairs"))
    assert len(pairs) == 50
    assert (pairs.channels, pairs.sfreq, pairs.n_clusters) == (("O1", "Öz", "O2"), 200.0, 4)
    assert pairs.facts == {"synthetic": True}
    np.testing.assert_array_equal(pairs.eeg[:], EEG[told["eeg_row"]])
    np.testing.assert_array_equal(np.asarray(pairs.fmri), FMRI[told["fmri_row"]])
    np.testing.assert_array_equal(pairs.eeg[3], EEG[told["eeg_row"][3]])
    np.testing.assert_array_equal(pairs.fmri[[4, 4, 1]], FMRI[told["fmri_row"][[4, 4, 1]]])
    assert pairs.eeg.shape == (50, 3, 20)
    assert pairs.part.dtype == np.int8
    for name in ("cluster", "component", "similarity", "eeg_picture", "fmri_picture"):
        np.testing.assert_array_equal(getattr(pairs, name), told[name])


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_read_on_access_too(tmp_path, name):
    told, pairs = columns(), open_pairs(write(tmp_path / "pairs"))
    rows = told["part"] == PARTS.index(name)
    part = pairs.part_of(name)
    assert isinstance(part.eeg, Picked)
    assert isinstance(part.eeg.source, StoredRows)
    np.testing.assert_array_equal(part.eeg[:], EEG[told["eeg_row"][rows]])
    np.testing.assert_array_equal(part.similarity, told["similarity"][rows])
    assert set(part.part) == {PARTS.index(name)}


@given(st.integers(0, 100), st.lists(st.integers(-50, 49), max_size=20))
@settings(max_examples=30, deadline=None)
def test_parts_of_arrays_in_memory_are_those_of_the_whole(seed, index):
    told = columns(seed=seed)
    rows = {"eeg": EEG[told.pop("eeg_row")], "fmri": FMRI[told.pop("fmri_row")]}
    pairs = Pairs(**rows, **told, channels=("a",), sfreq=1.0, n_clusters=4, facts={})
    assert sum(len(pairs.part_of(name)) for name in PARTS) == 50
    for name in PARTS:
        np.testing.assert_array_equal(pairs.part_of(name).eeg, pairs.eeg[pairs.part == PARTS.index(name)])
    picked = Picked(pairs.fmri, np.arange(50)[::-1])
    np.testing.assert_array_equal(picked[np.array(index, int)], pairs.fmri[::-1][np.array(index, int)])


def test_the_map_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_FIRST_SIZE", 2**15)
    np.testing.assert_array_equal(open_pairs(write(tmp_path / "pairs")).fmri[:], FMRI[columns()["fmri_row"]])


def test_nothing_is_pickled(tmp_path):
    folder = write(tmp_path / "pairs")
    with lmdb.open(str(folder), readonly=True, lock=False) as env, env.begin() as reading:
        for key, value in reading.cursor():
            if not key.startswith((b"eeg/", b"fmri/", b"pairs/")):
                assert json.loads(value)
            with pytest.raises(ValueError, match=r"(?s).*"):
                list(pickletools.genops(value))


def test_an_interrupted_run_is_told_from_a_finished_one_and_gone_on_with(tmp_path):
    folder = tmp_path / "pairs"
    with PairStore(folder) as pairs:
        pairs.put_rows("eeg", 0, EEG)
        pairs.note("eeg", {"rows": 30})
    with pytest.raises(FormatError, match="expected finished pairs"):
        open_pairs(folder)
    with PairStore(folder) as pairs:
        assert pairs.noted("eeg") == {"rows": 30}
        assert pairs.noted("fmri") is None
        pairs.put_rows("fmri", 0, FMRI)
        pairs.finish(columns(), HEADER)
    np.testing.assert_array_equal(open_pairs(folder).eeg[0], EEG[columns()["eeg_row"][0]])


def damaged(folder, change):
    with lmdb.open(str(folder)) as env, env.begin(write=True) as writing:
        change(writing)
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.put(b"header", json.dumps({**HEADER, "schema": 2, "pairs": 50}).encode()), "schema 2"),
        (lambda w: w.put(b"header", json.dumps({**HEADER, "pairs": 50}).encode()), "expected a schema number"),
        (lambda w: w.put(b"header", b"{"), "holds no pairs"),
        (lambda w: w.put(b"header", b'{"schema": 1}'), "holds no pairs"),
        (lambda w: w.put(b"header", b"[]"), "holds no pairs"),
        (lambda w: w.delete(b"pairs/part"), "holds no pairs"),
        (lambda w: w.put(b"pairs/cluster", b"123"), "holds no pairs"),
    ],
    ids=["newer", "no schema", "no json", "no keys", "a list", "no column", "a short column"],
)
def test_damaged_pairs_are_refused_in_a_line(tmp_path, change, said):
    folder = damaged(write(tmp_path / "pairs"), change)
    with pytest.raises(FormatError, match=said):
        open_pairs(folder)


def test_pairs_are_opened_more_than_once(tmp_path):
    folder = write(tmp_path / "pairs")
    first, second = open_pairs(folder), open_pairs(folder)
    np.testing.assert_array_equal(first.eeg[5], second.eeg[5])


def test_a_lost_row_is_told_when_it_is_asked_for(tmp_path):
    row = int(columns()["eeg_row"][0])
    folder = damaged(write(tmp_path / "pairs"), lambda w: w.delete(b"eeg/" + row.to_bytes(8)))
    with pytest.raises(FormatError, match=f"row {row} of eeg is damaged or missing"):
        open_pairs(folder).eeg[0]


def test_other_places_are_refused_in_a_line(tmp_path):
    with pytest.raises(FormatError, match=r"without data\.mdb"):
        open_pairs(tmp_path)
    (tmp_path / "data.mdb").write_bytes(b"nothing" * 5000)
    with pytest.raises(FormatError, match="damaged, expected an LMDB environment"):
        open_pairs(tmp_path)
    with pytest.raises(OutputError, match="cannot write pairs"):
        PairStore(tmp_path / "data.mdb")
