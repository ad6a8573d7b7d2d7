"""What a trained decoder makes of trials, beside what they showed: what paints live is trained on that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.config import expand
from bci.errors import MismatchError
from bci.preprocess import scale_epochs
from bci.types import TrialSet
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.data import load_bank_of, load_test_bank, load_test_trials, load_trials, training_session
from models.decoders import ScoringDecoder
from models.reconstruction.belief import believed, fitted_temperature
from models.reconstruction.config import DataConfig
from models.reconstruction.input_spec import InputSpec
from models.reconstruction.pairs import Ints, Pairs, Part
from models.reconstruction.showing import numbered, pair_trials, shown_pictures, with_events
from models.runtime import load_decoder
from replay.trials import cut_trials

__all__ = ["embedded_pairs"]

FRESH_SEED = 3
"""Of the session of a synthetic world whose embeddings a bundle makes: other noise than it was trained on."""
AT_ONCE = 256  # epochs that are decoded together

FRESH = "embeddings of trials that the decoder was not trained on, of the pictures that it was"
USED = "embeddings of trials that the decoder may have been trained on: nearer to the truth than those to come"


def embedded_pairs(bundle: Bundle, data: DataConfig) -> tuple[Pairs, Pairs]:
    """Decode the trials of both parts of the experiment that a bundle was trained on.

    Raises
    ------
    ConfigError
        If the config does not say where pictures lie.
    MismatchError
        If trials do not know which picture they showed, pictures do not fit them, or the decoder has no prototypes
        where they are needed.
    """
    experiment = with_events(bundle.config, data.events)
    trials, note = _not_trained_on(experiment, data)
    tested = load_test_trials(experiment)
    shown = shown_pictures(experiment, data, "train"), shown_pictures(experiment, data, "test")
    ranked = load_test_bank(experiment)
    decoder = load_decoder(bundle, device="cpu")
    learned, closed = _decoded(bundle, decoder, trials), _decoded(bundle, decoder, tested)
    judged = _decoded(bundle, load_decoder(bundle, ranked, "cpu"), tested)
    guesses: dict[Part, Ints] = {
        "train": numbered(bundle.bank.names, shown[0].names)[closed.best],
        "test": numbered(ranked.names, shown[1].names)[judged.best],
    }
    temperature = _temperature(learned, trials) if data.candidates else None
    spec = InputSpec(learned.embeddings.shape[1:], decoder=bundle.id, temperature=temperature)
    train = pair_trials(spec, learned.inputs(spec), trials, np.arange(len(trials)), shown[0])
    test = pair_trials(spec, judged.inputs(spec), tested, np.arange(len(tested)), shown[1])
    train = replace(train, about={**train.about, "inputs": note})
    if data.vectors:
        train = _with_pictures(train, bundle, load_bank_of(experiment))
    return train, replace(test, guesses=guesses)


def _not_trained_on(experiment: ExperimentConfig, data: DataConfig) -> tuple[TrialSet, str]:
    """Return training trials whose embeddings are like those to come, if there are any, and what they are."""
    if data.paths:
        return load_trials(experiment, [Path(expand(path)) for path in data.paths]), FRESH
    if experiment.data.reader != "world" or "form" in experiment.data.options:
        return load_trials(experiment), USED
    world, recording, schedule = training_session(experiment, FRESH_SEED)
    names = world.train_bank.names
    return cut_trials([recording], experiment.preprocess, experiment.events, names, [schedule.images]), FRESH


@dataclass(frozen=True, slots=True)
class _Decoded:
    """What a live session would get of each trial.

    Parameters
    ----------
    embeddings
        (n, D).
    best
        (n,) the concept that is named.
    concepts
        That compete.
    prototypes
        (N, D) of them; None where they would fill the memory.
    """

    embeddings: NDArray[np.float32]
    best: Ints
    concepts: tuple[str, ...]
    prototypes: NDArray[np.float32] | None

    def inputs(self, spec: InputSpec) -> Callable[[Ints], NDArray[np.float32]]:
        """Return what is encoded of trials (m,)."""
        if spec.temperature is None or self.prototypes is None:
            return self.embeddings.__getitem__
        return believed(self.embeddings, self.prototypes, spec.temperature).__getitem__


def _decoded(bundle: Bundle, decoder: ScoringDecoder, trials: TrialSet) -> _Decoded:
    embeddings, best = [], []
    for first in range(0, len(trials), AT_ONCE):
        epochs = np.asarray(trials.data[first : first + AT_ONCE], np.float32)
        scaled = scale_epochs(epochs, bundle.preprocess, bundle.whitening)
        for ranking in decoder.decode(scaled, [None] * len(scaled), 1):
            embeddings.append(ranking.embedding)
            best.append(int(ranking.indices[0]))
    return _Decoded(np.stack(embeddings), np.array(best, np.int64), decoder.spec.concepts, decoder.prototypes)


def _temperature(decoded: _Decoded, trials: TrialSet) -> float:
    if decoded.prototypes is None:
        raise MismatchError(
            "data.candidates: expected a decoder with a prototype of each concept: leave it out with this one"
        )
    truths = numbered(trials.concept_names, decoded.concepts)[trials.concepts]
    return fitted_temperature(decoded.embeddings, decoded.prototypes, truths)


def _with_pictures(trials: Pairs, bundle: Bundle, bank: Bank) -> Pairs:
    """Put the pictures beside their own vectors, as the decoder projects them, after the trials.

    Raises
    ------
    MismatchError
        If the bank does not hold the vectors of the very pictures that were shown.
    """
    owner = None if bank.owner is None else numbered(bank.names, trials.names)[bank.owner]
    if bank.images is None or owner is None or not np.array_equal(owner, trials.owner):
        raise MismatchError(
            f"data.vectors: expected a bank with a vector of each of the {len(trials.owner)} pictures that were "
            "shown, in their order: embed this folder by bci embed, or leave data.vectors out"
        )
    names = tuple(f"picture {number}" for number in range(len(bank.images)))
    alone = Bank(names, bank.images, bank.key)
    vectors = load_decoder(bundle, alone, "cpu").prototypes
    if vectors is None:
        raise MismatchError("data.vectors: this decoder has no space that pictures lie in: leave it out")
    n = len(trials)

    def inputs(rows: Ints) -> NDArray[np.float32]:
        encoded = np.empty((len(rows), vectors.shape[1]), np.float32)
        encoded[rows < n] = trials.inputs(rows[rows < n])
        encoded[rows >= n] = vectors[rows[rows >= n] - n]
        return encoded

    return replace(
        trials,
        inputs=inputs,
        shown=np.concatenate([trials.shown, np.arange(len(vectors))]),
        signals=None,
        of_pictures=np.arange(n + len(vectors)) >= n,
    )
