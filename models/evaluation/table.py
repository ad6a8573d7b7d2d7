"""A table of decoders on the same data: one evaluation a row, over numbers of repetitions, beside an oracle."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bci.bank import Bank
from bci.config import find_config, parse, read_toml
from bci.errors import ConfigError
from bci.types import TrialSet
from models.config import ExperimentConfig, RowConfig, TableConfig
from models.data import load_bank_of, load_test_bank, load_test_trials, load_trials
from models.evaluation.ceiling import world_oracle
from models.evaluation.experiments import Partition, evaluate_config
from models.evaluation.report import Figure, Report
from models.evaluation.writing import RankOracle, Written
from models.pool import OnDone, run_each

__all__ = ["Cell", "Row", "experiment_of", "make_table"]

CURVE = "repetitions-averaged"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a decoder reaches on means of `repetitions` epochs, and the oracle on the same ones."""

    repetitions: int
    n: int
    figures: tuple[Figure, ...]
    oracle: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One decoder.

    Parameters
    ----------
    group
        The experiment that it shares with other rows: only these can be compared.
    seconds
        Of training and judging, data already read.
    alarm
        Whether it is significantly better than the oracle: it must have seen what it should not.
    """

    name: str
    group: str
    seconds: float
    n_candidates: int
    alarm: bool
    cells: tuple[Cell, ...]


def experiment_of(row: RowConfig) -> ExperimentConfig:
    """Return the experiment of a row: its base with some keys replaced.

    Raises
    ------
    ConfigError
        If there is no such base, or something in it makes no sense.
    """
    raw = _merged(read_toml(find_config(row.base)), row.set)
    return parse(ExperimentConfig, raw | {"name": row.name}, f"row {row.name!r} on {row.base}")


def make_table(
    table: TableConfig, processes: int = 1, progress: OnDone | None = None
) -> Iterator[tuple[Row, Written]]:
    """Evaluate every row, and yield each with its report as it ends.

    Raises
    ------
    ConfigError
        If a row makes no sense.
    """
    for row in table.rows:  # all are checked before any is run
        experiment_of(row)
    bases = [row.base for row in table.rows]
    grouped = sorted(table.rows, key=lambda row: bases.index(row.base))  # no process reads a group's data twice
    for row, (written, seconds) in run_each(_Evaluate(), grouped, processes, progress):
        yield _row(row, written.report, seconds), written


@dataclass(frozen=True, slots=True)
class _Shared:
    """What rows of one group train on and are judged on: a test partition, or folds and perhaps their oracle."""

    trials: TrialSet
    bank: Bank
    test: Partition | None
    oracle: RankOracle | None


@dataclass(frozen=True, slots=True)
class _Evaluate:
    """Evaluates rows; what several rows of one group share is read once in each process."""

    shared: dict[str, _Shared] = field(default_factory=dict)

    def __call__(self, row: RowConfig) -> tuple[Written, float]:
        config = experiment_of(row)
        if row.base not in self.shared:
            self.shared.clear()  # one group at a time stays in memory
            self.shared[row.base] = _read(config)
        data, start = self.shared[row.base], time.perf_counter()
        written = evaluate_config(config, data.bank, data.trials, test=data.test, oracle=data.oracle)
        return written, time.perf_counter() - start


def _read(config: ExperimentConfig) -> _Shared:
    trials, bank, oracle = load_trials(config), load_bank_of(config), world_oracle(config)
    if config.evaluation.test == "folds":
        return _Shared(trials, bank, None, oracle)
    return _Shared(trials, bank, Partition(load_test_trials(config), load_test_bank(config), oracle=oracle), None)


def _row(row: RowConfig, report: Report, seconds: float) -> Row:
    curve = next((curve for curve in report.curves if curve.name == CURVE), None)
    if curve is None:
        raise ConfigError(f"row {row.name!r}: its trials show no concept often enough for repetitions")
    cells = tuple(Cell(int(point.x), point.n, point.figures, point.ceiling) for point in curve.points)
    alarm = report.ceiling is not None and report.ceiling.alarm
    return Row(row.name, row.base, seconds, report.card.n_candidates[1], alarm, cells)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Replace keys in tables of tables."""
    merged = dict(base)
    for key, value in changes.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged
