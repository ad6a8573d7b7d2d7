"""From a trained alignment to a bundle that any session runs: the EEG side alone, and concepts as fMRI vectors.

A concept is the mean fMRI vector of the training pairs whose EEG picture shows it: a prototype in the space of the
fMRI, made of another person's responses to other pictures. Nothing of the fMRI is needed live.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, BankKey
from bci.errors import MismatchError
from bci.specs import PreprocessSpec
from bci.types import read_only
from models.alignment.config import encoder_options
from models.alignment.pairs import Pairs
from models.alignment.source import MARKERS
from models.alignment.trained import Trained
from models.bundle import Bundle
from models.config import (
    DataConfig,
    DecoderConfig,
    EvaluationConfig,
    ExperimentConfig,
    ProjectionConfig,
    TargetConfig,
)

__all__ = ["GAIN", "concept_bank", "export", "preprocessing"]

GAIN = 0.01
"""Pairs hold microvolts / 100."""
EEG_SIDE = "eeg."
"""Prefix of the weights that decode alone."""


def export(
    trained: Trained, pairs: Pairs, concepts: Sequence[str], experiment: ExperimentConfig | None = None
) -> Bundle:
    """Make a bundle.

    Parameters
    ----------
    trained
        The alignment.
    pairs
        All parts; the bank is made of the training part alone.
    concepts
        Name of the concept that each EEG picture shows, in the order of `pairs.eeg_picture`.
    experiment
        Whose trials the EEG was: its preprocessing, events and quality are the bundle's, and markers stand for
        the concepts that the pairs tell. By default `preprocessing`, and every marker that names a concept.

    Raises
    ------
    MismatchError
        If training pairs show fewer than two concepts, a picture has no concept, or the experiment's epochs are
        others than those of the pairs.
    """
    config = _experiment(trained, pairs, experiment)
    weights = {
        f"members.0.encoder.{name.removeprefix(EEG_SIDE)}": array
        for name, array in trained.weights.items()
        if name.startswith(EEG_SIDE)
    }
    temperature = trained.config.loss.temperature
    weights["members.0.log_temperature"] = np.array(np.log(temperature), np.float32)
    return Bundle(
        config=config,
        weights=weights,
        bank=concept_bank(trained, pairs.part_of("train"), concepts),
        centre=read_only(np.zeros(trained.dim, np.float32)),
        temperature=temperature,
        reference=trained.facts.get("eeg", {}).get("reference"),
        provenance=dict(trained.facts),
        card=_card(trained, pairs, config),
    )


def preprocessing(trained: Trained) -> PreprocessSpec:
    """Return the plainest preprocessing that makes epochs like those of the pairs, from the onset on."""
    return PreprocessSpec(
        gain=GAIN, channels=trained.channels, sfreq=trained.sfreq, tmax=trained.n_times / trained.sfreq
    )


def concept_bank(trained: Trained, train: Pairs, concepts: Sequence[str]) -> Bank:
    """Return the concepts that training pairs show, as mean fMRI vectors, centred and scaled."""
    n_pictures = int(train.eeg_picture.max(initial=-1)) + 1
    if len(concepts) < n_pictures:
        raise MismatchError(f"expected a concept for each of {n_pictures} EEG pictures, got {len(concepts)}")
    names, concept = np.unique(np.array(concepts)[train.eeg_picture], return_inverse=True)
    if len(names) < 2:
        raise MismatchError(f"expected training pairs of at least 2 concepts, got {len(names)}")
    prototypes = _means(trained, train, concept, len(names))
    key = BankKey(
        vision_model="fMRI",
        layer=str(trained.facts.get("fmri", {}).get("projection", "as paired")),
        pooling="mean over training pairs of a concept",
        transform=f"centred on the training pairs, spread {trained.targets.spread:.6g}",
        normalisation="unit",
        weights=hashlib.sha256(trained.targets.centre.tobytes()).hexdigest(),
    )
    return Bank(tuple(names.tolist()), prototypes, key)


def _means(trained: Trained, train: Pairs, concept: NDArray[np.int64], n: int) -> NDArray[np.float32]:
    """Mean vector (n, F) of each concept; one concept's pairs in memory at a time."""
    order = np.argsort(concept, kind="stable")
    starts = np.searchsorted(concept[order], np.arange(1, n))
    means = [trained.targets(np.asarray(train.fmri[rows])).mean(axis=0) for rows in np.split(order, starts)]
    return read_only(np.stack(means))


def _experiment(trained: Trained, pairs: Pairs, source: ExperimentConfig | None) -> ExperimentConfig:
    """Describe the alignment as an experiment: the encoder `fmri_aligned` onto fMRI vectors as they are."""
    if source is not None:
        _check_preprocessing(trained, source.preprocess)
    options = encoder_options(trained.config.model, trained.dim, trained=True)
    described = ExperimentConfig(
        name=trained.config.name,
        title=trained.config.title,
        data=DataConfig(reader="alignment") if source is None else source.data,
        preprocess=preprocessing(trained) if source is None else source.preprocess,
        targets=TargetConfig(kind="bank"),
        decoder=DecoderConfig(name="fmri_aligned", options=options),
        projection=ProjectionConfig(name="identity"),
        evaluation=EvaluationConfig(protocol="seen-concept/new-image", by="image"),
    )
    if source is None:
        return described
    # the bank of a bundle has no pictures, from which a session could tell what their numbers stand for
    told = {**pairs.facts.get(MARKERS, {}), **source.events.concepts}
    events = source.events.model_copy(update={"concepts": told})
    return described.model_copy(update={"events": events, "quality": source.quality})


def _check_preprocessing(trained: Trained, spec: PreprocessSpec) -> None:
    known = trained.facts.get("eeg", {}).get("preprocess", spec.digest)
    if known != spec.digest:
        raise MismatchError(
            f"expected the preprocessing that the pairs were made with, {known[:8]}; the experiment now says "
            f"{spec.digest[:8]}: make the pairs again, or give the experiment as it was"
        )


def _card(trained: Trained, pairs: Pairs, config: ExperimentConfig) -> dict[str, object]:
    train, spec = pairs.part_of("train"), config.preprocess
    synthetic = bool(trained.facts.get("synthetic"))
    return {
        "protocol": config.evaluation.protocol,
        "data": "SYNTHETIC pairs" if synthetic else "pairs of EEG and fMRI",
        "n_trials": len(train),
        "n_rejected": 0,
        "subjects": _subjects(trained),
        "sessions": [],
        "recordings": [],
        "held_out": [],
        "seeds": [trained.config.train.seed],
        "selection": f"pass {trained.chosen} of {len(trained.history)}, by validation from EEG alone",
        "chosen": "",
        "channels": len(spec.channels),
        "window": [spec.tmin, spec.tmax],
        "causal": spec.mode == "continuous",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def _subjects(trained: Trained) -> list[str]:
    """Whose EEG it was, where the pairs tell."""
    subject = trained.facts.get("eeg", {}).get("subject")
    return [] if subject is None else [subject]
