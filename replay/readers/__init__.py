"""Recorded EEG, whatever the file: one registry of formats, one door for single files and one for data sets.

Adding a format is a file in this folder, a line in `READERS` and a sample in the contract suite. The formats'
libraries, NumPy among them, are imported when a file is opened: the command line reads the registry for its help.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bci.errors import ConfigError, FormatError
from replay.readers.provenance import stem

if TYPE_CHECKING:
    from bci.types import Recording, TrialSet

__all__ = ["READERS", "Reader", "open_dataset", "open_recording"]


@dataclass(frozen=True, slots=True)
class Reader:
    """One format.

    Parameters
    ----------
    title
        What it is, in a few words.
    suffixes
        How its files' names end, lower case.
    read
        Opens one file.
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], "Recording | TrialSet"]

    def owns(self, path: Path) -> bool:
        """Whether the name of a file ends as those of this format do."""
        return path.name.lower().endswith(self.suffixes)


def _muse(path: Path) -> "Recording":
    from replay.readers.muse import read_muse  # noqa: PLC0415

    return read_muse(path)


def _things_eeg1_erps(path: Path) -> "TrialSet":
    from replay.readers.things_eeg1_erps import read_things_eeg1_erps  # noqa: PLC0415

    return read_things_eeg1_erps(path)


def _mne(path: Path) -> "Recording":
    from replay.readers.mne_files import read_mne  # noqa: PLC0415

    return read_mne(path)


def _xdf(path: Path, stream: str | None = None) -> "Recording":
    from replay.readers.xdf import read_xdf  # noqa: PLC0415

    return read_xdf(path, stream)


def _npy(path: Path) -> "Recording":
    from replay.readers.npy import refuse_npy  # noqa: PLC0415

    refuse_npy(path)


READERS: dict[str, Reader] = {
    "muse": Reader("Muse LSL recordings", (".csv", ".csv.gz"), _muse),
    "things-eeg1-erps": Reader("THINGS-EEG1 category averages", (".npz",), _things_eeg1_erps),
    "mne": Reader(
        "BrainVision, EDF, BDF, FIF, EEGLAB", (".vhdr", ".edf", ".bdf", ".fif", ".fif.gz", ".set"), _mne
    ),
    "xdf": Reader("LabRecorder's XDF", (".xdf", ".xdfz", ".xdf.gz"), _xdf),
}
"""Name in configs -> format."""


def open_recording(path: str | Path, stream: str | None = None) -> "Recording":
    """Open one continuous recording; its suffix says which reader takes it.

    Parameters
    ----------
    path
        The file.
    stream
        Name, source_id or number of the stream, where the file is XDF and holds several.

    Raises
    ------
    ConfigError
        If a stream is named for a file that holds no streams.
    StreamError
        If an XDF file does not hold exactly one EEG stream that can be used.
    FormatError
        If there is no such file, no reader knows it, it is damaged, or it holds epochs.
    """
    from bci.types import TrialSet  # noqa: PLC0415

    path = Path(path)
    if not path.is_file():
        raise FormatError(f"expected a recording, got {path}, which is {_instead_of_a_file(path)}")
    reader = _reader_of(path)
    if stream is not None and reader is not READERS["xdf"]:
        raise ConfigError(f"expected an XDF file where a stream is named, got {path}: leave the stream out")
    opened = reader.read(path) if stream is None else _xdf(path, stream)
    if isinstance(opened, TrialSet):
        raise FormatError(
            f"{path}: expected a continuous recording, got {len(opened)} epochs, whose order and time are "
            "lost: train and evaluate on it, or stream another file"
        )
    return opened


def open_dataset(
    reader: str, paths: Sequence[str | Path], only: Sequence[str] = (), hold_out: Sequence[str] = ()
) -> "list[Recording] | TrialSet":
    """Open the files of an experiment.

    Parameters
    ----------
    reader
        Key of `READERS`.
    paths
        Files, and folders that stand for all of the reader's files in and below them, in the order of their
        names.
    only
        File names without suffixes (`.csv.gz` counts as one): the others are left out; empty takes all.
    hold_out
        File names without suffixes to leave out.

    Returns
    -------
    list of Recording, or TrialSet
        In the order of `paths`. A reader of epochs takes one file.

    Raises
    ------
    ConfigError
        If there is no such reader, a name in `only` or `hold_out` fits no file, or nothing is left.
    FormatError
        If a path does not exist or a file is refused.
    """
    from bci.types import Recording, TrialSet  # noqa: PLC0415

    if reader not in READERS:
        raise ConfigError(f"expected one of the readers {', '.join(READERS)}; got {reader!r}")
    files = _select(_files(READERS[reader], paths), only, hold_out)
    opened = [READERS[reader].read(file) for file in files]
    recordings = [item for item in opened if isinstance(item, Recording)]
    if len(recordings) == len(opened):
        return recordings
    if len(opened) == 1 and isinstance(opened[0], TrialSet):
        return opened[0]
    raise ConfigError(f"expected one file of epochs, got {', '.join(file.name for file in files)}: name one")


def _reader_of(path: Path) -> Reader:
    if path.suffix == ".npy":
        return Reader("NumPy", (".npy",), _npy)
    for reader in READERS.values():
        if reader.owns(path):
            return reader
    known = "; ".join(f"{reader.title} ({', '.join(reader.suffixes)})" for reader in READERS.values())
    raise FormatError(f"{path}: expected a recording by {known}; got {path.suffix or 'no suffix'}: convert it")


def _files(reader: Reader, paths: Sequence[str | Path]) -> list[Path]:
    return [file for path in paths for file in _expand(reader, Path(path))]


def _expand(reader: Reader, path: Path) -> list[Path]:
    if path.is_file():
        return [_owned(reader, path)]
    if not path.is_dir():
        raise FormatError(f"expected a file or a folder, got {path}, which does not exist")
    found = sorted(file for file in path.rglob("*") if file.is_file() and reader.owns(file))
    if not found:
        raise FormatError(f"{path}: expected files that end in {', '.join(reader.suffixes)}; there are none")
    return found


def _owned(reader: Reader, path: Path) -> Path:
    if path.suffix == ".npy":
        _npy(path)
    if not reader.owns(path):
        raise FormatError(
            f"{path}: expected {reader.title}, whose names end in {', '.join(reader.suffixes)}: name one"
        )
    return path


def _select(files: list[Path], only: Sequence[str], hold_out: Sequence[str]) -> list[Path]:
    if double := [file.name for i, file in enumerate(files) if any(file.samefile(other) for other in files[:i])]:
        raise ConfigError(
            f"expected every file once, got {double[0]} twice, whose trials would count twice: name it once"
        )
    names = [stem(file) for file in files]
    for role, wanted in (("only", only), ("hold-out", hold_out)):
        if unknown := [name for name in wanted if name not in names]:
            raise ConfigError(
                f"{role}: expected file names without suffixes, of {', '.join(names)}; got "
                f"{', '.join(unknown)}: correct it"
            )
    left = [
        file
        for file, name in zip(files, names, strict=True)
        if name not in hold_out and (not only or name in only)
    ]
    if not left:
        raise ConfigError(f"expected at least one file to read, got none of {', '.join(names) or 'none'}")
    return left


def _instead_of_a_file(path: Path) -> str:
    return "a folder: name one of its files" if path.is_dir() else "not there: check the path"
