"""What an evaluation of reconstructions leaves behind: `report.json`, `report.html`, panels and sheets."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bci.storage import save_json, save_text
from models.reconstruction.evaluation import SIDE, Evaluation
from models.reconstruction.page import Curve, page
from models.reconstruction.pairs import Ints, Pairs
from models.reconstruction.panels import contact_sheet, draw_panel, make_panels
from models.reconstruction.sheets import save_picture, save_samples
from models.reconstruction.store import VISUALIZATIONS, Reconstruction

__all__ = ["described", "write_report"]

ON_SHEET = 16
"""Trials in a row of what was shown above what was generated."""


def write_report(
    folder: Path,
    evaluation: Evaluation,
    found: Mapping[str, Reconstruction],
    curves: Mapping[str, Curve],
    test: Pairs,
    panels: int,
) -> None:
    """Write the report, as JSON and as a page, and for each reconstruction panels of some trials and sheets.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    save_json(folder / "report.json", described(evaluation, found))
    rows, some = _spread(len(test), panels), _spread(len(test), ON_SHEET)
    sheets = {}
    for name, generated in evaluation.generated.items():
        place = folder / VISUALIZATIONS / name
        place.mkdir(parents=True, exist_ok=True)
        drawn = make_panels(test, rows, generated, evaluation.named.get(name))
        for row, panel in zip(rows.tolist(), drawn, strict=True):
            save_picture(place / f"trial-{row:04}.png", draw_panel(panel))
        sheets[name] = contact_sheet(drawn)
        save_picture(place / "panels.png", sheets[name])
        save_samples(place / "samples.png", test.pictures(test.shown[some], SIDE), generated[some])
    save_text(folder / "report.html", page(evaluation, found, curves, sheets))


def _spread(n: int, most: int) -> Ints:
    """Return at most so many of n trials, evenly spaced."""
    return np.linspace(0, n - 1, min(most, n)).astype(np.int64)


def described(evaluation: Evaluation, found: Mapping[str, Reconstruction]) -> dict[str, Any]:
    """Return an evaluation as `report.json` holds it."""
    return {
        "protocol": evaluation.protocol,
        "n_trials": evaluation.n_trials,
        "n_concepts": evaluation.n_concepts,
        "caveats": list(evaluation.caveats),
        "columns": [asdict(column) for column in evaluation.columns],
        "rows": [
            {"name": row.name, "figures": {name: asdict(figure) for name, figure in row.figures.items()}}
            for row in evaluation.rows
        ],
        "margins": [asdict(margin) for margin in evaluation.margins],
        "not_computed": dict(evaluation.missing),
        "reconstructions": {
            name: {
                "id": one.id,
                "decoder": one.spec.decoder or None,
                "weights": one.config.weights.model_dump(),
                "card": dict(one.card),
            }
            for name, one in found.items()
        },
    }
