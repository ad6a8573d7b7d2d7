"""What a person looks at before trusting pairs: a table of each side's pictures, and a sheet of some pairs."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bci.errors import OutputError
from models.alignment.contact_sheet import contact_sheet, evenly, save_sheet
from models.alignment.matched import Matched
from models.alignment.pairs import PARTS
from models.alignment.sources import Sources
from models.vision.pictures import list_pictures, read_picture
from replay.nsd.stimuli import picture_id
from replay.nsd.stimuli import read_picture as read_stimulus
from replay.world.pictures import picture_vectors

__all__ = ["SHEET", "eeg_concepts", "write_sheet", "write_tables"]

Ints = NDArray[np.int64]

SHEET = "contact_sheet.png"

_COLUMNS = ("row", "picture", "concept", "path", "cluster", "component", "part")
_PAIRS = 24  # on the sheet


def eeg_concepts(sources: Sources, pictures: Ints) -> list[str]:
    """Return the concepts of pictures of the EEG's bank."""
    bank = sources.eeg_bank
    return [] if bank.owner is None else [bank.names[owner] for owner in bank.owner[pictures].tolist()]


def write_tables(out: Path, sources: Sources, matched: Matched) -> None:
    """Write `eeg_pictures.tsv` and `fmri_pictures.tsv`, a row for each picture that is in a pair.

    Cluster, component and part are those of the picture's most similar pair.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    files = _eeg_files(sources)
    shown = np.unique(matched.matches.first)
    root = (sources.eeg_pictures or Path()).absolute()
    paths = [files[picture].relative_to(root).as_posix() if files else "" for picture in shown.tolist()]
    eeg = zip(map(str, shown.tolist()), eeg_concepts(sources, shown), paths, strict=True)
    _write(out / "eeg_pictures.tsv", list(eeg), matched.matches.first, matched)
    names = [sources.fmri_bank.names[row] for row in np.unique(matched.matches.second).tolist()]
    _write(out / "fmri_pictures.tsv", [(name, "", "") for name in names], matched.matches.second, matched)


def write_sheet(out: Path, sources: Sources, matched: Matched) -> bool:
    """Draw pairs from the most similar to the least, where both pictures are at hand; tell whether they are.

    Raises
    ------
    FormatError
        If a picture is damaged.
    OutputError
        If the sheet cannot be written.
    """
    files, matches, stimuli = _eeg_files(sources), matched.matches, sources.nsd.stimuli
    if not files or not stimuli.is_file():
        return False
    pairs = []
    for row in evenly(matches.similarity, _PAIRS).tolist():
        number = picture_id(sources.fmri_bank.names[matches.second[row]])
        if number is not None:
            said = f"{matches.similarity[row]:.3f} {PARTS[matches.part[row]]}"
            second = Image.fromarray(read_stimulus(stimuli, number))
            pairs.append((read_picture(files[matches.first[row]]), second, said))
    save_sheet(out / SHEET, contact_sheet(pairs))
    return True


def _eeg_files(sources: Sources) -> tuple[Path, ...]:
    """Files of the EEG's pictures in the order of the bank; none if they are not the ones that were embedded."""
    if sources.eeg_pictures is None:
        return ()
    paths = list_pictures(sources.eeg_pictures).paths  # absolute
    return paths if len(paths) == len(picture_vectors(sources.eeg_bank)) else ()


def _write(path: Path, names: Sequence[tuple[str, str, str]], pictures: Ints, matched: Matched) -> None:
    """Write the table of the pictures (n,) that pairs name, in ascending order."""
    matches = matched.matches
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow(_COLUMNS)
            for row, (named, pair) in enumerate(zip(names, _best(pictures, matches.similarity), strict=True)):
                part = PARTS[matches.part[pair]]
                writer.writerow([row, *named, matched.clusters[pair], matches.component[pair], part])
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; make room or name another place") from None


def _best(pictures: Ints, similarity: NDArray[np.float32]) -> list[int]:
    """The most similar pair of each picture, pictures ascending."""
    order = np.lexsort((-similarity, pictures))
    best: list[int] = order[np.unique(pictures[order], return_index=True)[1]].tolist()
    return best
