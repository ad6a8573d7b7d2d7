"""Trials beside the pictures that they showed, checked against each other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.config import expand
from bci.errors import ConfigError, MismatchError
from bci.types import TrialSet
from models.config import ExperimentConfig
from models.reconstruction.config import DataConfig
from models.reconstruction.input_spec import InputSpec
from models.reconstruction.pairs import Ints, Pairs, Part
from models.reconstruction.shown import Shown, in_folder, rendered
from replay.world import load_world

__all__ = ["numbered", "pair_trials", "shown_pictures", "with_events"]


def with_events(experiment: ExperimentConfig, events: int | None) -> ExperimentConfig:
    """Return an experiment on a synthetic world with another number of training events."""
    if events is None:
        return experiment
    if experiment.data.reader != "world":
        raise ConfigError("data.events is of synthetic worlds: leave it out for recorded trials")
    options = {**experiment.data.options, "events": events}
    return experiment.model_copy(update={"data": experiment.data.model_copy(update={"options": options})})


def shown_pictures(experiment: ExperimentConfig, data: DataConfig, part: Part) -> Shown:
    """Return the pictures that one part of an experiment showed.

    Raises
    ------
    ConfigError
        If the config does not say where they lie.
    """
    if experiment.data.reader == "world":
        return rendered(load_world(experiment.data.paths[0]), part)
    folder = data.pictures if part == "train" else data.test_pictures or data.pictures
    if not folder:
        raise ConfigError(
            f"data.pictures: expected the folder of the pictures that {experiment.name} showed, got none"
        )
    return in_folder(Path(expand(folder)))


def pair_trials(
    spec: InputSpec,
    inputs: Callable[[Ints], NDArray[np.float32]],
    trials: TrialSet,
    kept: Ints,
    shown: Shown,
) -> Pairs:
    """Put the kept trials beside what they showed, and refuse pictures that are not theirs."""
    images = trials.images[kept]
    if (images < 0).any():
        raise MismatchError("expected trials that say which picture they showed, got some that do not")
    if images.max() >= len(shown.owner):
        raise MismatchError(
            f"the trials show picture {images.max()}, counted from 0, the folder has {len(shown.owner)}: name the "
            "very folder that was shown"
        )
    told = numbered(trials.concept_names, shown.names)[trials.concepts[kept]]
    if (other := told != shown.owner[images]).any():
        first = int(np.argmax(other))
        raise MismatchError(
            f"picture {images[first]} shows {shown.names[shown.owner[images[first]]]!r} by its folder and "
            f"{trials.concept_names[trials.concepts[kept][first]]!r} by the trials: name the very folder that was "
            "shown"
        )
    return Pairs(
        spec=spec,
        inputs=inputs,
        pictures=shown.pictures,
        shown=images,
        owner=shown.owner,
        names=shown.names,
        signals=lambda rows: np.asarray(trials.data[kept[rows]], np.float32),
        world=shown.world,
        about=_about(trials),
    )


def _about(trials: TrialSet) -> dict[str, Any]:
    recordings = trials.provenance.get("recordings", [trials.provenance])
    return {"synthetic": any(one.get("kind") == "SYNTHETIC" for one in recordings), "caveats": []}


def numbered(names: Sequence[str], among: Sequence[str]) -> Ints:
    """Return where each name stands among others; -1 if it does not."""
    index = {name: number for number, name in enumerate(among)}
    return np.array([index.get(name, -1) for name in names], np.int64)
