"""How long the classical decoders take to decode one epoch, on one core; measured side by side.

They are fitted to synthetic worlds: figures are of time alone, and how good the decoders are is not asked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.config import load_config
from bci.deciding import TOP_K
from bci.tally import percentiles
from models.config import DecoderConfig, ExperimentConfig
from models.decoders import ScoringDecoder
from models.epocher import cut_all, make_epocher
from models.progress import OnProgress, Progress, silent
from models.runtime import load_decoder
from models.timing import in_turn
from models.train import train
from replay.trials import cut_trials
from replay.world import load_world

__all__ = ["DecodingSpeed", "DecodingTime", "bench_decoding"]

EVENTS = 64
"""Epochs that are decoded again and again."""
WARM_UPS = 3

Contenders = Mapping[str, Mapping[str, Any] | None]
"""Decoders by name, with their options: one setting to choose from, since it is not the fit that is measured.
None: the experiment's own."""

RETRIEVAL: Contenders = MappingProxyType(
    {
        "pls": {"bin": 0.0, "components": [32]},
        "ridge": {"bin": 0.0, "penalties": [1.0]},
        "mlp": {"bin": 0.0, "alphas": [1.0], "passes": [5]},
    }
)
"""Every sample is a feature, as in `erp-pca64`; they rank the world's unseen concepts."""
CLASSES: Contenders = MappingProxyType(
    {
        "lda": {},
        "toeplitz_lda": {},
        "evoked_lda": {},
        "xdawn": {},
        "spectral": {},
        "tangent": {},
        "matching": {"neighbours": [20]},
        "ensemble": None,
    }
)
"""They rank the classes that they were fitted to."""

EXPERIMENTS: Mapping[str, Contenders] = MappingProxyType(
    {"erp-pca64-synthetic": RETRIEVAL, "epoc-digits-world": CLASSES}
)
"""Both on synthetic worlds: 17 channels at 100 Hz with vectors of 64 dimensions, and an EPOC with ten classes."""


@dataclass(frozen=True, slots=True)
class DecodingTime:
    """What one decoder takes for an epoch.

    Parameters
    ----------
    experiment
        Whose world and preprocessing it has.
    n_channels, n_times, n_concepts
        Of an epoch, and of what is ranked.
    ms
        p50, p95, p99 and max of scores, the best five, their probabilities and the rank of the truth.
    """

    name: str
    experiment: str
    n_channels: int
    n_times: int
    n_concepts: int
    ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DecodingSpeed:
    """What `bench_decoding` measured.

    Parameters
    ----------
    data
        What decoders were fitted to and decode.
    n_trials
        That each was fitted to; `matching` compares an epoch with each of them.
    n_epochs
        That each decoded, one at a time.
    cores
        On which they decoded.
    """

    data: str
    n_trials: int
    n_epochs: int
    cores: int
    decoders: tuple[DecodingTime, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A decoder, and epochs (n, C, T) as a session hands them to it."""

    experiment: str
    name: str
    decoder: ScoringDecoder
    epochs: NDArray[np.float32]

    def run(self) -> Callable[[], object]:
        """Return what decodes the next epoch, as a live session does."""
        upcoming = cycle(range(len(self.epochs)))

        def decode() -> object:
            at = next(upcoming)
            return self.decoder.decode(self.epochs[at : at + 1], [0], TOP_K)

        return decode

    def timed(self, seconds: list[float]) -> DecodingTime:
        spec, ms = self.decoder.spec, percentiles(np.array(seconds))
        assert ms is not None  # noqa: S101 (at least one was decoded)
        return DecodingTime(
            name=self.name,
            experiment=self.experiment,
            n_channels=len(spec.channels),
            n_times=spec.n_times,
            n_concepts=len(spec.concepts),
            ms=ms,
        )


def bench_decoding(n_trials: int, n_epochs: int, report: OnProgress = silent) -> DecodingSpeed:
    """Fit each classical decoder, then let all decode an epoch in turn, again and again.

    Parameters
    ----------
    n_trials
        To which each is fitted.
    n_epochs
        That each decodes.
    report
        Told how many are fitted.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 (looks through all libraries)

    n_all, ready = sum(map(len, EXPERIMENTS.values())), []
    with threadpool_limits(1):
        for experiment, contenders in EXPERIMENTS.items():
            for one in _fitted(experiment, contenders, n_trials):
                ready.append(one)
                report(Progress(len(ready), n_all))
        taken = in_turn(*(one.run() for one in ready), rounds=n_epochs, warm_ups=WARM_UPS)
    return DecodingSpeed(
        data="synthetic",
        n_trials=n_trials,
        n_epochs=n_epochs,
        cores=1,
        decoders=tuple(one.timed(seconds) for one, seconds in zip(ready, taken, strict=True)),
    )


def _fitted(experiment: str, contenders: Contenders, n_trials: int) -> Iterator[_Ready]:
    config = load_config(ExperimentConfig, experiment)
    world = load_world(config.data.paths[0])
    recording, schedule = world.record("train", n_trials, seed=1)
    names = world.train_bank.names
    trials = cut_trials([recording], config.preprocess, config.events, names, [schedule.images])
    later = world.record("test", EVENTS, seed=2)[0]
    for name, options in contenders.items():
        chosen = config.decoder if options is None else DecoderConfig(name=name, options=dict(options))
        bundle = train(trials, world.train_bank, config.model_copy(update={"decoder": chosen}))
        decoder, clock = load_decoder(bundle, world.test_bank), VirtualClock()
        source = ArraySource(later, clock=clock)
        yield _Ready(experiment, name, decoder, cut_all(source, make_epocher(bundle, decoder, source.spec, clock)))
