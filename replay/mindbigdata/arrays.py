"""Where a converted file lies, and how to open it.

`EP1.01.arrays` beside `EP1.01.txt` holds `signals.npy`, `events.safetensors` with one entry per event and how far
the conversion is, and `broken.tsv`, the lines that were no rows.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.storage import load_tensors, save_tensors
from replay.mindbigdata.rows import CHANNELS
from replay.readers.numpy_pickle import load

__all__ = ["LENGTH", "Checkpoint", "Events", "Fingerprint", "Folder", "fingerprint", "write_header"]

LENGTH = 256
"""Samples that are kept of a row: two seconds. Longer rows are cut, shorter ones end in their last value."""

_HEAD = 2**16  # bytes of a file that are hashed: enough to tell two exports apart
_ARRAYS = ("numbers", "codes", "lines", "sizes")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one source from another without reading it: its size, and the SHA-256 of its first 64 KiB."""

    size: int
    head: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a conversion is.

    Parameters
    ----------
    offset, line
        Bytes and lines of the source that have been read.
    listed
        Bytes of `broken.tsv` that belong to them.
    broken
        Reason -> number of lines.
    """

    offset: int = 0
    line: int = 0
    listed: int = 0
    broken: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Events:
    """What is known of each event, in the order in which they first appear.

    Parameters
    ----------
    numbers, codes, lines
        (n,) int64 number of the event, digit or -1, and line of the source where it begins.
    sizes
        (n, 14) int64 samples that each channel had; 0: its row is missing.
    """

    numbers: NDArray[np.int64]
    codes: NDArray[np.int64]
    lines: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """(n,) whether all channels are there."""
        return np.asarray((self.sizes > 0).all(axis=1))


@dataclass(frozen=True, slots=True)
class Folder:
    """The arrays of one source.

    Parameters
    ----------
    path
        Where they lie.
    """

    path: Path

    @classmethod
    def of(cls, source: Path) -> "Folder":
        """Return the folder beside a source."""
        return cls(source.with_suffix(".arrays"))

    @property
    def signals(self) -> Path:
        """(n, 14, 256) float32 microvolts, mapped; what was never written is 0."""
        return self.path / "signals.npy"

    @property
    def events(self) -> Path:
        """`Events` and `Checkpoint`; whole at any time."""
        return self.path / "events.safetensors"

    @property
    def broken(self) -> Path:
        """Lines that were no rows: number and reason, separated by a tab."""
        return self.path / "broken.tsv"

    def save(self, source: Fingerprint, checkpoint: Checkpoint, events: Events) -> None:
        """Note how far the conversion is."""
        header = {
            "source": asdict(source),
            **asdict(checkpoint),
        }
        save_tensors(self.events, {name: getattr(events, name) for name in _ARRAYS}, header)

    def load(self) -> tuple[Fingerprint, Checkpoint, Events]:
        """Return what `save` noted.

        Raises
        ------
        FormatError
            If it is damaged.
        """
        tensors, header = load_tensors(self.events)
        try:
            source = Fingerprint(int(header["source"]["size"]), str(header["source"]["head"]))
            broken = {str(reason): int(number) for reason, number in header["broken"].items()}
            checkpoint = Checkpoint(int(header["offset"]), int(header["line"]), int(header["listed"]), broken)
            return source, checkpoint, Events(**{name: tensors[name] for name in _ARRAYS})
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(
                f"{self.events} is damaged: {error}; remove {self.path.name} and convert again"
            ) from None

    def open(self, source: Path) -> tuple[NDArray[np.float32], Events, Checkpoint]:
        """Return signals, mapped, and events of a source that has been converted to its end.

        Raises
        ------
        FormatError
            If it has not been, has changed since, or the arrays are damaged.
        """
        if not self.events.is_file():
            raise FormatError(
                f"{source}: expected its arrays beside it, there are none: bci convert {source.name}"
            )
        made_of, checkpoint, events = self.load()
        if fingerprint(source) != made_of:
            raise FormatError(
                f"{self.path.name} was made of another {source.name}: remove it, then bci convert {source.name}"
            )
        if checkpoint.offset != made_of.size:
            raise FormatError(
                f"{source} is converted to {checkpoint.offset / made_of.size:.0%}: "
                f"bci convert {source.name} goes on"
            )
        signals = load(self.signals)
        if not isinstance(signals, np.ndarray) or signals.shape != (len(events), len(CHANNELS), LENGTH):
            raise FormatError(f"{self.signals} is damaged: remove {self.path.name} and convert again")
        return signals, events, checkpoint


def fingerprint(source: Path) -> Fingerprint:
    """Look at a file.

    Raises
    ------
    FormatError
        If it cannot be read.
    """
    try:
        with source.open("rb") as file:
            return Fingerprint(source.stat().st_size, hashlib.sha256(file.read(_HEAD)).hexdigest())
    except OSError as error:
        raise FormatError(f"cannot read {source}: {error.strerror}") from None


def write_header(file: IO[bytes], n_events: int) -> int:
    """Write the header of `signals.npy`; return its length, which is the same for any number of events."""
    description: dict[str, Any] = {
        "descr": "<f4",
        "fortran_order": False,
        "shape": (n_events, len(CHANNELS), LENGTH),
    }
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, description)
    return file.tell()
