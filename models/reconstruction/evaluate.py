"""The evaluation of reconstructions: the same test trials, beside pictures that nobody had to generate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bci.bootstrap import mean_interval
from bci.errors import ConfigError, MismatchError
from models.progress import OnProgress, silent
from models.reconstruction.baselines import baselines
from models.reconstruction.eyes import Eye, open_eyes
from models.reconstruction.metrics import correlation_distance, pix_corr, ssim, two_way
from models.reconstruction.naming import Named, name_concepts, prototypes
from models.reconstruction.pairs import Pairs, Pixels, as_pictures
from models.reconstruction.sources import Data
from models.reconstruction.store import Reconstruction

__all__ = ["SIDE", "Column", "Evaluation", "Figure", "Row", "evaluate_reconstructions", "generate"]

SIDE = 224
"""Of pictures that are compared, pixels."""
RESAMPLES = 1000
SEED = 0
BATCH = 32


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over test trials, with the interval over other concepts (bootstrap, 95 %)."""

    value: float
    low: float
    high: float
    circular: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """How a measure is read.

    Parameters
    ----------
    name
        Of the measure.
    chance
        What guessing scores; None where there is no such number.
    better
        `higher` or `lower`.
    """

    name: str
    chance: float | None
    better: str = "higher"


@dataclass(frozen=True, slots=True)
class Row:
    """One way to show a picture for each trial, and how near that comes."""

    name: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found.

    Parameters
    ----------
    protocol
        What test trials share with training trials.
    n_trials, n_concepts
        That were judged.
    columns, rows
        Of the table; reconstructions come first.
    missing
        Measures that could not be computed, and why.
    caveats
        To be read with every figure.
    generated
        Reconstruction -> (n_trials, SIDE, SIDE, 3), for panels.
    named
        Reconstruction -> what its pictures were taken for by the first eye that names concepts; may be empty.
    """

    protocol: str
    n_trials: int
    n_concepts: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    missing: Mapping[str, str]
    caveats: tuple[str, ...]
    generated: Mapping[str, Pixels]
    named: Mapping[str, Named]


def evaluate_reconstructions(
    found: Mapping[str, Reconstruction], data: Data, weights: Path | None = None, report: OnProgress = silent
) -> Evaluation:
    """Judge reconstructions on the same test trials.

    Parameters
    ----------
    found
        Reconstructions by the name that tables call them.
    data
        That they were trained and are tested on.
    weights
        Folder with weights of published networks.
    report
        Told how far the judge of a synthetic world is.

    Raises
    ------
    MismatchError
        If a reconstruction encodes other inputs than the data hold.
    ConfigError
        If there are fewer than two test concepts: there is nobody to be mistaken for.
    """
    test = data.test
    _check(found, test)
    eyes = open_eyes({name: one.config for name, one in found.items()}, test, weights, report)
    true = test.pictures(test.shown, SIDE)
    looked = [_Looked(eye, eye.features(true), _prototypes(eye, test)) for eye in eyes.found]
    generated = {name: generate(one, test) for name, one in found.items()}
    rows, named = [], {}
    for name, pictures in _shown(generated, data):
        figures, taken = _judged(name, pictures, true, test, looked)
        rows.append(Row(name, figures))
        if name in generated and taken is not None:
            named[name] = taken
    return Evaluation(
        protocol=_protocol(data),
        n_trials=len(test),
        n_concepts=len(np.unique(test.concepts)),
        columns=_columns(looked),
        rows=tuple(rows),
        missing=eyes.missing,
        caveats=_caveats(data),
        generated=generated,
        named=named,
    )


def generate(reconstruction: Reconstruction, pairs: Pairs) -> Pixels:
    """Generate a picture for each trial, from the mean of its posterior, (n, SIDE, SIDE, 3) uint8."""
    networks = reconstruction.networks()
    blocks = []
    with torch.inference_mode():
        for first in range(0, len(pairs), BATCH):
            rows = np.arange(first, min(first + BATCH, len(pairs)))
            inputs = torch.from_numpy(np.array(pairs.inputs(rows), np.float32))
            blocks.append(as_pictures(networks.generator(networks.encoder(inputs).mean), SIDE))
    return np.concatenate(blocks)


@dataclass(frozen=True)
class _Looked:
    """An eye that has seen the true pictures: their features, and prototypes of all test concepts."""

    eye: Eye
    true: NDArray[np.float32]
    prototypes: NDArray[np.float32] | None


def _prototypes(eye: Eye, test: Pairs) -> NDArray[np.float32] | None:
    return prototypes(eye.features, test, SIDE) if eye.names_concepts else None


def _shown(generated: Mapping[str, Pixels], data: Data) -> Iterator[tuple[str, Pixels]]:
    yield from generated.items()
    yield from baselines(data.train, data.test, SIDE, SEED)


def _judged(
    name: str, pictures: Pixels, true: Pixels, test: Pairs, looked: Sequence[_Looked]
) -> tuple[dict[str, Figure], Named | None]:
    """Return the figures of one way to show pictures, and what the first eye takes them for."""
    concepts, taken = test.concepts, None
    figures = {
        "PixCorr": _figure(pix_corr(true, pictures), concepts),
        "SSIM": _figure(ssim(true, pictures), concepts),
    }
    for each in looked:
        eye, circular = each.eye, name in each.eye.circular
        features = eye.features(pictures)
        measure = two_way if eye.measure == "two_way" else _distance
        figures[eye.name] = _figure(measure(each.true, features, concepts), concepts, circular)
        if each.prototypes is not None:
            named = name_concepts(features, each.prototypes, concepts)
            for k in (1, 3):
                figures[f"{eye.name} top-{k}"] = _figure(named.rank < k, concepts, circular)
            taken = taken or named
    return figures, taken


def _distance(
    true: NDArray[np.float32], generated: NDArray[np.float32], concepts: NDArray[np.int64]
) -> NDArray[np.float64]:
    del concepts  # a distance has no competitors
    return correlation_distance(true, generated)


def _figure(values: NDArray[Any], concepts: NDArray[np.int64], circular: bool = False) -> Figure:
    interval = mean_interval(values, concepts, "concept", RESAMPLES, SEED)
    return Figure(float(np.mean(values)), interval.low, interval.high, circular)


def _columns(looked: Sequence[_Looked]) -> tuple[Column, ...]:
    columns = [Column("PixCorr", None), Column("SSIM", None)]
    for each in looked:
        two = each.eye.measure == "two_way"
        columns.append(Column(each.eye.name, 0.5 if two else None, "higher" if two else "lower"))
        if each.prototypes is not None:
            n = len(each.prototypes)
            columns += [Column(f"{each.eye.name} top-{k}", min(1.0, k / n)) for k in (1, 3)]
    return tuple(columns)


def _protocol(data: Data) -> str:
    train = {data.train.names[concept] for concept in np.unique(data.train.concepts)}
    test = {data.test.names[concept] for concept in np.unique(data.test.concepts)}
    return "zero-shot" if not train & test else "seen-concept/new-image"


def _caveats(data: Data) -> tuple[str, ...]:
    about = data.test.about
    made_up = ("SYNTHETIC data: pictures and responses are made up",) if about.get("synthetic") else ()
    return (*made_up, *about.get("caveats", ()))


def _check(found: Mapping[str, Reconstruction], test: Pairs) -> None:
    if len(np.unique(test.concepts)) < 2:
        raise ConfigError("expected test trials of at least two concepts, got one: it has no competitor")
    for name, one in found.items():
        if one.spec != test.spec:
            raise MismatchError(
                f"{name} encodes inputs of shape {one.spec.shape} of decoder {one.spec.decoder or 'none'}, the "
                f"data hold {test.spec.shape} of {test.spec.decoder or 'none'}: evaluate it by itself"
            )
