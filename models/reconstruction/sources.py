"""Where pairs of EEG and pictures come from: a trained bundle, an experiment, or a folder of `bci pair`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.config import expand, load_config
from bci.errors import ConfigError, MismatchError
from bci.preprocess import scale_epochs
from bci.types import TrialSet
from models.bundle import Bundle, load_bundle
from models.config import ExperimentConfig
from models.data import load_bank_of, load_test_bank, load_test_trials, load_trials, training_session
from models.decoders import ScoringDecoder
from models.reconstruction.config import DataConfig, ReconstructionConfig
from models.reconstruction.networks import InputSpec
from models.reconstruction.paired_folder import paired_folder
from models.reconstruction.pairs import Ints, Pairs, Part
from models.reconstruction.shown import Shown, in_folder, rendered
from models.runtime import load_decoder
from models.training_set import training_set
from replay.trials import cut_trials
from replay.world import load_world

__all__ = ["Data", "load_data", "some_trials"]

FRESH_SEED = 3
"""Of the session of a synthetic world whose embeddings a bundle makes: other noise than it was trained on."""
AT_ONCE = 256  # epochs that are decoded together

FRESH = "embeddings of trials that the decoder was not trained on, of the pictures that it was"
USED = "embeddings of trials that the decoder may have been trained on: nearer to the truth than those to come"


@dataclass(frozen=True, slots=True)
class Data:
    """What a reconstruction is trained on, and what it is judged on."""

    train: Pairs
    test: Pairs


def load_data(config: ReconstructionConfig) -> Data:
    """Read both parts of the data of a reconstruction.

    Raises
    ------
    ConfigError
        If the config does not say where pictures lie.
    MismatchError
        If trials do not know which picture they showed, or pictures do not fit them.
    FormatError
        If a file is missing or damaged.
    """
    data = config.data
    if data.pairs:
        folder = Path(expand(data.pairs))
        return Data(paired_folder(folder, "train", data.array), paired_folder(folder, "test", data.array))
    if data.bundle:
        return _of_bundle(load_bundle(Path(expand(data.bundle))), data)
    return _of_experiment(load_config(ExperimentConfig, data.experiment), data)


def some_trials(data: Data, n: int) -> Data:
    """Return the data with at most `n` test trials, evenly spaced."""
    rows = np.linspace(0, len(data.test) - 1, min(n, len(data.test))).astype(np.int64)
    return replace(data, test=data.test.part(rows))


# ------------------------------------------------------------------------------------------------------ of epochs


def _of_experiment(experiment: ExperimentConfig, data: DataConfig) -> Data:
    experiment = _with_events(experiment, data.events)
    trials = load_trials(experiment, [Path(expand(path)) for path in data.paths])
    trained, tested = training_set(trials, load_bank_of(experiment), experiment), load_test_trials(experiment)
    spec = experiment.preprocess
    what = InputSpec((len(spec.channels), spec.n_times), spec.sfreq, spec.channels)

    def test_epochs(rows: Ints) -> NDArray[np.float32]:
        return scale_epochs(np.asarray(tested.data[rows], np.float32), spec, trained.whitening)

    shown = _shown(experiment, data, "train"), _shown(experiment, data, "test")
    return Data(
        _pairs(what, trained.epochs, trials, trained.kept, shown[0]),
        _pairs(what, test_epochs, tested, np.arange(len(tested)), shown[1]),
    )


# -------------------------------------------------------------------------------------------------- of embeddings


def _of_bundle(bundle: Bundle, data: DataConfig) -> Data:
    experiment = _with_events(bundle.config, data.events)
    trials, note = _not_trained_on(experiment, data)
    tested = load_test_trials(experiment)
    shown = _shown(experiment, data, "train"), _shown(experiment, data, "test")
    decoder = load_decoder(bundle, device="cpu")
    train, _ = _decoded(bundle, decoder, trials)
    test, taken_for = _decoded(bundle, decoder, tested)
    ranked = load_test_bank(experiment)
    _, named = _decoded(bundle, load_decoder(bundle, ranked, "cpu"), tested)
    what = InputSpec(train.shape[1:], decoder=bundle.id)
    guesses: dict[Part, Ints] = {
        "train": _numbered(decoder.spec.concepts, shown[0].names)[taken_for],
        "test": _numbered(ranked.names, shown[1].names)[named],
    }
    judged = _pairs(what, test.__getitem__, tested, np.arange(len(tested)), shown[1])
    learned = _pairs(what, train.__getitem__, trials, np.arange(len(trials)), shown[0])
    return Data(replace(learned, about={**learned.about, "inputs": note}), replace(judged, guesses=guesses))


def _not_trained_on(experiment: ExperimentConfig, data: DataConfig) -> tuple[TrialSet, str]:
    """Return training trials whose embeddings are like those to come, if there are any, and what they are."""
    if data.paths:
        return load_trials(experiment, [Path(expand(path)) for path in data.paths]), FRESH
    if experiment.data.reader != "world" or "form" in experiment.data.options:
        return load_trials(experiment), USED
    world, recording, schedule = training_session(experiment, FRESH_SEED)
    names = world.train_bank.names
    return cut_trials([recording], experiment.preprocess, experiment.events, names, [schedule.images]), FRESH


def _decoded(bundle: Bundle, decoder: ScoringDecoder, trials: TrialSet) -> tuple[NDArray[np.float32], Ints]:
    """Return what a live session would get of each trial: embeddings (n, D), and the best concept (n,)."""
    embeddings, best = [], []
    for first in range(0, len(trials), AT_ONCE):
        epochs = np.asarray(trials.data[first : first + AT_ONCE], np.float32)
        scaled = scale_epochs(epochs, bundle.preprocess, bundle.whitening)
        for ranking in decoder.decode(scaled, [None] * len(scaled), 1):
            embeddings.append(ranking.embedding)
            best.append(int(ranking.indices[0]))
    return np.stack(embeddings), np.array(best, np.int64)


# --------------------------------------------------------------------------------------------------------- shared


def _with_events(experiment: ExperimentConfig, events: int | None) -> ExperimentConfig:
    """Return an experiment on a synthetic world with another number of training events."""
    if events is None:
        return experiment
    if experiment.data.reader != "world":
        raise ConfigError("data.events is of synthetic worlds: leave it out for recorded trials")
    options = {**experiment.data.options, "events": events}
    return experiment.model_copy(update={"data": experiment.data.model_copy(update={"options": options})})


def _shown(experiment: ExperimentConfig, data: DataConfig, part: Part) -> Shown:
    if experiment.data.reader == "world":
        return rendered(load_world(experiment.data.paths[0]), part)
    folder = data.pictures if part == "train" else data.test_pictures or data.pictures
    if not folder:
        raise ConfigError(
            f"data.pictures: expected the folder of the pictures that {experiment.name} showed, got none"
        )
    return in_folder(Path(expand(folder)))


def _pairs(
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
    told = _numbered(trials.concept_names, shown.names)[trials.concepts[kept]]
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


def _numbered(names: Sequence[str], among: Sequence[str]) -> Ints:
    """Return where each name stands among others; -1 if it does not."""
    index = {name: number for number, name in enumerate(among)}
    return np.array([index.get(name, -1) for name in names], np.int64)
