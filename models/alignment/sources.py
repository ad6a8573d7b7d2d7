"""Where the data of an alignment come from: the experiment of the EEG, the files of the fMRI, a bank of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bci.bank import Bank, load_bank
from bci.config import expand, load_config
from bci.errors import ConfigError, FormatError, MismatchError
from bci.storage import SCHEMA, load_json, save_json
from models.alignment.data_config import AlignmentDataConfig, SyntheticConfig
from models.config import ExperimentConfig
from models.data import load_bank_of
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import Presentations, read_presentations
from replay.nsd.synthetic import SyntheticPerson, write_synthetic_person, write_synthetic_pictures
from replay.world import World, load_world

__all__ = ["Sources", "open_sources"]


@dataclass(frozen=True)
class Sources:
    """What is matched.

    Parameters
    ----------
    experiment
        Whose trials are the EEG.
    eeg_bank
        Vectors of all pictures that it may show, `images` in the order in which trials number them.
    eeg_pictures
        Folder of these pictures, None if it is not named.
    nsd, sessions
        Files of the fMRI, and which sessions of it.
    shown
        Pictures that were shown in these.
    fmri_bank
        Vectors of its pictures, each a concept that is named as `replay.nsd.stimuli.picture_name` does.
    synthetic
        Whether the fMRI was made and not measured.
    """

    experiment: ExperimentConfig
    eeg_bank: Bank
    eeg_pictures: Path | None
    nsd: NsdFolder
    sessions: tuple[int, ...]
    shown: Presentations
    fmri_bank: Bank
    synthetic: bool


def open_sources(config: AlignmentDataConfig, out: Path) -> Sources:
    """Find the sources; SYNTHETIC ones are written below `out` if they are not there.

    Raises
    ------
    ConfigError
        If the experiment says of nothing which picture was shown.
    MismatchError
        If the banks are not of one model.
    FormatError
        If a file is missing, or a bank is damaged.
    """
    experiment = _experiment(config)
    eeg_bank = load_bank_of(experiment)
    if eeg_bank.images is None:
        raise ConfigError(
            f"{config.eeg.experiment}: expected a bank with a vector of every picture that was shown, got vectors "
            "of concepts alone: embed the folder of pictures"
        )
    pictures = Path(expand(config.eeg.pictures)) if config.eeg.pictures else None
    if config.synthetic is not None:
        nsd, bank_file = NsdFolder(out / "synthetic", 1), out / "synthetic" / "pictures.safetensors"
        pictures = out / "synthetic" / "images"
        _write_synthetic(config.synthetic, _world(experiment), nsd, bank_file, pictures)
    else:
        nsd = NsdFolder(Path(expand(config.fmri.folder)), config.fmri.subject, config.fmri.kind)
        bank_file = Path(expand(config.fmri.bank))
    fmri_bank = load_bank(bank_file)
    if differing := eeg_bank.key.differences(fmri_bank.key):
        raise MismatchError(f"{bank_file} does not fit the bank of the EEG: {differing}; embed both the same way")
    sessions = config.fmri.sessions or nsd.sessions()
    _check_files(config, nsd, sessions)
    shown = read_presentations(nsd.table, nsd.subject, sessions)
    synthetic = config.synthetic is not None
    return Sources(experiment, eeg_bank, pictures, nsd, sessions, shown, fmri_bank, synthetic)


def _check_files(config: AlignmentDataConfig, nsd: NsdFolder, sessions: Sequence[int]) -> None:
    """Refuse what would be missed after hours of reading."""
    needed = [nsd.mask, *(nsd.betas(session) for session in sessions)]
    if missing := [path for path in needed if not path.is_file()]:
        raise FormatError(f"expected {missing[0]}, found none: fetch it by bci fetch nsd, or name other sessions")
    if config.fmri.ridge and not Path(expand(config.fmri.ridge)).is_file():
        raise FormatError(
            f"expected MindEye2's checkpoint {expand(config.fmri.ridge)}, found none: fetch it by bci fetch "
            'mindeye2, or fit a ridge with fmri.ridge = ""'
        )


def _experiment(config: AlignmentDataConfig) -> ExperimentConfig:
    experiment = load_config(ExperimentConfig, config.eeg.experiment)
    instead = {
        "paths": config.eeg.paths or experiment.data.paths,
        "subjects": (config.eeg.subject,) if config.eeg.subject else experiment.data.subjects,
    }
    return experiment.model_copy(update={"data": experiment.data.model_copy(update=instead)})


def _world(experiment: ExperimentConfig) -> World:
    """Return the world that a synthetic experiment is of."""
    if experiment.data.reader != "world":
        raise ConfigError(
            f"{experiment.name}: expected EEG of a synthetic world beside synthetic fMRI, got the reader "
            f"{experiment.data.reader!r}: leave the table `synthetic` out"
        )
    return load_world(experiment.data.paths[0])


def _write_synthetic(config: SyntheticConfig, world: World, nsd: NsdFolder, bank: Path, pictures: Path) -> None:
    """Write pictures and responses if they are not there; what they are is noted at last."""
    note = bank.with_name("synthetic.json")
    told = {"person": config.model_dump(), "world": world.spec.model_dump(mode="json")}
    if note.is_file() and load_json(note) == {"schema": SCHEMA, **told}:
        return
    person = SyntheticPerson(config.pictures, config.voxels, config.noise, config.seed)
    write_synthetic_pictures(pictures, world)
    write_synthetic_person(nsd, bank, world, person)
    save_json(note, told)
