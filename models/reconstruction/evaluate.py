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
from models.reconstruction.evaluation import SIDE, Column, Evaluation, Figure, Margin, Row
from models.reconstruction.eyes import Eye, open_eyes
from models.reconstruction.metrics import correlation_distance, pix_corr, ssim, two_way
from models.reconstruction.naming import Named, name_concepts, prototypes
from models.reconstruction.pairs import Pairs, Pixels, as_pictures
from models.reconstruction.sources import Data
from models.reconstruction.store import Reconstruction

__all__ = ["evaluate_reconstructions", "generate"]

RESAMPLES = 1000
SEED = 0
BATCH = 32


def evaluate_reconstructions(
    found: Mapping[str, Reconstruction],
    data: Mapping[str, Data],
    weights: Path | None = None,
    report: OnProgress = silent,
) -> Evaluation:
    """Judge reconstructions on the same test trials.

    Parameters
    ----------
    found
        Reconstructions by the name that tables call them.
    data
        That each was trained and is tested on.
    weights
        Folder with weights of published networks.
    report
        Told how far the judge of a synthetic world is.

    Raises
    ------
    MismatchError
        If a reconstruction encodes other inputs than its data hold, or they are not tested on the same trials.
    ConfigError
        If there are fewer than two test concepts: there is nobody to be mistaken for.
    """
    _check(found, data)
    base = next(iter(data.values()))
    test = base.test
    eyes = open_eyes({name: one.config for name, one in found.items()}, test, weights, report)
    true = test.pictures(test.shown, SIDE)
    looked = [_Looked(eye, eye.features(true), _prototypes(eye, test)) for eye in eyes.found]
    generated = {name: generate(one, data[name].test) for name, one in found.items()}
    judged = {name: _judge(name, pictures, true, test, looked) for name, pictures in _shown(generated, base)}
    return Evaluation(
        protocol=_protocol(base),
        n_trials=len(test),
        n_concepts=len(np.unique(test.concepts)),
        columns=_columns(looked),
        rows=tuple(Row(name, one.figures) for name, one in judged.items()),
        margins=tuple(_margins(judged, tuple(found), test.concepts)),
        missing=eyes.missing,
        caveats=_caveats(base),
        generated=generated,
        named={name: taken for name in found if (taken := judged[name].named) is not None},
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """One way to show pictures: its figures, wins of each trial by eye, and what the first eye takes them for."""

    figures: dict[str, Figure]
    wins: dict[str, NDArray[np.float64]]
    named: Named | None


def _judge(name: str, pictures: Pixels, true: Pixels, test: Pairs, looked: Sequence[_Looked]) -> _Judged:
    concepts, taken = test.concepts, None
    figures = {
        "PixCorr": _figure(pix_corr(true, pictures), concepts),
        "SSIM": _figure(ssim(true, pictures), concepts),
    }
    wins = {}
    for each in looked:
        eye, circular = each.eye, name in each.eye.circular
        features = eye.features(pictures)
        if eye.measure == "two_way":
            values = wins[eye.name] = two_way(each.true, features, concepts)
        else:
            values = correlation_distance(each.true, features)
        figures[eye.name] = _figure(values, concepts, circular)
        if each.prototypes is not None:
            named = name_concepts(features, each.prototypes, concepts)
            for k in (1, 3):
                figures[f"{eye.name} top-{k}"] = _figure(named.rank < k, concepts, circular)
            taken = taken or named
    return _Judged(figures, wins, taken)


def _margins(
    judged: Mapping[str, _Judged], reconstructions: Sequence[str], concepts: NDArray[np.int64]
) -> Iterator[Margin]:
    for name in reconstructions:
        for over in (other for other in judged if other not in reconstructions):
            for column, wins in judged[name].wins.items():
                circular = judged[name].figures[column].circular
                difference = _figure(wins - judged[over].wins[column], concepts, circular)
                yield Margin(name, over, column, difference)


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


def _check(found: Mapping[str, Reconstruction], data: Mapping[str, Data]) -> None:
    first = next(iter(data.values())).test
    if len(np.unique(first.concepts)) < 2:
        raise ConfigError("expected test trials of at least two concepts, got one: it has no competitor")
    for name, one in found.items():
        test = data[name].test
        if one.spec != test.spec:
            raise MismatchError(
                f"{name} encodes inputs of shape {one.spec.shape} of decoder {one.spec.decoder or 'none'}, its "
                f"data hold {test.spec.shape} of {test.spec.decoder or 'none'}: they have changed; train it anew"
            )
        if not np.array_equal(test.shown, first.shown) or test.names != first.names:
            raise MismatchError(f"{name} is tested on other trials than those before: evaluate it by itself")
