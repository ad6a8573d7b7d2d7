"""What `np.save` and `pickle` write comes back; nothing else happens, whatever the bytes say."""

import pickle
import pickletools
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_files import as_older_numpy

from bci.errors import FormatError
from replay.readers.numpy_pickle import load

RNG = np.random.default_rng(0)
BIG = RNG.normal(size=(6, 4, 17, 100))
THINGS = {
    "preprocessed_eeg_data": BIG,
    "shuffled": BIG[:, [2, 0, 3, 1]],
    "fortran": np.asfortranarray(BIG[0, 0]),
    "small": np.arange(6, dtype="<i4").reshape(2, 3),
    "big_endian": np.arange(3, dtype=">f4"),
    "empty": np.zeros((0, 3)),
    "flags": np.array([True, False]),
    "names": np.array(["aardvark", "ä"]),
    "objects": np.array([["a", "b"], ["c", None]], object),
    "ch_names": ["Pz", "Oz"],
    "sfreq": np.float64(250),
    "word": np.str_("abc"),
    "plain": (1, -70000, 2**40, 2.5, True, None, {"nested": [[]]}),
}


def same(found, expected):
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert type(found) is type(expected)
        assert found == expected


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("older", [False, True], ids=["numpy 2", "numpy 1"])
def test_a_pickle_of_any_protocol_comes_back_with_its_large_arrays_mapped(tmp_path, protocol, older):
    body = pickle.dumps(THINGS, protocol)
    (tmp_path / "a.npy").write_bytes(as_older_numpy(body) if older else body)
    found = load(tmp_path / "a.npy")
    assert list(found) == list(THINGS)
    for name, expected in THINGS.items():
        same(found[name], expected)
    assert isinstance(found["preprocessed_eeg_data"], np.memmap)
    assert isinstance(found["shuffled"], np.memmap)
    assert not found["preprocessed_eeg_data"].flags.writeable
    assert not isinstance(found["small"], np.memmap)


def test_protocol_2_writes_bytes_as_text_and_comes_back_in_memory(tmp_path):
    filled = {name: value for name, value in THINGS.items() if name != "empty"}
    (tmp_path / "a.npy").write_bytes(pickle.dumps(filled, 2))
    found = load(tmp_path / "a.npy")
    assert list(found) == list(filled)
    for name, expected in filled.items():
        same(found[name], expected)
        assert not isinstance(found[name], np.memmap)


def test_a_dict_saved_by_numpy_is_the_dict(tmp_path):
    np.save(tmp_path / "a.npy", THINGS)
    found = load(tmp_path / "a.npy")
    np.testing.assert_array_equal(found["preprocessed_eeg_data"], BIG)
    assert isinstance(found["preprocessed_eeg_data"], np.memmap)


@pytest.mark.parametrize("array", [BIG, np.asfortranarray(BIG), np.float32(3), np.array(["a", "b"])])
def test_an_array_saved_by_numpy_is_mapped(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    found = load(tmp_path / "a.npy")
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, array)


def test_a_mapped_array_takes_no_memory(tmp_path):
    (tmp_path / "a.npy").write_bytes(pickle.dumps({"eeg": np.zeros(2**22)}, 4))
    tracemalloc.start()
    found = load(tmp_path / "a.npy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["eeg"].nbytes == 2**25
    assert peak < 2**20


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_function_is_named_and_not_called(tmp_path, protocol):
    body = pickle.dumps({"eeg": BIG, "trap": Trap(tmp_path / "sprung")}, protocol)
    (tmp_path / "a.npy").write_bytes(body)
    with pytest.raises(FormatError, match=r"got one with (_io|io|builtins|__builtin__)\.open"):
        load(tmp_path / "a.npy")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "value",
    [{1, 2}, {(1, 2): 3}, np.datetime64("2020-01-01"), np.zeros(2, "i4,f4"), np.ma.ones(3), complex(1, 2), Path],
    ids=["set", "tuple key", "date", "record", "subclass", "complex", "class"],
)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_no_data_set_holds_is_refused(tmp_path, value, protocol):
    (tmp_path / "a.npy").write_bytes(pickle.dumps({"a": value}, protocol))
    with pytest.raises(FormatError, match=r"a\.npy"):
        load(tmp_path / "a.npy")


def pickled(*parts):
    return b"\x80\x04" + b"".join(parts) + b"."


def text(value):
    return b"\x8c" + bytes([len(value)]) + value.encode()


HOSTILE = {
    "bytes that are not there": pickled(b"\x8e", struct.pack("<Q", 2**62), b"abc"),
    "text that is not there": pickled(b"\x8d", struct.pack("<Q", 2**62)),
    "more steps than any data set needs": pickled(b"N0" * 1_000_001),
    "tuples of the same tuple, as a key": pickled(b"})" + b"2\x86" * 1000 + b"Ns"),
    "a list in itself, as a name": pickled(b"]\x94h\x00h\x00a", b"\x93"),
    "an empty stack": pickled(b"0"),
    "a mark as the answer": pickled(b"("),
    "a call of a text": pickled(text("numpy") + b")R"),
    "a state for a list": pickled(b"]Nb"),
    "protocol 0": b"(lp0\nI1\na.",
    "an extension": pickled(b"\x82\x01"),
    "a persistent id": pickled(b"NQ"),
    "a name without end": pickled(b"cnumpy"),
    "an array larger than its bytes": pickled(
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n)C\x01b\x87R(K\x01",
        b"(J" + struct.pack("<i", 2**30) + b"J" + struct.pack("<i", 2**30) + b"t",
        b"cnumpy\ndtype\n" + text("f8") + b"\x89\x88\x87R(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffK\x00K\x00tb",
        b"\x89C\x00tb",
    ),
    "an empty file": b"",
    "another file": b"hello",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_one_line_and_little_memory(tmp_path, name):
    (tmp_path / "a.npy").write_bytes(HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(FormatError) as refused:
            load(tmp_path / "a.npy")
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500
    assert peak < 2**26


@pytest.mark.parametrize(
    "body",
    [
        pickled(b"\x95", struct.pack("<Q", 2**63), b"N"),
        pickled(b"]" * 300_000 + b"a" * 299_999),
        pickled(b")" + b"2\x86" * 1000),
    ],
    ids=["a frame of any length", "lists inside lists", "tuples of the same tuple"],
)
def test_what_is_odd_but_harmless_does_no_harm(tmp_path, body):
    (tmp_path / "a.npy").write_bytes(body)
    assert type(load(tmp_path / "a.npy")) in (type(None), list, tuple)


def bodies():
    small = {
        "eeg": RNG.normal(size=(3, 2)),
        "names": np.array(["a", "b"]),
        "x": {"y": [np.float64(1), "z", 2**20]},
    }
    for protocol in (2, 3, 4, 5):
        yield pickle.dumps(small, protocol)


BODIES = [*bodies()]


def answer(path):
    """Read a file that may be anything: it is data, or refused in one line."""
    try:
        return load(path)
    except FormatError as error:
        return FormatError if "\n" not in str(error) else error


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "a.npy"


@given(body=st.sampled_from(BODIES), data=st.data())
def test_a_pickle_that_was_cut_is_refused(scratch, body, data):
    scratch.write_bytes(body[: data.draw(st.integers(0, len(body) - 1))])
    assert answer(scratch) is FormatError


@given(body=st.sampled_from(BODIES), data=st.data())
def test_a_pickle_whose_bytes_were_changed_is_data_or_refused(scratch, body, data):
    changed = bytearray(body)
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), min_size=1)):
        changed[at] = byte
    scratch.write_bytes(changed)
    assert not isinstance(answer(scratch), FormatError)


OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
NAMES = [f"c{name}\n".replace(" ", "\n").encode() for name in (
    "numpy dtype", "numpy ndarray", "numpy.core.multiarray scalar", "numpy._core.numeric _frombuffer",
    "numpy.core.multiarray _reconstruct", "_codecs encode", "builtins eval", "os system",
)]  # fmt: skip


@given(
    st.lists(st.sampled_from(OPCODES) | st.sampled_from(NAMES) | st.binary(max_size=9), max_size=40).map(b"".join)
)
def test_any_program_is_data_or_refused(scratch, program):
    scratch.write_bytes(b"\x80\x04" + program + b".")
    assert not isinstance(answer(scratch), FormatError)


@given(st.binary(max_size=200))
def test_any_header_is_read_or_refused(scratch, header):
    scratch.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    assert not isinstance(answer(scratch), FormatError)


@pytest.mark.parametrize(
    "word", [b"(" * 900, b"{'descr': 'f8', ", b"-" * 9000 + b"1", b"'\\", b"\x00\n(", b"1L if"]
)
def test_headers_that_are_no_header_are_refused(scratch, word):
    scratch.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(word)) + word)
    assert answer(scratch) is FormatError
