"""From the data section of a config to trials and to the bank that they are ranked against."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, numbered
from bci.config import expand
from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from bci.types import Recording, TrialSet
from models.config import ExperimentConfig
from models.targets import class_bank, load_target_bank, text_bank
from replay.readers import open_dataset, reader_of
from replay.trials import crop_trials, cut_trials
from replay.world import Schedule, World, load_world
from replay.world.record import Split
from replay.world.things_eeg2 import FORM, by_picture, file_of, write_things_eeg2

__all__ = [
    "WORLD_OPTIONS",
    "load_bank_of",
    "load_test_bank",
    "load_test_trials",
    "load_trials",
    "partition_session",
    "ranked_bank_file",
    "training_session",
]

WORLD_OPTIONS = ("events", "form")
"""Options of the reader `world`: how many events the training session of each person has; `form = "things-eeg2"`:
its sessions are written as files of that data set and read as they are."""

_TRAINING_SEED = 1  # of the recording that a synthetic world trains on; tests and the demo stream others
_TEST_SEED = 2  # of the recording that it is judged on


def load_trials(
    config: ExperimentConfig,
    paths: Sequence[Path] = (),
    hold_out: Sequence[str] = (),
    preprocess: PreprocessSpec | None = None,
    bank: Bank | None = None,
) -> TrialSet:
    """Read the recordings of an experiment and cut their trials; microvolts, not scaled.

    Parameters
    ----------
    config
        The experiment.
    paths
        Instead of `config.data.paths`; the reader is theirs, whatever the config says.
    hold_out
        File names without suffixes to leave out.
    preprocess
        Instead of `config.preprocess`, for controls that look at another window.
    bank
        Concepts that may be shown, by default those of `config.targets`.
    """
    spec = preprocess or config.preprocess
    if config.data.reader == "world" and not paths:
        return _world_trials(config, spec, hold_out)
    where = [str(path) for path in paths] or [expand(path) for path in config.data.paths]
    reader = reader_of(where, preferred=config.data.reader) if paths else config.data.reader
    options = config.data.options if reader == config.data.reader else {}
    opened = open_dataset(reader, where, config.data.only, hold_out, config.data.subjects, options)
    if isinstance(opened, TrialSet):
        trials = crop_trials(opened, spec)
    else:
        bank = bank or load_bank_of(config)
        trials = cut_trials(opened, spec, numbered(config.events, bank), bank.names)
    return replace(trials, provenance={**trials.provenance, "held_out": list(hold_out)})


def load_bank_of(config: ExperimentConfig) -> Bank:
    """Return the vectors of the concepts that an experiment trains on.

    Raises
    ------
    ConfigError
        If the config does not say which they are.
    FormatError
        If a file of vectors is missing or damaged.
    """
    targets = config.targets
    if targets.kind == "world":
        return load_world(_world_name(config)).train_bank
    if targets.kind == "classes":
        return class_bank(tuple(dict.fromkeys(config.events.concepts.values())))
    if targets.kind == "text":
        return text_bank(targets)
    if not targets.bank:
        raise ConfigError('targets.kind = "bank" needs targets.bank, the file that bci embed wrote')
    return load_target_bank(targets.bank)


def load_test_trials(
    config: ExperimentConfig, preprocess: PreprocessSpec | None = None, bank: Bank | None = None
) -> TrialSet:
    """Read the test partition of an experiment and cut its trials; microvolts, not scaled.

    Parameters
    ----------
    config
        The experiment.
    preprocess
        Instead of `config.preprocess`.
    bank
        Concepts that may be shown, by default those of `load_test_bank`; a synthetic world shows its own.

    Raises
    ------
    ConfigError
        If there is no test partition.
    """
    if _in_files(config):
        return _read_from_files(config, preprocess or config.preprocess, "test")
    if config.data.reader == "world":
        world, recording, schedule = partition_session(config)
        names = world.test_bank.names
        return cut_trials([recording], preprocess or config.preprocess, config.events, names, [schedule.images])
    if not config.data.test_only and not config.data.test_paths:
        raise ConfigError('evaluation.test = "partition" needs data.test_paths or data.test_only, its files')
    data = config.data
    there = data.model_copy(update={"paths": data.test_paths or data.paths, "only": data.test_only})
    shown = bank or load_test_bank(config)
    return load_trials(config.model_copy(update={"data": there}), preprocess=preprocess, bank=shown)


def load_test_bank(config: ExperimentConfig) -> Bank:
    """Return the vectors that the test partition of an experiment is ranked against."""
    if config.targets.kind == "world":
        return load_world(_world_name(config)).test_bank
    if config.targets.test_bank:
        return load_target_bank(config.targets.test_bank, load_bank_of(config))
    return load_bank_of(config)


def ranked_bank_file(config: ExperimentConfig) -> Path | None:
    """Return the file of the bank that an experiment is judged against; None where there is none."""
    targets = config.targets
    if targets.kind != "bank":
        return None
    tested = targets.test_bank if config.evaluation.test == "partition" else ""
    return Path(expand(tested or targets.bank))


def partition_session(config: ExperimentConfig) -> tuple[World, Recording, Schedule]:
    """Record the test session of a synthetic world, the same at every call, its events in the order of the trials.

    Raises
    ------
    ConfigError
        If the config names several of its people.
    """
    people = _people(config)
    if len(people) > 1:
        raise ConfigError(
            "the test partition of a synthetic world is one person's, got data.subjects = "
            f'{", ".join(config.data.subjects)}: name one, or leave people out with evaluation.by = "subject"'
        )
    world = load_world(_world_name(config), people[0])
    recording, schedule = world.record("test", seed=_TEST_SEED)
    named = {**recording.provenance, "recording": "test"}  # apart from that of the training session
    schedule = by_picture(schedule) if _in_files(config) else schedule
    return world, replace(recording, provenance=named), schedule


def training_session(config: ExperimentConfig, seed: int = _TRAINING_SEED) -> tuple[World, Recording, Schedule]:
    """Record the session that one person of a synthetic world trains on, its events in the order of the trials.

    With another seed it is another session of the same pictures, in other order and noise.

    Raises
    ------
    ConfigError
        If the config names several people, or an option that there is none of.
    """
    if len(config.data.subjects) > 1:
        raise ConfigError(f"expected one person of a synthetic world, got {', '.join(config.data.subjects)}")
    world, recording, schedule = next(_sessions(config, seed))
    return world, recording, by_picture(schedule) if _in_files(config) else schedule


def _world_trials(config: ExperimentConfig, spec: PreprocessSpec, hold_out: Sequence[str]) -> TrialSet:
    if hold_out:
        raise ConfigError("a synthetic world has no files to hold out: its test concepts are never trained on")
    if _in_files(config):
        return _read_from_files(config, spec, "train")
    names = load_world(_world_name(config)).train_bank.names
    shown: list[NDArray[np.int64]] = []
    return cut_trials(_noted(_sessions(config), shown), spec, config.events, names, shown)


def _noted(
    sessions: Iterator[tuple[World, Recording, Schedule]], shown: list[NDArray[np.int64]]
) -> Iterator[Recording]:
    """Yield recordings, and note which pictures each shows."""
    for _, recording, schedule in sessions:
        shown.append(schedule.images)
        yield recording


def _in_files(config: ExperimentConfig) -> bool:
    """Whether the sessions of a synthetic world pass through files of a data set.

    Raises
    ------
    ConfigError
        If they should be in files of another one.
    """
    form = config.data.options.get("form") if config.data.reader == "world" else None
    if form not in (None, FORM):
        raise ConfigError(f"reader 'world' knows the form {FORM!r}, got {form!r}")
    return form is not None


def _read_from_files(config: ExperimentConfig, spec: PreprocessSpec, split: Split) -> TrialSet:
    """Write the sessions of a world as files of THINGS-EEG2 and read one of them as any of that data set."""
    world, recording, schedule = partition_session(config)
    _, trained, shown = training_session(config)
    with TemporaryDirectory(prefix="bci-") as made:
        write_things_eeg2(Path(made), world, (trained, shown), (recording, schedule))
        opened = open_dataset(FORM, [file_of(Path(made), split)])
        trials = crop_trials(cast("TrialSet", opened), spec)
    session = recording if split == "test" else trained
    return replace(trials, provenance={**trials.provenance, **session.provenance})


def _sessions(config: ExperimentConfig, seed: int = _TRAINING_SEED) -> Iterator[tuple[World, Recording, Schedule]]:
    """Record the training session of each person of a world."""
    if unknown := [key for key in config.data.options if key not in WORLD_OPTIONS]:
        raise ConfigError(f"reader 'world' has no option {unknown[0]!r}; it has {', '.join(WORLD_OPTIONS)}")
    for person in _people(config):
        world = load_world(_world_name(config), person)
        yield world, *world.record("train", config.data.options.get("events"), seed=seed)


def _people(config: ExperimentConfig) -> list[int | None]:
    """Return the people of a world that a config names by their numbers; None: the one in the world's file."""
    for label in config.data.subjects:
        if not label.isdecimal():
            raise ConfigError(
                f"data.subjects: expected numbers of people of a synthetic world, such as 1; got {label!r}"
            )
    return [int(label) for label in config.data.subjects] or [None]


def _world_name(config: ExperimentConfig) -> str:
    if len(config.data.paths) != 1:
        raise ConfigError(f"reader 'world' takes one world in data.paths, got {list(config.data.paths)}")
    return config.data.paths[0]
