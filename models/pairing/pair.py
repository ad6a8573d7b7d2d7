"""From MindBigData's events to a folder of pairs: split in time, deal pictures, embed, compute features, write.

`metadata.json` comes last, so that a folder which was not finished is told from one that was.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bci.bank import BankKey
from bci.storage import new_folder, refuse_non_empty, save_json
from bci.types import TrialSet
from models.pairing.deal import deal
from models.pairing.features import EegFeatures, fit_features
from models.pairing.files import PICTURES, write_array, write_picked, write_pictures, writing
from models.pairing.metadata import about_events, about_features, about_pictures
from models.pairing.part import PairedPart, in_blocks
from models.pairing.quality import Quality, judge
from models.pairing.split import DEVELOPMENT, Parts, check_apart, split
from replay.digits.folder import METADATA, array_file
from replay.digits.pictures import DigitPictures, open_pictures
from replay.readers.mindbigdata import read_mindbigdata

if TYPE_CHECKING:
    from models.vision.clip import ModelChoice

__all__ = ["OnStage", "Request", "pair"]


class OnStage(Protocol):
    """Told how far the work is."""

    def __call__(self, done: int, total: int, said: str) -> None:
        """Tell how much of how much is done, and what is being done."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be paired, and how.

    Parameters
    ----------
    source
        `EP1.01.txt`, converted.
    out
        New folder.
    pictures, per_digit
        Source of pictures, see `replay.digits.pictures`, and how many of each digit are dealt.
    test_share
        Of the events, the last ones.
    development
        Take the few events of `models.pairing.split.DEVELOPMENT` only.
    vision
        Model that pictures and names are embedded by; None leaves their features out.
    seed
        Of the pictures.
    """

    source: Path
    out: Path
    pictures: str = "sklearn"
    per_digit: int = 100
    test_share: float = 0.2
    development: bool = False
    vision: "ModelChoice | None" = None
    seed: int = 0


def pair(request: Request, report: OnStage) -> dict[str, Any]:
    """Write the folder; return what its `metadata.json` says.

    Raises
    ------
    BciError
        If the folder is not empty or cannot be written, the text is not converted, or pictures or the model cannot
        be read; see also `split` and `deal`.
    """
    refuse_non_empty(request.out)
    trials = read_mindbigdata(request.source)
    events = trials.groups["event"]
    rows = split(events, request.test_share, DEVELOPMENT if request.development else None)
    check_apart(events, rows)
    pictures = open_pictures(request.pictures)
    parts = _paired(trials, rows, pictures, request)
    new_folder(request.out)
    # the matrices are small: threads that wait for each other on a busy computer take several times as long
    with writing(request.out), threadpool_limits(1):
        vision = _write_pictures(request, pictures, parts, report)
        features = fit_features(trials, rows.train)
        _write_eeg(request.out, trials, parts, features, report)
        told = {
            **about_events(request.source, trials, rows.rule, parts),
            **about_pictures(pictures, parts, request.seed, vision),
            **about_features(features.columns, _quality(request.out, parts[0], features)),
        }
        save_json(request.out / METADATA, told)
    return told


def _paired(trials: TrialSet, rows: Parts, pictures: DigitPictures, request: Request) -> list[PairedPart]:
    train, test = trials.concepts[rows.train], trials.concepts[rows.test]
    dealt = deal(train, test, pictures.digits, request.per_digit, request.seed)
    return [
        PairedPart("train", rows.train, train, dealt.train),
        PairedPart("test", rows.test, test, dealt.test),
    ]


def _write_pictures(
    request: Request, pictures: DigitPictures, parts: list[PairedPart], report: OnStage
) -> BankKey | None:
    """Write labels, pictures and, with a model, their vectors and those of names; return how these were made."""
    folder = request.out
    in_order = write_pictures(folder, pictures, parts)
    for part in parts:
        write_array(array_file(folder, part.part, "labels"), [part.digits], part.digits.shape, np.int64)
        write_picked(folder, part, "images", pictures.pixels, part.pictures)
    if request.vision is None:
        return None
    from models.pairing.vectors import embed_digits  # noqa: PLC0415 (torch, which nothing else here needs)

    vectors = embed_digits(folder / PICTURES, request.vision, partial(report, said="embedding"))
    row = np.zeros(len(pictures), np.int64)
    row[in_order] = np.arange(len(in_order))
    for part in parts:
        write_picked(folder, part, "img_features", vectors.pictures, row[part.pictures])
        write_picked(folder, part, "text_features", vectors.names, part.digits)
    return vectors.key


def _write_eeg(
    folder: Path, trials: TrialSet, parts: list[PairedPart], features: EegFeatures, report: OnStage
) -> None:
    """Write signals as they were read, and their features."""
    total, done = 2 * sum(map(len, parts)), 0
    for part in parts:
        signals = (trials.data[some] for some in in_blocks(part.rows))
        computed = (features(trials, some) for some in in_blocks(part.rows))
        for name, shape, blocks in (
            ("eeg_data", trials.data.shape[1:], signals),
            ("eeg_features", (features.n_features,), computed),
        ):
            counted = _counted(blocks, partial(report, said=name), done, total)
            write_array(array_file(folder, part.part, name), counted, (len(part), *shape))
            done += len(part)


def _counted(
    blocks: Iterable[NDArray[np.float32]], report: Callable[[int, int], None], done: int, total: int
) -> Iterator[NDArray[np.float32]]:
    """Yield blocks and tell how many rows have been."""
    for block in blocks:
        yield block
        done += len(block)
        report(done, total)


def _quality(folder: Path, train: PairedPart, features: EegFeatures) -> list[Quality]:
    written = np.load(array_file(folder, train.part, "eeg_features"), mmap_mode="r", allow_pickle=False)
    return list(judge(written, train.digits, features.columns))
