"""From the data section of a config to trials and to the bank that they are ranked against."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bci.bank import Bank
from bci.config import expand
from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from bci.types import TrialSet
from models.config import ExperimentConfig
from models.targets import text_bank
from replay.readers import open_dataset
from replay.trials import crop_trials, cut_trials
from replay.world import load_world

__all__ = ["load_bank_of", "load_trials"]

_TRAINING_SEED = 1  # of the recording that a synthetic world trains on; tests and the demo stream others


def load_trials(
    config: ExperimentConfig,
    paths: Sequence[Path] = (),
    hold_out: Sequence[str] = (),
    preprocess: PreprocessSpec | None = None,
) -> TrialSet:
    """Read the recordings of an experiment and cut their trials; microvolts, not scaled.

    Parameters
    ----------
    config
        The experiment.
    paths
        Instead of `config.data.paths`.
    hold_out
        File names without suffixes to leave out.
    preprocess
        Instead of `config.preprocess`, for controls that look at another window.
    """
    spec = preprocess or config.preprocess
    if config.data.reader == "world":
        return _world_trials(config, spec, hold_out)
    where = [str(path) for path in paths] or [expand(path) for path in config.data.paths]
    only = {"subjects": config.data.subjects} if config.data.subjects else {}
    opened = open_dataset(config.data.reader, where, hold_out=hold_out, **only)
    if isinstance(opened, TrialSet):
        trials = crop_trials(opened, spec)
    else:
        trials = cut_trials(opened, spec, config.events, tuple(config.targets.concepts))
    return replace(trials, provenance={**trials.provenance, "held_out": list(hold_out)})


def load_bank_of(config: ExperimentConfig) -> Bank:
    """Return the vectors of the concepts that an experiment trains on."""
    if config.targets.kind == "world":
        return load_world(_world_name(config)).train_bank
    return text_bank(config.targets)


def _world_trials(config: ExperimentConfig, spec: PreprocessSpec, hold_out: Sequence[str]) -> TrialSet:
    if hold_out:
        raise ConfigError("a synthetic world has no files to hold out: its test concepts are never trained on")
    world = load_world(_world_name(config))
    recording, schedule = world.record("train", seed=_TRAINING_SEED)
    return cut_trials([recording], spec, config.events, world.train_bank.names, [schedule.images])


def _world_name(config: ExperimentConfig) -> str:
    if len(config.data.paths) != 1:
        raise ConfigError(f"reader 'world' takes one world in data.paths, got {list(config.data.paths)}")
    return config.data.paths[0]
