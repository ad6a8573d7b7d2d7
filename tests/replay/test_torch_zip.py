"""Files of `torch.save`, read without torch."""

import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import FormatError
from replay.readers.torch_zip import load_torch

RNG = np.random.default_rng(0)
EEG = RNG.normal(size=(20, 4, 17, 50)).astype(np.float16)


def saved(path, value, protocol=5, **options):
    torch.save(value, path, pickle_protocol=protocol, **options)
    return path


@pytest.mark.parametrize("protocol", [2, 5])
@pytest.mark.parametrize("kind", ["tensor", "array"])
def test_a_dict_comes_back_with_its_large_values_mapped(tmp_path, protocol, kind):
    value = {
        "eeg": torch.from_numpy(EEG) if kind == "tensor" else EEG,
        "label": torch.arange(80).reshape(20, 4),
        "img": np.array([["train_images/00001_a/a_1.jpg"] * 4] * 20),
        "ch_names": ["Pz", "Oz"],
        "times": torch.linspace(0, 1, 5, dtype=torch.float64),
    }
    found = load_torch(saved(tmp_path / "train.pt", value, protocol))
    assert list(found) == list(value)
    np.testing.assert_array_equal(found["eeg"], EEG)
    assert found["eeg"].dtype == np.float16
    np.testing.assert_array_equal(found["label"], np.arange(80).reshape(20, 4))
    np.testing.assert_array_equal(found["img"], value["img"])
    assert found["ch_names"] == ["Pz", "Oz"]
    np.testing.assert_array_equal(found["times"], value["times"].numpy())
    in_file = protocol == 5 or kind == "tensor"
    assert isinstance(found["eeg"], np.memmap) is in_file
    assert not found["eeg"].flags.writeable


@pytest.mark.parametrize(
    "dtype",
    [
        torch.float16,
        torch.float32,
        torch.float64,
        torch.int8,
        torch.uint8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.bool,
    ],
)
def test_every_number_of_torch_has_its_own_in_numpy(tmp_path, dtype):
    tensor = torch.tensor([[0, 1, 1], [1, 0, 1]], dtype=dtype)
    found = load_torch(saved(tmp_path / "a.pt", tensor))
    np.testing.assert_array_equal(found, tensor.numpy())
    assert found.dtype == tensor.numpy().dtype


def test_a_view_of_a_tensor_is_the_view(tmp_path):
    tensor = torch.arange(60).reshape(3, 4, 5).permute(2, 0, 1)[1:3]
    np.testing.assert_array_equal(load_torch(saved(tmp_path / "a.pt", tensor)), tensor.numpy())


def test_numbers_that_numpy_does_not_have_are_refused(tmp_path):
    with pytest.raises(FormatError, match=r"torch\.BFloat16Storage"):
        load_torch(saved(tmp_path / "a.pt", torch.zeros(3, dtype=torch.bfloat16)))


def test_a_model_is_refused_by_the_name_of_its_class(tmp_path):
    with pytest.raises(FormatError, match=r"got one with torch\.nn\.modules\.linear\.Linear"):
        load_torch(saved(tmp_path / "a.pt", torch.nn.Linear(2, 2)))


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_function_is_not_called(tmp_path):
    with pytest.raises(FormatError, match="open"):
        load_torch(saved(tmp_path / "a.pt", {"eeg": EEG, "trap": Trap(tmp_path / "sprung")}))
    assert not (tmp_path / "sprung").exists()


def test_files_before_torch_1_6_are_refused(tmp_path):
    saved(tmp_path / "a.pt", {"eeg": EEG}, 2, _use_new_zipfile_serialization=False)
    with pytest.raises(FormatError, match=r"since version 1\.6"):
        load_torch(tmp_path / "a.pt")


def program(tmp_path, body, members=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(tmp_path / "a.pt", "w", compression) as archive:
        archive.writestr("a/data.pkl", body)
        for name, content in members:
            archive.writestr(f"a/{name}", content)
    return tmp_path / "a.pt"


def tensor_program(offset, size, stride, numel=4):
    """A pickle of one float tensor whose storage is member `data/0`."""

    def ints(values):
        return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", value) for value in values) + b"t"

    text = [b"X" + struct.pack("<I", len(word)) + word for word in (b"storage", b"0", b"cpu")]
    storage = b"(" + text[0] + b"ctorch\nFloatStorage\n" + text[1] + text[2] + ints([numel])[1:-1] + b"tQ"
    rest = ints([offset])[1:-1] + ints(size) + ints(stride) + b"\x89ccollections\nOrderedDict\n)R"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest + b"tR."


FLOATS = [("data/0", np.arange(4, dtype="<f4").tobytes())]


def test_a_tensor_by_hand_is_read(tmp_path):
    found = load_torch(program(tmp_path, tensor_program(1, (3,), (1,)), FLOATS))
    assert found.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (2, (3,), (1,)),
        (0, (5,), (1,)),
        (0, (2**40,), (0,)),
        (0, (2,), (2**62,)),
        (-1, (2,), (1,)),
        (0, (2, 2), (1,)),
    ],
)
def test_a_tensor_that_does_not_fit_into_its_storage_is_refused(tmp_path, offset, size, stride):
    with pytest.raises(FormatError, match="a tensor"):
        load_torch(program(tmp_path, tensor_program(offset, size, stride), FLOATS))


def test_storages_that_are_missing_or_of_another_length_are_refused(tmp_path):
    with pytest.raises(FormatError, match="data/0"):
        load_torch(program(tmp_path, tensor_program(0, (4,), (1,))))
    with pytest.raises(FormatError, match="16 bytes"):
        load_torch(program(tmp_path, tensor_program(0, (4,), (1,), numel=2**40), FLOATS))


def test_compressed_members_are_refused(tmp_path):
    with pytest.raises(FormatError, match="stored as it is"):
        load_torch(program(tmp_path, pickle.dumps({}), compression=zipfile.ZIP_DEFLATED))


def test_a_directory_that_claims_to_be_huge_is_not_read(tmp_path):
    path = program(tmp_path, pickle.dumps({}))
    body = bytearray(path.read_bytes())
    end = body.rindex(b"PK\x05\x06")
    body[end + 12 : end + 16] = struct.pack("<I", 2**31)
    path.write_bytes(body)
    with pytest.raises(FormatError, match="damaged"):
        load_torch(path)


def test_reading_needs_no_torch():
    code = "import sys, replay.readers.torch_zip; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    value = {"eeg": torch.arange(6.0).reshape(2, 3), "img": np.array(["a", "b"]), "ch_names": ["Pz"]}
    return folder / "b.pt", saved(folder / "a.pt", value).read_bytes()


def answer(path):
    """Read a file that may be anything: it is data, or refused in one line."""
    try:
        return load_torch(path)
    except FormatError as error:
        return FormatError if "\n" not in str(error) else error


@given(st.data())
def test_a_file_that_was_cut_is_refused(small, data):
    path, body = small
    path.write_bytes(body[: data.draw(st.integers(0, len(body) - 30))])
    assert answer(path) is FormatError


@given(st.data())
def test_a_file_whose_bytes_were_changed_is_data_or_refused(small, data):
    path, body = small
    changed = bytearray(body)
    start = body.rindex(b"PK\x01\x02") if data.draw(st.booleans()) else 0
    places = st.integers(start, len(body) - 1)
    for at, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1)):
        changed[at] = byte
    path.write_bytes(changed)
    assert not isinstance(answer(path), FormatError)
