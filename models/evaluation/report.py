"""The record of an evaluation: what was measured, by which protocol, beside which controls."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bci.bootstrap import Interval
from bci.storage import save_json

__all__ = [
    "Bin",
    "Calibration",
    "Card",
    "Ceiling",
    "ClassCounts",
    "Comparison",
    "Confusion",
    "Control",
    "Curve",
    "Difference",
    "Evoked",
    "Figure",
    "FoldResult",
    "Histogram",
    "Point",
    "Query",
    "Report",
    "Retrieval",
    "Similarity",
    "Stopping",
    "save_report",
]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Parameters
    ----------
    name
        `auc`, `top1`, ...
    value
        As measured on held-out trials.
    interval
        None where none is computed.
    chance
        What a decoder that knows nothing reaches: for accuracies the best constant answer, which always ranks the
        candidates by how often they are shown. None where the notion makes no sense.
    """

    name: str
    value: float
    interval: Interval | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One held-out part."""

    held_out: tuple[str, ...]
    n_train: int
    n_scored: int
    value: float | None
    """The headline figure inside the fold; None where it cannot be computed there."""
    note: str = ""
    """What the decoder chose from the training trials."""


@dataclass(frozen=True, slots=True)
class Control:
    """The headline figure of something that should not be able to decode.

    Parameters
    ----------
    expected
        What it comes to in a sound experiment.
    figure
        With interval; for shuffled labels the mean over permutations, without.
    sd
        Over permutations.
    p
        (1 + permutations that reach the decoder's figure) / (1 + permutations).
    null
        The figure of each permutation; empty for other controls.
    """

    name: str
    expected: str
    figure: Figure
    sd: float | None = None
    p: float | None = None
    null: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """The protocol: what must be said with every figure.

    Parameters
    ----------
    left_out
        What each fold left out; `partition` for a test partition, `bundle` for a decoder that was judged as it is.
    gallery
        What the concepts' vectors are: text, exact image, concept template; or classes.
    concepts, candidates
        Number of concepts in the decoder; names of those that were ranked.
    n_candidates
        Fewest and most candidates of a trial.
    averaged
        Repetitions averaged into one trial, or in words what an average is.
    selection
        How settings and the checkpoint were chosen.
    causal
        Whether each sample depended on earlier ones only.
    excluded
        What was left out, in words.
    """

    protocol: str
    left_out: str
    n_folds: int
    gallery: str
    concepts: int
    candidates: tuple[str, ...]
    n_candidates: tuple[int, int]
    averaged: str
    n_subjects: int
    n_recordings: int
    n_trials: int
    n_scored: int
    seeds: tuple[int, ...]
    selection: str
    decoder: str
    channels: tuple[str, ...]
    window: tuple[float, float]
    sfreq: float
    causal: str
    excluded: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One place on a curve.

    Parameters
    ----------
    x
        Where.
    n
        Trials, averages or groups that were scored.
    figures
        As measured there, with intervals and chance.
    ceiling
        Top-k of the oracle on the same events, in a synthetic world.
    """

    x: float
    n: int
    figures: tuple[Figure, ...]
    ceiling: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """Figures over something that was varied.

    Parameters
    ----------
    name
        `repetitions-averaged`, `window-end`, ...
    over
        What was varied, with its unit.
    how
        What was done at each point, in one sentence.
    """

    name: str
    over: str
    how: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Ranks of the truth.

    Parameters
    ----------
    edges
        Bin i counts ranks from edge i (0 is best) up to, without, edge i + 1.
    counts
        Trials.
    chance
        Trials that are expected where nothing is decoded.
    """

    edges: tuple[int, ...]
    counts: tuple[int, ...]
    chance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Similarity:
    """How far the truth scores above the other candidates of its trial, in standard deviations of theirs.

    Parameters
    ----------
    margin
        Mean over trials; 0 where nothing is decoded, whatever the decoder's scale.
    edges
        Of the bins; what lies beyond the outermost ones is counted in theirs.
    truth
        Trials.
    others
        Scores of the other candidates, as a share of which the same number of trials is made.
    """

    margin: Figure
    edges: tuple[float, ...]
    truth: tuple[int, ...]
    others: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often a trial of one label (row) was called another (column).

    Parameters
    ----------
    of
        `category` or `concept`.
    """

    of: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """What became of the trials of one concept.

    Parameters
    ----------
    shown, named, right
        Trials that showed it, that were called it, and both.
    recall, precision
        Share of the trials shown that were called it, and of those called it that showed it; None of no trials.
    """

    concept: str
    shown: int
    named: int
    right: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Trials of about the same confidence: how many, its mean, and how many of them were right."""

    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probabilities, with a temperature fitted to answers other than those it is used on.

    Parameters
    ----------
    fitted_on
        To which, in words.
    temperatures
        One per fold.
    discounts
        One per fold: correlation of the evidence of presentations of one group, 0 if they are independent.
    n_candidates, repetitions
        What the temperature belongs to, besides decoder and bank.
    figures
        Expected calibration error, from 500 trials on.
    bins
        Reliability diagram, by confidence, as many trials in each.
    """

    fitted_on: str
    temperatures: tuple[float, ...]
    discounts: tuple[float, ...]
    n_candidates: int
    repetitions: int
    figures: tuple[Figure, ...]
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Stopping:
    """A stopping rule: show again until one candidate has a probability of 1 - alpha.

    Parameters
    ----------
    alpha
        Error that is promised.
    n, longest
        How many runs there were, and after how many presentations they end undecided.
    decided
        Share of runs that stopped.
    error
        Share of wrong answers among them, with an exact (Clopper-Pearson) interval; None if none stopped.
    presentations
        Mean number of presentations of all runs, undecided ones counted as `longest`.
    """

    alpha: float
    n: int
    longest: int
    decided: float
    error: float | None
    error_interval: tuple[float, float] | None
    presentations: float


@dataclass(frozen=True, slots=True)
class Evoked:
    """Mean epochs before scaling, in microvolts.

    Parameters
    ----------
    times
        Seconds after the onset.
    channels
        Some of the montage's.
    labels, counts
        Whose means they are, and of how many trials.
    means
        By label, by channel, over time.
    """

    times: tuple[float, ...]
    channels: tuple[str, ...]
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    means: tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The oracle of a synthetic world on the same single trials.

    Parameters
    ----------
    figures
        Its top-1 and top-5.
    p
        Of the exact McNemar test that the decoder's top-k is no better.
    alarm
        Whether it is significantly better, which nothing honest is.
    """

    figures: tuple[Figure, ...]
    p: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two decoders on the same trials.

    Parameters
    ----------
    difference
        First minus second.
    interval
        Of the difference, by paired bootstrap.
    p
        Two-sided, exact McNemar test over trials, for shares of hits; None for other figures.
    only_first, only_second
        Trials that one of them alone got right.
    """

    name: str
    first: float
    second: float
    difference: float
    interval: Interval | None
    p: float | None = None
    only_first: int | None = None
    only_second: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two decoders, paired on the same trials and folds."""

    first: str
    second: str
    n: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What was retrieved for one picture.

    Parameters
    ----------
    truth
        Its concept.
    rank
        Number of other candidates that score at least as high.
    presentations
        Over how many the scores are averaged.
    nearest
        Concepts that score best, with their scores, the best first.
    """

    truth: str
    rank: int
    presentations: int
    nearest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was retrieved for the test pictures, to be looked at.

    Parameters
    ----------
    queries
        The worst first.
    n
        How many pictures there are; of many, `queries` holds some.
    presentations
        Fewest and most of one picture.
    """

    queries: tuple[Query, ...]
    n: int
    presentations: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation.

    Parameters
    ----------
    figures
        Besides the headline.
    recalls
        Share of hits per concept.
    classes
        What became of the trials of each concept, where there are few.
    transductive
        Figures of scores that were aligned with the test queries: never to be quoted without saying so.
    """

    name: str
    headline: Figure
    card: Card
    figures: tuple[Figure, ...]
    folds: tuple[FoldResult, ...]
    recalls: Mapping[str, float]
    controls: tuple[Control, ...]
    seconds: float
    versions: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())
    curves: tuple[Curve, ...] = ()
    histogram: Histogram | None = None
    similarity: Similarity | None = None
    confusion: Confusion | None = None
    classes: tuple[ClassCounts, ...] = ()
    calibration: Calibration | None = None
    stopping: tuple[Stopping, ...] = ()
    evoked: Evoked | None = None
    transductive: tuple[Figure, ...] = ()
    ceiling: Ceiling | None = None
    comparison: Comparison | None = None
    retrieval: Retrieval | None = None


def save_report(report: Report, folder: Path) -> Path:
    """Write `report.json` and return its path."""
    path = folder / "report.json"
    save_json(path, asdict(report))
    return path
