"""Objects that `np.save` or `pickle` wrote: containers and texts with arrays in them that may exceed the memory.

The form: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, a header before a pickle; files
called `.npy` that are a pickle alone are common too. Arrays of numbers whose bytes lie in one piece are mapped and
not read. Nothing else than NumPy's own ways to restore arrays is called (`replay.readers.pickle_machine`).
"""

import mmap
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from replay.readers.pickle_machine import Call, Machine, Raw, Unbuilt

__all__ = ["Header", "NumpyCalls", "load", "mapped", "read_header", "texts"]

_MAGIC = b"\x93NUMPY"
_PROTOCOLS = (2, 3, 4, 5)
_KINDS = r"(?:[biufSU]\d{0,9}|O8?)"
_DTYPE = re.compile(_KINDS)
_HEADER = re.compile(
    rf"\{{'descr': '(?P<dtype>[<>|=]?{_KINDS})', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>[\d, ]{0,200})\),? ?\} *\n?"
)
_LONGEST_HEADER = 10_000
_ORDERS: tuple[str, ...] = ("<", ">", "=", "|")


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the content of a `.npy` file, and where the content begins."""

    shape: tuple[int, ...]
    order: Literal["C", "F"]
    dtype: np.dtype[Any]
    stop: int


def read_header(file: IO[bytes]) -> Header | None:
    """Return NumPy's header at the beginning of a file, None if there is none.

    Raises
    ------
    ValueError
        If it is damaged, or of an array of records.
    """
    begin = file.read(len(_MAGIC) + 6)
    if not begin.startswith(_MAGIC):
        return None
    form = "<H" if begin[6:7] == b"\x01" else "<I"
    size = struct.calcsize(form)
    (length,) = struct.unpack(form, begin[8 : 8 + size])
    file.seek(8 + size)
    text = file.read(min(length, _LONGEST_HEADER)).decode("latin-1")
    found = _HEADER.fullmatch(text)
    if found is None:
        raise ValueError(f"its header is {text[:100]!r}")
    shape = tuple(int(n) for n in found["shape"].replace(",", " ").split())
    order: Literal["C", "F"] = "F" if found["fortran"] == "True" else "C"
    return Header(_checked_shape(shape), order, np.dtype(found["dtype"]), file.tell())


def load(path: Path) -> Any:
    """Read a `.npy` file, whatever is in it.

    Parameters
    ----------
    path
        An array of numbers, or a pickle with or without NumPy's header before it.

    Returns
    -------
    object
        Arrays larger than 64 KiB are mapped, read-only; a 0-d array of one object is that object.

    Raises
    ------
    FormatError
        If the file is damaged, or asks for anything but arrays, numbers, texts, lists, tuples and dicts.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            header = read_header(file)
            start = 0 if header is None else header.stop
            if header is not None and not header.dtype.hasobject:
                return mapped(path, Raw(start, len(view) - start), header.dtype, header.shape, header.order)
            if view[start : start + 1] != b"\x80" or view[start + 1] not in _PROTOCOLS:
                raise ValueError("neither NumPy's header nor a pickle of protocol 2 to 5")  # noqa: TRY301
            machine = Machine(path, view, start)
            NumpyCalls(path, machine).admit()
            found = machine.run()
    except (OSError, ValueError, TypeError, IndexError, struct.error) as error:
        raise FormatError(f"{path} is no .npy file, expected NumPy's format: {error}") from None
    return found.item() if isinstance(found, np.ndarray) and found.dtype.hasobject and found.ndim == 0 else found


def mapped(
    path: Path, raw: Raw, dtype: np.dtype[Any], shape: tuple[int, ...], order: Literal["C", "F"] = "C"
) -> NDArray[Any]:
    """Map an array in a file.

    Raises
    ------
    ValueError
        If the bytes are not as many as the array needs.
    """
    _check_size(len(raw), dtype, shape)
    if not len(raw):
        return np.empty(shape, dtype, order)
    return np.memmap(path, dtype, "r", raw.offset, shape, order)


def texts(value: object) -> list[str] | None:
    """Return a list, tuple or 1-d array of printable texts as a list, None if it is something else."""
    try:
        items = value.tolist() if isinstance(value, np.ndarray) and value.ndim == 1 else value
    except ValueError:  # numbers that stand for no character
        return None
    if not isinstance(items, list | tuple) or not all(isinstance(one, str) and one.isprintable() for one in items):
        return None
    return [str(one) for one in items]


class NumpyCalls:
    """What NumPy's pickles call to restore arrays, data types and scalars, under their names of all versions.

    Parameters
    ----------
    path
        The file that is mapped.
    machine
        The machine that obeys the pickle.
    """

    def __init__(self, path: Path, machine: Machine) -> None:
        self._path = path
        self._machine = machine

    def admit(self) -> None:
        """Let the machine call them."""
        core = ("numpy.core", "numpy._core")
        named: dict[str, Callable[..., Any] | None] = {"numpy.ndarray": None, "numpy.dtype": _dtype}
        for package in core:
            named |= {
                f"{package}.multiarray._reconstruct": self._reconstruct,
                f"{package}.multiarray.scalar": self._scalar,
                f"{package}.numeric._frombuffer": self._from_buffer,
            }
        self._machine.admit(named | {"_codecs.encode": self._encode})

    def _encode(self, text: str, encoding: str) -> bytes:
        """Protocol 2 has no bytes: it writes them as text of 256 characters."""
        if type(text) is not str or encoding != "latin1":
            raise ValueError("encodes something else than bytes")
        self._machine.spend(len(text))
        return text.encode("latin-1")

    def _reconstruct(self, kind: Call, shape: tuple[int, ...], code: bytes) -> Unbuilt:
        """An array whose shape, type and bytes follow; `shape` and `code` stand for nothing."""
        if not isinstance(kind, Call) or kind.name != "numpy.ndarray":
            self._machine.refuse("arrays of NumPy's own type", "a subclass")
        del shape, code
        return Unbuilt(self._array, [])

    def _array(self, state: Any) -> NDArray[Any]:
        _, shape, dtype, fortran, content = state
        order: Literal["C", "F"] = "F" if fortran else "C"
        if isinstance(dtype, np.dtype) and dtype.hasobject:
            return self._objects(shape, order, content)
        return self._numbers(content, dtype, shape, order)

    def _objects(self, shape: Any, order: Literal["C", "F"], content: Any) -> NDArray[Any]:
        if type(content) is not list or len(content) != prod(_checked_shape(shape)):
            raise ValueError("an array of objects without them")
        self._machine.spend(8 * len(content))
        return np.fromiter(content, object, len(content)).reshape(shape, order=order)

    def _numbers(self, content: Any, dtype: Any, shape: Any, order: Literal["C", "F"]) -> NDArray[Any]:
        if not isinstance(dtype, np.dtype) or dtype.hasobject:
            raise TypeError("an array without a type of numbers")
        shape = _checked_shape(shape)
        if isinstance(content, Raw):
            return mapped(self._path, content, dtype, shape, order)
        _check_size(len(content), dtype, shape)
        return np.ndarray(shape, dtype, content, order=order)

    def _from_buffer(
        self, content: Any, dtype: Any, shape: Any, order: str, axes: tuple[int, ...] | None = None
    ) -> NDArray[Any]:
        """Protocol 5; since NumPy 2.4 with the order of the axes, where it is neither C's nor Fortran's."""
        if order == "K" and axes is not None:
            return self._numbers(content, dtype, shape, "C").transpose(axes)
        return self._numbers(content, dtype, shape, "F" if order == "F" else "C")

    def _scalar(self, dtype: Any, content: Any) -> Any:
        if type(content) is not bytes:
            raise TypeError("a scalar without its bytes")
        self._machine.spend(len(content))
        return self._numbers(content, dtype, (), "C")[()]


def _dtype(name: str, align: Any = False, copy: Any = False) -> Unbuilt:  # noqa: ARG001 (what NumPy passes)
    """A data type whose byte order follows; records, dates and subclasses are not known here."""
    if type(name) is not str or not _DTYPE.fullmatch(name):
        raise ValueError("a data type of something else than numbers, texts and objects")
    return Unbuilt(partial(_ordered, name), [])


def _ordered(name: str, state: Any) -> np.dtype[Any]:
    order = state[1]
    if order not in _ORDERS or any(part is not None for part in state[2:5]):
        raise ValueError("a data type with fields")
    return np.dtype(name).newbyteorder(order)


def _checked_shape(shape: Any) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise ValueError("an array of an impossible shape")
    return shape


def _check_size(n_bytes: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    if n_bytes != prod(shape) * dtype.itemsize or not dtype.itemsize:
        raise ValueError(f"an array {shape} of {dtype} in {n_bytes} bytes")
