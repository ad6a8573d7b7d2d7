"""What an evaluation of reconstructions found."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.reconstruction.naming import Named
from models.reconstruction.pairs import Pixels

__all__ = ["SIDE", "Column", "Evaluation", "Figure", "Margin", "Row"]

SIDE = 224
"""Of pictures that are compared, pixels."""


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
class Margin:
    """By how much generated pictures are identified better than those that nobody had to generate.

    Parameters
    ----------
    name, over
        Of the rows, the second subtracted from the first trial by trial.
    column
        Two-way identification by which eye.
    figure
        Mean of the differences; 0 outside of its interval says that they differ.
    """

    name: str
    over: str
    column: str
    figure: Figure


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
    margins
        Of each reconstruction over each row that is none.
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
    margins: tuple[Margin, ...]
    missing: Mapping[str, str]
    caveats: tuple[str, ...]
    generated: Mapping[str, Pixels]
    named: Mapping[str, Named]
