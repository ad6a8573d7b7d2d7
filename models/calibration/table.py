"""What calibration is worth: accuracy for people whom a bundle does not know, after minutes, beside the oracle.

Each person of a synthetic world is calibrated as `bci calibrate` does it, from the first minutes of one recording,
and judged on another one, of other pictures or other concepts. Streamed, both recordings come as that person's
device would send them, and are heard and decoded as live. The oracle knows that person's world.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.config import load_config
from bci.errors import ConfigError
from bci.gathering import Gathering
from bci.preprocess import scale_epochs
from bci.ranking import truth_ranks
from bci.source import Source
from bci.specs import Frozen
from bci.types import Recording
from models.bundle import Bundle, load_bundle, save_bundle
from models.calibration.applied import apply
from models.calibration.calibrate import Labels, calibrate
from models.calibration.streamed import Streamed, as_told, decide_all, heard, ranks_of
from models.config import ExperimentConfig
from models.data import load_bank_of, load_trials
from models.pool import OnDone, run_each
from models.progress import OnProgress, silent
from models.runtime import load_decoder
from models.train import train
from replay.trials import cut_trials
from replay.world import Oracle, Schedule, World, load_world

__all__ = [
    "CalibrationTable",
    "Cell",
    "Unknown",
    "check_streams",
    "make_cells",
    "mean_of",
    "rows_of",
    "train_bundles",
]

AS_TRAINED, UNLABELLED, ORACLE = "as trained", "without labels", "oracle"
"""Rows beside those of so many labelled minutes."""

CALIBRATION_SEED, TEST_SEED = 3, 2
"""Of the recordings of a person."""


class Unknown(Frozen):
    """An experiment whose bundle meets people whom it does not know."""

    base: str
    """Config that the bundle is trained by, on a synthetic world, by path or name."""
    method: Literal["classical", "fine-tune"]
    """How labelled events are used."""
    events: Annotated[int, Field(ge=1)]
    """Of the recording that each person is judged on."""
    stream: Streamed | None = None
    """By which device people are heard, if they are streamed."""


class CalibrationTable(Frozen):
    """What `bci table` reads where a file names people."""

    name: str
    title: str = ""
    people: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)]
    """Numbers of people whom no bundle of the table was trained on."""
    minutes: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (2.0, 5.0, 10.0)
    """Of labelled calibration; the first also without labels."""
    experiments: Annotated[tuple[Unknown, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Cell:
    """How one person is decoded.

    Parameters
    ----------
    experiment, person
        Whose bundle, and who.
    row
        `AS_TRAINED`, `UNLABELLED`, `ORACLE`, or minutes of labelled calibration.
    n, candidates
        Events, and concepts that were ranked.
    top1, top5
        Shares of the events.
    left_out
        Channels that the calibration did without.
    """

    experiment: str
    person: int
    row: str
    n: int
    candidates: int
    top1: float
    top5: float
    left_out: tuple[str, ...] = ()


def train_bundles(table: CalibrationTable, folder: Path, report: OnProgress = silent) -> None:
    """Train the bundle of each experiment.

    Parameters
    ----------
    folder
        Where they are written, by the names of the experiments.

    Raises
    ------
    ConfigError
        If an experiment is of no synthetic world, or was trained on one of the people.
    """
    configs = [_checked(each.base, table.people) for each in table.experiments]
    for config in configs:
        save_bundle(folder / config.name, train(load_trials(config), load_bank_of(config), config, report=report))


def make_cells(
    table: CalibrationTable,
    folder: Path,
    processes: int = 1,
    progress: OnDone | None = None,
    *,
    streamed: bool = False,
) -> Iterator[list[Cell]]:
    """Calibrate and judge everybody, and yield the cells of each person as they are done.

    Parameters
    ----------
    folder
        Where `train_bundles` has put the bundles.
    streamed
        Everybody is heard by the device of their experiment.
    """
    jobs = [(at, person) for at in range(len(table.experiments)) for person in table.people]
    for _, cells in run_each(_Calibrate(table, folder, streamed), jobs, processes, progress):
        yield cells


def check_streams(table: CalibrationTable) -> None:
    """Refuse to stream an experiment that names no device.

    Raises
    ------
    ConfigError
        Naming it.
    """
    if silent_ones := [each.base for each in table.experiments if each.stream is None]:
        raise ConfigError(f"--streamed: {silent_ones[0]} names no device: give its experiment a stream.device")


def mean_of(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean over people and its 95 % interval by Student's t."""
    from scipy.stats import t  # noqa: PLC0415 (1.3 s to import)

    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(t.ppf(0.975, len(values) - 1)) * spread
    return mean, mean - half, mean + half


def _checked(base: str, people: Sequence[int]) -> ExperimentConfig:
    config = load_config(ExperimentConfig, base)
    if config.data.reader != "world" or not config.data.subjects:
        raise ConfigError(f"{base}: a calibration table needs people of a synthetic world in data.subjects")
    if known := sorted(set(people) & {int(label) for label in config.data.subjects}):
        raise ConfigError(f"{base} is trained on person {known[0]}, who should be unknown to it: name others")
    return config


@dataclass(frozen=True, slots=True)
class _Calibrate:
    """Calibrates and judges one person."""

    table: CalibrationTable
    folder: Path
    streamed: bool

    def __call__(self, job: tuple[int, int]) -> list[Cell]:
        unknown, person = self.table.experiments[job[0]], job[1]
        stream = unknown.stream if self.streamed else None
        config = load_config(ExperimentConfig, unknown.base)
        bundle = load_bundle(self.folder / config.name)
        bundle = bundle if stream is None else as_told(bundle, stream)
        world = load_world(config.data.paths[0], person)
        judge = _Judge(config.name, person, world, *world.record("test", unknown.events, seed=TEST_SEED), stream)
        cells = [judge.cell(AS_TRAINED, bundle), judge.ceiling(bundle)]
        recording = self._recording(world)
        first = calibrate(_first(recording, self.table.minutes[0], stream), bundle)
        cells.append(judge.cell(UNLABELLED, apply(bundle, first)))
        for minutes in self.table.minutes:
            # whoever is below the floor is in the mean like all others
            labels = Labels(bundle.bank, unknown.method, force=True)
            fitted = calibrate(_first(recording, minutes, stream), bundle, labels)
            cells.append(judge.cell(f"{minutes:g} min", apply(bundle, fitted)))
        return cells

    def _recording(self, world: World) -> Recording:
        """Record as many pictures of the training concepts as the longest calibration holds."""
        n_events = math.ceil(60 * max(self.table.minutes) / world.spec.presentation.soa)
        return world.record("train", n_events, seed=CALIBRATION_SEED)[0]


@dataclass(frozen=True, slots=True)
class _Judge:
    """Decodes a person's test recording."""

    experiment: str
    person: int
    world: World
    recording: Recording
    schedule: Schedule
    stream: Streamed | None

    def cell(self, row: str, bundle: Bundle) -> Cell:
        """Decode with a bundle, calibrated or not."""
        bank = self.world.test_bank
        left_out = () if bundle.personal is None else bundle.personal.left_out
        if self.stream is None:
            ranks = self._from_file(bundle, left_out)
        else:
            ranks = ranks_of(decide_all(self.recording, self.stream, bundle, bank), len(bank.names))
        return replace(self._cell(row, ranks), left_out=left_out)

    def _from_file(self, bundle: Bundle, left_out: tuple[str, ...]) -> NDArray[np.int64]:
        bank = self.world.test_bank
        trials = cut_trials([self.recording], bundle.preprocess, bundle.events, bank.names, left_out=left_out)
        epochs = scale_epochs(trials.data, bundle.preprocess, bundle.whitening)
        return truth_ranks(load_decoder(bundle, bank).scores(epochs), trials.concepts)

    def ceiling(self, bundle: Bundle) -> Cell:
        """Decode with all that there is to know of the person."""
        oracle = Oracle(self.world, bundle.preprocess.tmin, bundle.preprocess.tmax)
        scores = oracle.rank(oracle.cut(self.recording, self.schedule.samples))
        return self._cell(ORACLE, truth_ranks(scores, self.schedule.concepts))

    def _cell(self, row: str, ranks: NDArray[np.int64]) -> Cell:
        top1, top5 = (float(np.mean(ranks < k)) for k in (1, 5))
        n_concepts = len(self.world.test_bank.names)
        return Cell(self.experiment, self.person, row, len(ranks), n_concepts, top1, top5)


def _first(recording: Recording, minutes: float, stream: Streamed | None) -> Recording:
    """Return the first minutes of a recording, as they are read or as they are heard."""
    if stream is None:
        source: Source = ArraySource(recording, chunk=round(recording.sfreq))
    else:
        source = heard(recording, stream, VirtualClock())
    gathering = Gathering(source.spec, 60 * minutes)
    while not gathering.full and (batch := source.pull(0.0)) is not None:
        gathering.feed(batch)
    return gathering.recording()


def rows_of(cells: Sequence[Cell]) -> Mapping[str, list[Cell]]:
    """Gather the cells of an experiment by rows, in the order of the table."""
    names = dict.fromkeys(cell.row for cell in cells)
    ordered = [AS_TRAINED, UNLABELLED, *(name for name in names if name.endswith(" min")), ORACLE]
    return {name: [cell for cell in cells if cell.row == name] for name in ordered if name in names}
