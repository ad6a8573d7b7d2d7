"""Dicts that `torch.save` wrote, read without torch: a zip with a pickle and the bytes of each tensor in it.

The form: https://docs.pytorch.org/docs/stable/notes/serialization.html. Members are stored, not compressed, so
tensors, and arrays inside the pickle, are mapped where they lie. Nothing else than what restores tensors and
arrays is called (`replay.readers.pickle_machine`).
"""

import io
import mmap
import struct
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from replay.readers.numpy_pickle import NumpyCalls, mapped
from replay.readers.pickle_machine import Call, Machine, Raw

__all__ = ["load_torch"]

_LOCAL_HEADER = 30
"""Bytes of a member's own header before its name, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT."""

_LONGEST_DIRECTORY = 2**24

_STORAGES: Mapping[str, str] = MappingProxyType(
    {
        "HalfStorage": "f2", "FloatStorage": "f4", "DoubleStorage": "f8", "BoolStorage": "?", "ByteStorage": "u1",
        "CharStorage": "i1", "ShortStorage": "i2", "IntStorage": "i4", "LongStorage": "i8",
    }
)  # fmt: skip
"""torch's storages -> NumPy's types; bfloat16 has none."""


def load_torch(path: Path) -> Any:
    """Read a `.pt` file.

    Parameters
    ----------
    path
        A file of `torch.save` since version 1.6.

    Returns
    -------
    object
        Tensors as arrays, mapped and read-only.

    Raises
    ------
    FormatError
        If the file is damaged, older, or asks for anything but tensors, arrays and plain containers.
    """
    try:
        with _Sparing(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            members = _Members(path, view, zipfile.ZipFile(file))
            pickle = members.find("data.pkl")
            machine = Machine(path, view, pickle.offset, pickle.offset + pickle.length, members.storage)
            NumpyCalls(path, machine).admit()
            machine.admit({f"torch.{name}": None for name in _STORAGES})
            machine.admit({"torch._utils._rebuild_tensor_v2": _tensor, "collections.OrderedDict": dict})
            return machine.run()
    except (OSError, ValueError, LookupError, struct.error, NotImplementedError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:200]
        raise FormatError(
            f"{path} is damaged, expected a zip as torch.save writes it since version 1.6: {reason}; copy it again"
        ) from None


class _Sparing(io.FileIO):
    """A file of which no large piece is read at once, however long it says that its directory is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LONGEST_DIRECTORY:
            raise ValueError(f"a directory of {size} bytes")
        return super().read(-1 if size is None else size) or b""


class _Members:
    """The members of the zip, by their names below its only folder."""

    def __init__(self, path: Path, view: mmap.mmap, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._view = view
        self._infos = {"/".join(PurePosixPath(info.filename).parts[1:]): info for info in archive.infolist()}
        little = "byteorder" not in self._infos or self._bytes("byteorder") == b"little"
        self._order: Literal["<", ">"] = "<" if little else ">"

    def find(self, name: str) -> Raw:
        """Where the bytes of a member lie."""
        info = self._infos.get(name)
        if info is None or info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"no member {name!r} that is stored as it is")
        at = info.header_offset
        if self._view[at : at + 4] != b"PK\x03\x04":
            raise ValueError(f"member {name!r} is not where the directory says")
        n_name, n_extra = struct.unpack("<HH", self._view[at + 26 : at + _LOCAL_HEADER])
        first = at + _LOCAL_HEADER + n_name + n_extra
        if first + info.file_size > len(self._view):
            raise ValueError(f"member {name!r} ends after the file")
        return Raw(first, info.file_size)

    def storage(self, key: Any) -> NDArray[Any]:
        """The values of a storage, which the pickle names by (`"storage"`, type, key, device, length)."""
        word, kind, name, _, length = key
        if word != "storage" or not isinstance(kind, Call) or type(name) is not str:
            raise ValueError("something else than a storage of numbers")
        dtype = np.dtype(_STORAGES[kind.name.removeprefix("torch.")]).newbyteorder(self._order)
        return mapped(self._path, self.find(f"data/{name}"), dtype, (int(length),))

    def _bytes(self, name: str) -> bytes:
        raw = self.find(name)
        return bytes(self._view[raw.offset : raw.offset + min(raw.length, 16)])


def _tensor(
    storage: NDArray[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """A view of a storage, in whatever order its axes lie."""
    if not isinstance(storage, np.ndarray) or len(size) != len(stride) or min((offset, *size, *stride)) < 0:
        raise ValueError("a tensor without a storage")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if prod(size) > len(storage) or (0 not in size and last >= len(storage)):
        raise ValueError(f"a tensor {size} that is larger than its storage of {len(storage)}")
    width = storage.itemsize
    return np.lib.stride_tricks.as_strided(
        storage[offset:], size, [step * width for step in stride], subok=True, writeable=False
    )
