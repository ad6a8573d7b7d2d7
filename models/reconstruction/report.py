"""What an evaluation of reconstructions leaves behind: `report.json`, panels and contact sheets."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bci.storage import save_json
from models.reconstruction.evaluate import SIDE, Evaluation
from models.reconstruction.pairs import Pairs
from models.reconstruction.panels import contact_sheet, draw_panel, make_panels
from models.reconstruction.sheets import save_picture, save_samples
from models.reconstruction.store import VISUALIZATIONS, Reconstruction

__all__ = ["described", "write_report"]

ON_SHEET = 16
"""Trials in a row of what was shown above what was generated."""


def write_report(
    folder: Path, evaluation: Evaluation, found: Mapping[str, Reconstruction], test: Pairs, panels: int
) -> None:
    """Write the report, and for each reconstruction panels of some trials, evenly spaced, and sheets.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    save_json(folder / "report.json", described(evaluation, found))
    rows = np.linspace(0, len(test) - 1, min(panels, len(test))).astype(np.int64)
    for name, generated in evaluation.generated.items():
        place = folder / VISUALIZATIONS / name
        place.mkdir(parents=True, exist_ok=True)
        drawn = make_panels(test, rows, generated, evaluation.named.get(name))
        for row, panel in zip(rows.tolist(), drawn, strict=True):
            save_picture(place / f"trial-{row:04}.png", draw_panel(panel))
        save_picture(place / "panels.png", contact_sheet(drawn))
        some = np.linspace(0, len(test) - 1, min(ON_SHEET, len(test))).astype(np.int64)
        save_samples(place / "samples.png", test.pictures(test.shown[some], SIDE), generated[some])


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
