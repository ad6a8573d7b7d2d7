"""Recorded EEG, whatever the file: one registry of formats, one door for single files and one for data sets.

Adding a format is a file in this folder, a line in `READERS` and a sample in the contract suite. The formats'
libraries, NumPy among them, are imported when a file is opened: the command line reads the registry for its help.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from bci.errors import ConfigError, FormatError
from replay.readers.provenance import stem, subject_of

if TYPE_CHECKING:
    from bci.types import Recording, TrialSet

__all__ = ["READERS", "Reader", "open_dataset", "open_recording", "reader_of"]


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
        Opens one file; options by their names.
    options
        Names of the options.
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[..., "Recording | TrialSet"]
    options: tuple[str, ...] = ()

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


def _xdf(path: Path, stream: str | None = None, device: str | None = None) -> "Recording":
    from replay.readers.xdf import read_xdf  # noqa: PLC0415

    return read_xdf(path, stream, device)


def _things_eeg2(path: Path) -> "TrialSet":
    from replay.readers.things_eeg2 import read_things_eeg2  # noqa: PLC0415

    return read_things_eeg2(path)


def _things_eeg2_raw(path: Path) -> "Recording":
    from replay.readers.things_eeg2_raw import read_things_eeg2_raw  # noqa: PLC0415

    return read_things_eeg2_raw(path)


def _bids(path: Path, column: str | None = None) -> "Recording":
    from replay.readers.bids import read_bids  # noqa: PLC0415

    return read_bids(path, column)


def _npy(path: Path, **options: Any) -> "TrialSet":
    from replay.readers.npy import read_npy  # noqa: PLC0415

    return read_npy(path, **options)


def _mindbigdata(path: Path, **options: Any) -> "TrialSet":
    from replay.readers.mindbigdata import read_mindbigdata  # noqa: PLC0415

    return read_mindbigdata(path, **options)


def _digit_pairs(path: Path, **options: Any) -> "TrialSet":
    from replay.readers.digit_pairs import read_digit_pairs  # noqa: PLC0415

    return read_digit_pairs(path, **options)


READERS: dict[str, Reader] = {
    "muse": Reader("Muse LSL recordings", (".csv", ".csv.gz"), _muse),
    "things-eeg1-erps": Reader("THINGS-EEG1 category averages", (".npz",), _things_eeg1_erps),
    "things-eeg2-raw": Reader(
        "THINGS-EEG2 at 1 kHz", ("raw_eeg_training.npy", "raw_eeg_test.npy"), _things_eeg2_raw
    ),
    "things-eeg2": Reader(
        "THINGS-EEG2 as epochs",
        ("preprocessed_eeg_training.npy", "preprocessed_eeg_test.npy", "train.pt", "test.pt"),
        _things_eeg2,
    ),
    "mindbigdata": Reader(
        "MindBigData's EPOC file",
        ("ep1.01.txt",),
        _mindbigdata,
        ("length", "flat", "lowest", "highest", "railed", "noise"),
    ),
    "digit-pairs": Reader(
        "an EPOC's events of digits in two parts",
        ("train_eeg_data.npy", "train_data.npy"),
        _digit_pairs,
        ("part",),
    ),
    "bids": Reader(
        "EEG in BIDS", ("_eeg.vhdr", "_eeg.edf", "_eeg.bdf", "_eeg.set", "_eeg.fif"), _bids, ("column",)
    ),
    "mne": Reader(
        "BrainVision, EDF, BDF, FIF, EEGLAB", (".vhdr", ".edf", ".bdf", ".fif", ".fif.gz", ".set"), _mne
    ),
    "xdf": Reader("LabRecorder's XDF", (".xdf", ".xdfz", ".xdf.gz"), _xdf, ("stream", "device")),
    "npy": Reader("bare NumPy arrays", (".npy",), _npy, ("channels", "sfreq", "tmin", "force")),
}
"""Name in configs -> format; where several own a file, the first one opens it."""

_DERIVED = ("derivatives", "sourcedata")
"""Folders of a BIDS data set that hold other versions of its recordings."""


def open_recording(path: str | Path, stream: str | None = None) -> "Recording":
    """Open one continuous recording; its suffix says which reader takes it.

    Parameters
    ----------
    path
        The file, or the folder of a session that was recorded. Epochs are laid end to end, see
        `replay.epoch_stream`.
    stream
        Name, source_id or number of the stream, where the file is XDF and holds several.

    Raises
    ------
    ConfigError
        If a stream is named for a file that holds no streams.
    StreamError
        If an XDF file does not hold exactly one EEG stream that can be used.
    FormatError
        If there is no such file, no reader knows it, or it is damaged.
    """
    from bci.folder import recording_in  # noqa: PLC0415
    from bci.types import TrialSet  # noqa: PLC0415

    path = Path(path)
    if path.is_dir():
        path = recording_in(path)
    if not path.is_file():
        raise FormatError(f"expected a recording, got {path}, which is not there: check the path")
    reader = READERS[_reader_of(path)]
    if stream is not None and "stream" not in reader.options:
        raise ConfigError(f"expected an XDF file where a stream is named, got {path}: leave the stream out")
    opened = reader.read(path, **({} if stream is None else {"stream": stream}))
    if not isinstance(opened, TrialSet):
        return opened
    from replay.epoch_stream import recording_of  # noqa: PLC0415

    return recording_of(opened)


def open_dataset(
    reader: str,
    paths: Sequence[str | Path],
    only: Sequence[str] = (),
    hold_out: Sequence[str] = (),
    subjects: Sequence[str] = (),
    options: Mapping[str, Any] = MappingProxyType({}),
) -> "Iterator[Recording] | TrialSet":
    """Open the files of an experiment, one at a time; what is left out is not touched.

    Parameters
    ----------
    reader
        Key of `READERS`.
    paths
        Files, and folders that stand for all of the reader's files in and below them, in the order of their
        names. Below a folder, `derivatives` and `sourcedata` of BIDS are passed over.
    only
        File names without suffixes (`.csv.gz` counts as one): the others are left out; empty takes all.
    hold_out
        File names without suffixes to leave out.
    subjects
        As file names or folders say them, `01` for `sub-01`: the others are left out; empty takes all.
    options
        Of the reader, by name.

    Returns
    -------
    Iterator of Recording, or TrialSet
        In the order of `paths`, each recording opened when it is its turn. A reader of epochs takes one file.

    Raises
    ------
    ConfigError
        If there is no such reader, a name in `only`, `hold_out`, `subjects` or `options` fits nothing, or no file
        is left.
    FormatError
        If a path does not exist or a file is refused.
    """
    from bci.types import TrialSet  # noqa: PLC0415

    if reader not in READERS:
        raise ConfigError(f"expected one of the readers {', '.join(READERS)}; got {reader!r}")
    if unknown := [name for name in options if name not in READERS[reader].options]:
        known = ", ".join(READERS[reader].options) or "no options"
        raise ConfigError(f"reader {reader!r}: expected {known}; got {', '.join(unknown)}: correct it")
    files = _select(_of_subjects(_files(READERS[reader], paths), subjects), only, hold_out)
    read = partial(READERS[reader].read, **options)
    first = read(files[0])
    if not isinstance(first, TrialSet):
        others = (_named(cast("Recording", read(file)), file) for file in files[1:])
        return chain([_named(first, files[0])], others)
    if len(files) > 1:
        got = ", ".join(one.name for one in files)
        raise ConfigError(f"expected one file of epochs, got {got}: name one, or its subject")
    return first


def _named(recording: "Recording", path: Path) -> "Recording":
    """Return a recording that has a name, that of its file where it tells none: trials are held out by it."""
    if "recording" in recording.provenance:
        return recording
    return replace(recording, provenance={**recording.provenance, "recording": stem(path)})


def reader_of(paths: Sequence[str | Path], preferred: str | None = None) -> str:
    """Return the reader that opens all of some files and folders.

    Parameters
    ----------
    paths
        As for `open_dataset`.
    preferred
        Key of `READERS`: taken if it owns them all.

    Raises
    ------
    ConfigError
        If different readers own them.
    FormatError
        If a path does not exist, or no reader owns it.
    """
    if preferred in READERS and all(_has(READERS[preferred], Path(path)) for path in paths):
        return preferred
    owners = {name: str(path) for path in paths for name in _owners(Path(path))}
    if len(owners) != 1:
        found = "; ".join(f"{name} ({path})" for name, path in owners.items())
        raise ConfigError(f"expected files that one reader opens, got {found or 'none'}: name files of one format")
    return next(iter(owners))


def _reader_of(path: Path) -> str:
    for name, reader in READERS.items():
        if reader.owns(path):
            return name
    known = "; ".join(f"{reader.title} ({', '.join(reader.suffixes)})" for reader in READERS.values())
    raise FormatError(f"{path}: expected a recording by {known}; got {path.suffix or 'no suffix'}: convert it")


def _owners(path: Path) -> list[str]:
    """Readers of a file, or of what is in a folder, where bare arrays and files that nobody owns may lie too."""
    if not path.is_dir():
        return [_reader_of(_existing(path))]
    found = {next((name for name, reader in READERS.items() if reader.owns(file)), "") for file in _below(path)}
    if not (owners := sorted(found - {"", "npy"})):
        raise FormatError(f"{path}: expected recordings in it, there are none: name another folder")
    return owners


def _has(reader: Reader, path: Path) -> bool:
    return any(map(reader.owns, _below(path))) if path.is_dir() else reader.owns(path)


def _files(reader: Reader, paths: Sequence[str | Path]) -> list[Path]:
    return [file for path in paths for file in _expand(reader, Path(path))]


def _expand(reader: Reader, path: Path) -> list[Path]:
    if not path.is_dir():
        return [_owned(reader, _existing(path))]
    if not (found := [file for file in _below(path) if reader.owns(file)]):
        raise FormatError(f"{path}: expected files that end in {', '.join(reader.suffixes)}; there are none")
    return found


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FormatError(f"expected a file or a folder, got {path}, which does not exist")
    return path


def _below(folder: Path) -> list[Path]:
    """All files in and below a folder, in the order of their names."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in files if not set(_DERIVED) & set(file.relative_to(folder).parts[:-1]))


def _owned(reader: Reader, path: Path) -> Path:
    if reader.owns(path):
        return path
    if path.suffix == ".npy":
        from replay.readers.npy import refuse_npy  # noqa: PLC0415

        refuse_npy(path)
    raise FormatError(
        f"{path}: expected {reader.title}, whose names end in {', '.join(reader.suffixes)}: name one"
    )


def _of_subjects(files: list[Path], subjects: Sequence[str]) -> list[Path]:
    if not subjects:
        return files
    known = {subject_of(file) or "" for file in files}
    if unknown := [subject for subject in subjects if subject not in known]:
        there = ", ".join(sorted(known - {""})) or "none that names or folders tell"
        raise ConfigError(f"subjects: expected some of {there}; got {', '.join(unknown)}: correct it")
    return [file for file in files if subject_of(file) in subjects]


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
