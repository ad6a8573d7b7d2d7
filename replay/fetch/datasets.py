"""The data sets that can be fetched: who made them, under which licence, which of their files go where.

Adding one is a function that lists its files, and an entry in `DATASETS`.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bci.errors import BciError, ConfigError

if TYPE_CHECKING:
    from replay.fetch.listing import Entry, Item
    from replay.fetch.web import Web

__all__ = ["DATASETS", "Choice", "Dataset", "check_terms", "choose", "find_dataset"]

_PARTITIONS = ("training", "test")


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a data set is wanted."""

    subjects: tuple[str, ...]
    partitions: tuple[str, ...]
    form: str | None
    pictures: bool
    sessions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set.

    Parameters
    ----------
    title, licence, citation, home
        For whoever uses it.
    subjects
        As its files name them, without `sub-`; empty if it is of nobody's EEG.
    partitions, forms
        Those it comes in; empty if there is one alone.
    pictures
        Whether there are pictures to fetch with it.
    sessions
        How many sessions there are of one person at most, if one may choose among them.
    terms
        What must be agreed to before it is fetched.
    items
        Lists the files of a choice.
    """

    title: str
    licence: str
    citation: str
    home: str
    subjects: tuple[str, ...]
    items: "Callable[[Web, Choice], list[Item]]"
    partitions: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    pictures: bool = False
    sessions: int = 0
    terms: str = ""


def find_dataset(name: str) -> Dataset:
    """Return a data set.

    Raises
    ------
    ConfigError
        If there is none of that name; the message names the nearest.
    """
    if name not in DATASETS:
        raise ConfigError(
            f"expected one of the data sets {', '.join(DATASETS)}; got {name!r}{_nearest(name, DATASETS)}"
        )
    return DATASETS[name]


def choose(
    name: str,
    subjects: Sequence[str],
    partition: str | None,
    form: str | None,
    pictures: bool,
    sessions: Sequence[int] = (),
) -> Choice:
    """Return what is wanted of a data set; everything where nothing is said.

    Raises
    ------
    ConfigError
        For a subject that is not in it, or an option that makes no sense for it.
    """
    dataset = find_dataset(name)
    if subjects and not dataset.subjects:
        raise ConfigError(f"{name} has no subjects, got {', '.join(subjects)}: leave --subjects out")
    for option, value, known in (("partition", partition, dataset.partitions), ("form", form, dataset.forms)):
        if value is not None and value not in known:
            kinds = f"expected --{option} {' or '.join(known)}" if known else f"{name} has one {option}"
            raise ConfigError(f"{kinds}; got {value!r}: {'correct it' if known else 'leave it out'}")
    if pictures and not dataset.pictures:
        raise ConfigError(f"{name} comes without pictures: leave --pictures out")
    if wrong := [session for session in sessions if not 1 <= session <= dataset.sessions]:
        kinds = f"expected sessions 1 to {dataset.sessions}" if dataset.sessions else f"{name} is fetched whole"
        raise ConfigError(f"{kinds}; got {wrong[0]}: {'correct it' if dataset.sessions else 'leave it out'}")
    return Choice(
        subjects=tuple(dict.fromkeys(_subject(name, dataset, text) for text in subjects)) or dataset.subjects,
        partitions=dataset.partitions if partition is None else (partition,),
        form=form or (dataset.forms[0] if dataset.forms else None),
        pictures=pictures,
        sessions=tuple(sessions),
    )


def check_terms(name: str, *, accepted: bool) -> None:
    """Refuse to fetch what must be agreed to first.

    Raises
    ------
    ConfigError
        If it was not; the message says what.
    """
    if (terms := find_dataset(name).terms) and not accepted:
        raise ConfigError(f"{name} is for those who agreed to its terms: {terms}; then add --accept-terms")


def _subject(name: str, dataset: Dataset, text: str) -> str:
    """The subject that `1`, `01` or `sub-01` means."""
    number = text.removeprefix("sub-")
    for subject in dataset.subjects:
        if number == subject or (number.isdecimal() and int(number) == int(subject)):
            return subject
    known = (
        f"{dataset.subjects[0]} to {dataset.subjects[-1]}" if len(dataset.subjects) > 1 else dataset.subjects[0]
    )
    raise ConfigError(f"expected subjects of {name}, {known}; got {text!r}{_nearest(number, dataset.subjects)}")


def _nearest(text: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(text, list(known), n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else ""


_EEG2_PROJECTS = {"preprocessed": "anp5v", "raw": "crxs4", "pictures": "y63gw"}
_EEG2_FILES = {
    "preprocessed": (re.compile(r"(?:^|/)preprocessed_eeg_(\w+)\.npy$"), "sub-{subject}/preprocessed_eeg_{1}.npy"),
    "raw": (re.compile(r"(?:^|/)(ses-\d+)/raw_eeg_(\w+)\.npy$"), "raw_data/sub-{subject}/{1}/raw_eeg_{2}.npy"),
}
_EEG2_PICTURE = re.compile(r"(?:^|/)(\d{4,5}_[^/]+)/([^/.][^/]*\.jpe?g)$", re.IGNORECASE)


def _things_eeg2(web: "Web", choice: Choice) -> "list[Item]":
    from replay.fetch.osf import list_osf  # noqa: PLC0415

    form = choice.form or "preprocessed"
    recordings = list_osf(web, _EEG2_PROJECTS[form])
    items = [item for subject in choice.subjects for item in _eeg2_subject(recordings, subject, form, choice)]
    return items + list(_eeg2_pictures(list_osf(web, _EEG2_PROJECTS["pictures"]), choice))


def _eeg2_subject(entries: "Sequence[Entry]", subject: str, form: str, choice: Choice) -> "Iterator[Item]":
    """Files of one subject, whether the project holds archives of them or the files themselves."""
    pattern, template = _EEG2_FILES[form]

    def place(name: str) -> str | None:
        found = pattern.search(name)
        wanted = found and found.groups()[-1] in choice.partitions
        return template.format(found[0], *found.groups(), subject=subject) if found and wanted else None

    here = [entry for entry in entries if re.search(rf"(?:^|/)sub-{subject}(?:/|\.zip$)", entry.name)]
    yield from _some(_placed(here, place, f"downloads/{form}"), f"sub-{subject} in {form} form", entries)


def _eeg2_pictures(entries: "Sequence[Entry]", choice: Choice) -> "Iterator[Item]":
    """The table of pictures always, the pictures if they are wanted."""
    table = [entry for entry in entries if PurePosixPath(entry.name).name == "image_metadata.npy"]
    yield from _some(_placed(table, lambda _: "images/image_metadata.npy", ""), "image_metadata.npy", entries)
    for partition in choice.partitions if choice.pictures else ():
        here = [entry for entry in entries if f"{partition}_images" in entry.name]
        yield from _some(_placed(here, _picture(partition), "downloads/images"), f"{partition} pictures", entries)


def _picture(partition: str) -> Callable[[str], str | None]:
    def place(name: str) -> str | None:
        found = _EEG2_PICTURE.search(name)
        return f"images/{partition}_images/{found[1]}/{found[2]}" if found else None

    return place


def _placed(entries: "Iterable[Entry]", place: Callable[[str], str | None], downloads: str) -> "Iterator[Item]":
    """Archives go to `downloads` and are unpacked, other files go to their place."""
    from replay.fetch.listing import Item  # noqa: PLC0415
    from replay.fetch.names import safe_path  # noqa: PLC0415

    for entry in entries:
        if entry.name.lower().endswith(".zip"):
            yield Item(entry, safe_path(f"{downloads}/{PurePosixPath(entry.name).name}"), place)
        elif (where := place(entry.name)) is not None:
            yield Item(entry, safe_path(where))


def _some(items: "Iterable[Item]", what: str, entries: "Sequence[Entry]") -> "list[Item]":
    """The items, of which there must be some."""
    if found := list(items):
        return found
    names = ", ".join(entry.name for entry in entries[:5])
    raise BciError(f"expected {what}, but the server lists {len(entries)} files ({names}, ...); update bci-live")


def _things_eeg1(web: "Web", choice: Choice) -> "list[Item]":
    """The folders of the subjects in BIDS, and what is said of all of them at the top."""
    from replay.fetch.openneuro import list_openneuro  # noqa: PLC0415

    top = list_openneuro(web, "ds003825")
    folders = {subject: list_openneuro(web, "ds003825", f"sub-{subject}/") for subject in choice.subjects}
    items = list(_placed(top, lambda name: name, "downloads"))
    for subject, entries in folders.items():
        items += _some(_placed(entries, lambda name: name, "downloads"), f"sub-{subject}", entries)
    return items


_MUSE = ("alexandrebarachant/muse-lsl", "53c07a324ee43902beb373db8062fad532d520bb")
_MUSE_FILE = re.compile(r"subject(\d+)/(session\d+)/data_([^/]+\.csv)")


def _muse(folder: str, with_session: bool) -> "Callable[[Web, Choice], list[Item]]":
    """Recordings of one experiment, named `rec_TIME.csv`; other subjects than the first have theirs in front."""

    def items(web: "Web", choice: Choice) -> "list[Item]":
        from replay.fetch.github import list_github  # noqa: PLC0415

        def place(name: str) -> str | None:
            found = _MUSE_FILE.fullmatch(name)
            if found is None or found[1] not in choice.subjects:
                return None
            subject = "" if found[1] == "1" else f"sub-{found[1]}_"
            return f"{found[2] + '/' if with_session else ''}{subject}rec_{found[3]}"

        entries = list_github(web, *_MUSE, folder)
        return _some(_placed(entries, place, "downloads"), "recordings", entries)

    return items


_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist"
_MNIST_FILES = {
    "train-images-idx3-ubyte.gz": (
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train-labels-idx1-ubyte.gz": (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "t10k-images-idx3-ubyte.gz": (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "t10k-labels-idx1-ubyte.gz": (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}
"""Name -> size and SHA-256, for the server lists nothing."""


def _mnist(web: "Web", choice: Choice) -> "list[Item]":  # noqa: ARG001 (the files are known, and all are wanted)
    from replay.fetch.checksum import Checksum  # noqa: PLC0415
    from replay.fetch.listing import Entry  # noqa: PLC0415

    entries = [
        Entry(name, f"{_MNIST}/{name}", size, Checksum("sha256", digest))
        for name, (size, digest) in _MNIST_FILES.items()
    ]
    return list(_placed(entries, lambda name: name, "downloads"))


_NSD = "https://natural-scenes-dataset.s3.amazonaws.com"
_NSD_TERMS = (
    "fill out the NSD Data Access Agreement (https://forms.gle/xue2bCdM9LaFNMeb7) and read the Terms and "
    "Conditions (https://cvnlab.slite.page/p/IB6BSeW_7o/Terms-and-Conditions)"
)


def _nsd(web: "Web", choice: Choice) -> "list[Item]":
    """The table of pictures, and of each person the mask of visual cortex and the responses of the sessions."""
    from replay.fetch.s3 import list_s3  # noqa: PLC0415
    from replay.nsd.folder import STIMULI, TABLE, NsdFolder  # noqa: PLC0415

    items = _listed(list_s3(web, _NSD, TABLE), TABLE)
    items += _listed(list_s3(web, _NSD, STIMULI), STIMULI) if choice.pictures else []
    for subject in choice.subjects:
        person = NsdFolder(Path(), int(subject), choice.form or "")
        mask, responses = person.mask.as_posix(), person.responses.as_posix()
        names = [person.betas(session).as_posix() for session in choice.sessions]
        items += _listed(list_s3(web, _NSD, mask), mask)
        items += _listed(list_s3(web, _NSD, f"{responses}/"), *(names or [f"{responses}/betas_session"]))
    return items


def _listed(entries: "Sequence[Entry]", *beginnings: str) -> "list[Item]":
    """The files whose names begin so; there must be some of each. Of responses, those in HDF5."""
    items: list[Item] = []
    for beginning in beginnings:
        here = [entry for entry in entries if entry.name.startswith(beginning)]
        wanted = [entry for entry in here if entry.name.endswith((".hdf5", ".csv", "nsdgeneral.nii.gz"))]
        items += _some(_placed(wanted, lambda name: name, "downloads"), beginning, entries)
    return items


_MINDEYE2 = ("pscotti/mindeyev2", "train_logs/final_subj{subject}_pretrained_40sess_24bs")


def _mindeye2(web: "Web", choice: Choice) -> "list[Item]":
    """The checkpoint of each person's final model, in which `ridge.linears.0` maps voxels to 4,096 dimensions."""
    from replay.fetch.huggingface import list_huggingface  # noqa: PLC0415

    repository, folders = _MINDEYE2
    items: list[Item] = []
    for subject in choice.subjects:
        folder = folders.format(subject=subject)
        entries = list_huggingface(web, "datasets", repository, folder)
        items += _some(_placed(entries, _checkpoint(folder, subject), ""), f"{folder}/last.pth", entries)
    return items


def _checkpoint(folder: str, subject: str) -> Callable[[str], str | None]:
    return lambda name: f"subj{subject}/last.pth" if name == f"{folder}/last.pth" else None


def _cbramod(web: "Web", choice: Choice) -> "list[Item]":  # noqa: ARG001 (there is one model)
    from replay.fetch.huggingface import list_huggingface  # noqa: PLC0415

    entries = list_huggingface(web, "models", "braindecode/cbramod-pretrained")
    wanted = [entry for entry in entries if entry.name in ("config.json", "model.safetensors")]
    return _some(_placed(wanted, lambda name: name, ""), "model.safetensors", entries)


_MUSE_CITATION = (
    "A. Barachant, H. Banville and others: muse-lsl, https://github.com/alexandrebarachant/muse-lsl (2017)"
)

DATASETS = {
    "things-eeg2": Dataset(
        title="THINGS-EEG2: 10 people, 16,740 pictures at 5 Hz, 64-channel actiCHamp",
        licence="CC BY 4.0",
        citation="A. T. Gifford, K. Dwivedi, G. Roig, R. M. Cichy: A large and rich EEG dataset for modeling "
        "human visual object recognition. NeuroImage 264, 119754 (2022), "
        "https://doi.org/10.1016/j.neuroimage.2022.119754",
        home="https://osf.io/3jk45",
        subjects=tuple(f"{i:02d}" for i in range(1, 11)),
        items=_things_eeg2,
        partitions=_PARTITIONS,
        forms=("preprocessed", "raw"),
        pictures=True,
    ),
    "things-eeg1": Dataset(
        title="THINGS-EEG1: 50 people, 22,248 pictures at 10 Hz, BIDS",
        licence="CC0",
        citation="T. Grootswagers, I. Zhou, A. K. Robinson, M. N. Hebart, T. A. Carlson: Human EEG recordings for "
        "1,854 concepts presented in rapid serial visual presentation streams. Scientific Data 9, 3 (2022), "
        "https://doi.org/10.1038/s41597-021-01102-7",
        home="https://openneuro.org/datasets/ds003825",
        subjects=tuple(f"{i:02d}" for i in range(1, 51)),
        items=_things_eeg1,
    ),
    "muse-n170": Dataset(
        title="Muse, faces and houses: one person, two-minute recordings, four channels",
        licence="BSD-3-Clause",
        citation=_MUSE_CITATION,
        home="https://github.com/alexandrebarachant/muse-lsl",
        subjects=("1",),
        items=_muse("data/visual/N170", with_session=False),
    ),
    "muse-p300": Dataset(
        title="Muse, rare cats among dogs: two people, two-minute recordings, four channels",
        licence="BSD-3-Clause",
        citation=_MUSE_CITATION,
        home="https://github.com/alexandrebarachant/muse-lsl",
        subjects=("1", "2"),
        items=_muse("data/visual/P300", with_session=True),
    ),
    "mnist": Dataset(
        title="MNIST: 70,000 pictures of handwritten digits, for bci pair",
        licence="CC BY-SA 3.0",
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
        "recognition. Proceedings of the IEEE 86, 2278-2324 (1998), https://doi.org/10.1109/5.726791",
        home="https://yann.lecun.com/exdb/mnist/",
        subjects=(),
        items=_mnist,
    ),
    "nsd": Dataset(
        title="Natural Scenes Dataset: 7 T fMRI of 8 people, up to 10,000 pictures three times each",
        licence="NSD Terms and Conditions, after the NSD Data Access Agreement",
        citation="E. J. Allen, G. St-Yves, Y. Wu, J. L. Breedlove, J. S. Prince and others: A massive 7T fMRI "
        "dataset to bridge cognitive neuroscience and artificial intelligence. Nature Neuroscience 25, 116-126 "
        "(2022), https://doi.org/10.1038/s41593-021-00962-x",
        home="https://naturalscenesdataset.org",
        subjects=tuple(f"{i:02d}" for i in range(1, 9)),
        items=_nsd,
        forms=("betas_fithrf_GLMdenoise_RR", "betas_fithrf", "betas_assumehrf"),
        pictures=True,
        sessions=40,
        terms=_NSD_TERMS,
    ),
    "mindeye2": Dataset(
        title="MindEye2: models of four people of NSD, for their projection of voxels to 4,096 dimensions",
        licence="as its makers say; made from NSD, whose terms hold",
        citation="P. S. Scotti, M. Tripathy, C. Torrico, R. Kneeland and others: MindEye2: Shared-Subject Models "
        "Enable fMRI-To-Image With 1 Hour of Data. ICML (2024), https://arxiv.org/abs/2403.11207",
        home="https://huggingface.co/datasets/pscotti/mindeyev2",
        subjects=("01", "02", "05", "07"),
        items=_mindeye2,
        terms=_NSD_TERMS,
    ),
    "cbramod": Dataset(
        title="CBraMod: weights of a criss-cross transformer that was pretrained on clinical EEG, for braindecode",
        licence="BSD-3-Clause",
        citation="J. Wang, S. Zhao, Z. Luo, Y. Zhou, H. Jiang, S. Li, T. Li, G. Pan: CBraMod: A Criss-Cross Brain "
        "Foundation Model for EEG Decoding. ICLR (2025), https://arxiv.org/abs/2412.07236",
        home="https://huggingface.co/braindecode/cbramod-pretrained",
        subjects=(),
        items=_cbramod,
    ),
}
"""The data sets by name."""
