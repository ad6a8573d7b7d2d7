"""What an evaluation says, as JSON and as one page; a figure that may not be called retrieval has another name."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bci.storage import save_json, save_text
from models.alignment.ablation import AblationRow
from models.alignment.evaluate import Answer, Evaluation
from models.alignment.trained import Trained
from models.evaluation.html import template
from models.evaluation.plots import Axis, Bars, Series, histogram, lines

__all__ = ["body", "page", "save_report"]

TEMPLATE = "report.html.j2"
LOSSES = ("train/mse", "train/infonce", "train/distillation")
SHARES = ("eeg_to_fmri/top1", "eeg_to_fmri/top5", "fmri_to_eeg/top1", "fmri_to_eeg/top5")
BINS = 20


def save_report(
    folder: Path, trained: Trained, evaluation: Evaluation, rows: Sequence[AblationRow] = ()
) -> tuple[Path, Path]:
    """Write `report.json` and `report.html`; return their paths.

    Raises
    ------
    OutputError
        If one cannot be written.
    """
    told, shown = folder / "report.json", folder / "report.html"
    save_json(told, body(trained, evaluation, rows))
    save_text(shown, page(trained, evaluation, rows))
    return told, shown


def body(trained: Trained, evaluation: Evaluation, rows: Sequence[AblationRow] = ()) -> dict[str, Any]:
    """Return the content of `report.json`."""
    named = asdict(evaluation)
    by_fmri = named.pop("by_fmri")
    conditioned = {evaluation.conditioned_name: by_fmri[0], "controls": by_fmri[1:]}
    return {
        "card": card(trained, evaluation),
        **named,
        "asked_by_fmri": conditioned,
        "ablation": [asdict(row) for row in rows],
        "history": [dict(each) for each in trained.history],
    }


def card(trained: Trained, evaluation: Evaluation) -> dict[str, str]:
    """Return title and text of what has to stand beside the figures."""
    settings, headline = trained.config.train, evaluation.headline
    averaged = trained.facts.get("eeg", {}).get("averaged", False)
    epochs = "means over the repetitions of a picture" if averaged else "single epochs"
    synthetic = "SYNTHETIC pairs" if trained.facts.get("synthetic") else "pairs of EEG and fMRI"
    return {
        "data": f"{synthetic}; split by connected component of matched pictures",
        "protocol": "test pictures of both sets, and all they are matched with, took no part in training",
        "queries": f"{headline.n_queries} {epochs}, EEG alone, learned queries",
        "gallery": f"fMRI of {headline.n_candidates} pictures; other matches of the query's picture are left out",
        "selection": f"pass {trained.chosen} of {len(trained.history)}, by mean reciprocal rank in validation",
        "seed": str(settings.seed),
        "signal": f"{len(trained.channels)} channels, {trained.n_times} samples at {trained.sfreq:g} Hz",
        "intervals": f"95 % bootstrap; {headline.shares[0].interval.speaks_of}",
    }


def page(trained: Trained, evaluation: Evaluation, rows: Sequence[AblationRow] = ()) -> str:
    """Return `report.html`: no script, nothing from elsewhere."""
    from markupsafe import Markup  # noqa: PLC0415 (of no use without a page)

    return template(__package__, TEMPLATE).render(
        name=trained.config.title or trained.config.name,
        synthetic=bool(trained.facts.get("synthetic")),
        evaluation=evaluation,
        answers=(evaluation.headline, evaluation.back),
        card=card(trained, evaluation),
        rows=rows,
        drawn=[(caption, Markup(svg)) for caption, svg in _drawn(trained, evaluation)],  # noqa: S704 (escaped there)
    )


def _drawn(trained: Trained, evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    passes = Axis("pass")
    losses = [name for name in LOSSES if name in trained.history[0]]
    yield (
        "Losses in training, before they are scaled.",
        lines("Losses", passes, Axis("loss"), _series(trained, losses)),
    )
    shares = Axis("share of queries", 0)
    yield (
        f"Retrieval in validation, from EEG alone; pass {trained.chosen} was taken.",
        lines("Retrieval in validation", passes, shares, _series(trained, SHARES)),
    )
    yield "Headline's top-5 beside that of shuffled pairs.", _null(evaluation.headline)


def _series(trained: Trained, names: Sequence[str]) -> list[Series]:
    xs = tuple(float(number) for number in range(1, len(trained.history) + 1))
    return [Series(name, xs, tuple(figures[name] for figures in trained.history), marked=False) for name in names]


def _null(answer: Answer) -> str:
    heights, edges = np.histogram(answer.null, BINS)
    bars = Bars(tuple(edges.tolist()), tuple(map(float, heights)))
    mark = ("this decoder", answer.shares[-1].value)
    return histogram("Shuffled pairs", Axis("top-5"), Axis("permutations", low=0), bars, mark=mark)
