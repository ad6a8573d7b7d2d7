"""Pairs on disk: an LMDB environment of raw bytes and one JSON header, nothing pickled, written part by part.

LMDB: https://lmdb.readthedocs.io. A row of EEG or fMRI is stored once, however many pairs it is in. The header
comes last, so that an environment that was not finished is told from one that was.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self
from weakref import WeakValueDictionary

import lmdb
import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError, OutputError
from bci.storage import SCHEMA, check_schema
from models.alignment.pairs import Pairs, Picked

__all__ = ["COLUMNS", "PairStore", "StoredRows", "open_pairs"]

Table = Literal["eeg", "fmri"]

COLUMNS = {
    "eeg_row": np.int64,
    "fmri_row": np.int64,
    "eeg_picture": np.int64,
    "fmri_picture": np.int64,
    "cluster": np.int64,
    "component": np.int64,
    "part": np.int8,
    "similarity": np.float32,
}
"""Columns of the pairs, one value each."""

_HEADER = b"header"
_OPEN: WeakValueDictionary[Path, Any] = WeakValueDictionary()
_FIRST_SIZE = 2**24  # bytes of the map, which doubles whenever it is full


class PairStore:
    """An environment that is written to, to be used as a context.

    Parameters
    ----------
    folder
        Of the environment; what an interrupted run left in it is gone on with.

    Raises
    ------
    OutputError
        If it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._env = lmdb.open(str(folder), map_size=_FIRST_SIZE)
        except (OSError, lmdb.Error) as error:
            raise OutputError(f"cannot write pairs to {folder}: {error}; name another place") from None
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._env.close()

    def put_rows(self, table: Table, first: int, rows: NDArray[np.float32]) -> None:
        """Write rows (n, ...), the first of which has this number."""
        data = np.ascontiguousarray(rows, "<f4")
        self._put({_key(table, first + at): row.tobytes() for at, row in enumerate(data)})

    def __len__(self) -> int:
        """Return how many entries there are."""
        return int(self._env.stat()["entries"])

    def note(self, stage: str, told: Mapping[str, Any]) -> None:
        """Remember that a stage is done, and what it came to."""
        self._put({f"stage/{stage}".encode(): _json(told)})

    def noted(self, stage: str) -> dict[str, Any] | None:
        """Return what a stage came to; None if it is not done."""
        with self._env.begin() as reading:
            body = reading.get(f"stage/{stage}".encode())
        return None if body is None else json.loads(bytes(body))

    def finish(self, columns: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
        """Write the columns of the pairs, and at last the header."""
        self._put({_column(name): _bytes(columns[name], kind) for name, kind in COLUMNS.items()})
        self._put({_HEADER: _json({"schema": SCHEMA, "pairs": len(columns["part"]), **header})})

    def _put(self, items: Mapping[bytes, bytes]) -> None:
        """Write all of some values or none; the map grows until they fit."""
        try:
            while not self._fits(items):
                self._env.set_mapsize(2 * self._env.info()["map_size"])
        except lmdb.Error as error:
            raise OutputError(
                f"cannot write pairs to {self._folder}: {error}; make room or name another place"
            ) from None

    def _fits(self, items: Mapping[bytes, bytes]) -> bool:
        """Write the values if the map is large enough; tell whether it is."""
        with suppress(lmdb.MapFullError), self._env.begin(write=True) as writing:
            for key, value in items.items():
                writing.put(key, value)
            return True
        return False


@dataclass(frozen=True)
class StoredRows:
    """Rows of a table, read when they are asked for.

    Parameters
    ----------
    env
        Open environment.
    table
        Name.
    shape
        (n, ...) of all rows.
    """

    env: Any
    table: Table
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any, /) -> NDArray[np.float32]:
        """Return copies of some rows.

        Raises
        ------
        FormatError
            If one is missing or of another length.
        """
        wanted = np.arange(len(self))[index]
        rows = np.empty((wanted.size, *self.shape[1:]), np.float32)
        with self.env.begin(buffers=True) as reading:
            for at, number in enumerate(wanted.ravel().tolist()):
                value = reading.get(_key(self.table, number))
                if value is None or len(value) != rows[at].nbytes:
                    raise FormatError(f"row {number} of {self.table} is damaged or missing: make the pairs again")
                rows[at] = np.frombuffer(value, "<f4").reshape(self.shape[1:])
        return rows.reshape(*wanted.shape, *self.shape[1:])


def open_pairs(folder: Path) -> Pairs:
    """Open pairs; EEG and fMRI are read when they are asked for.

    Raises
    ------
    FormatError
        If there are none, they were not finished, are damaged, or of a higher schema.
    """
    env = _opened(folder)
    with _damage_told(folder), env.begin() as reading:
        header = json.loads(reading.get(_HEADER) or b"null")
        if not isinstance(header, dict | None):
            raise TypeError(f"a header of type {type(header).__name__}")
        if header is None:
            raise FormatError(
                f"{folder}: expected finished pairs, got some without a header: give the same command"
            )
        check_schema(header, folder)
        n = int(header["pairs"])
        columns: dict[str, Any] = {
            name: _read(reading.get(_column(name)), kind, n) for name, kind in COLUMNS.items()
        }
        rows: dict[str, Any] = {
            table: Picked(StoredRows(env, table, tuple(header[table])), columns.pop(f"{table}_row"))
            for table in ("eeg", "fmri")
        }
        return Pairs(
            **rows,
            **columns,
            channels=tuple(header["channels"]),
            sfreq=float(header["sfreq"]),
            n_clusters=int(header["n_clusters"]),
            facts=header["facts"],
        )


def _opened(folder: Path) -> Any:
    """Open an environment, or return the one that is open: LMDB allows a process one handle of each."""
    file = folder.resolve() / "data.mdb"
    if not file.is_file():
        raise FormatError(f"expected a folder of pairs that bci align data wrote, got {folder}, without data.mdb")
    if (env := _OPEN.get(file)) is None:
        try:
            env = _OPEN[file] = lmdb.open(str(folder), readonly=True, lock=False, readahead=False)
        except lmdb.Error as error:
            raise FormatError(
                f"{folder} is damaged, expected an LMDB environment: {error}; make it again"
            ) from None
    return env


@contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (lmdb.Error, KeyError, ValueError, TypeError) as error:
        raise FormatError(f"{folder} holds no pairs as bci writes them: {error!r}; make them again") from None


def _read(body: bytes | None, kind: type, n: int) -> NDArray[Any]:
    values = np.frombuffer(body or b"", np.dtype(kind).newbyteorder("<"))
    if len(values) != n:
        raise ValueError(f"{len(values)} values for {n} pairs")
    return values.astype(kind)


def _key(table: Table, number: int) -> bytes:
    return table.encode() + b"/" + struct.pack(">Q", number)  # in the order of the rows


def _column(name: str) -> bytes:
    return f"pairs/{name}".encode()


def _bytes(values: NDArray[Any], kind: type) -> bytes:
    return np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<")).tobytes()


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
