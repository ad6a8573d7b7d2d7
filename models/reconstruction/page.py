"""An evaluation of reconstructions as one page: tables, panels and learning curves, nothing from elsewhere."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from models.evaluation.html import template
from models.evaluation.plots import Axis, Series, lines
from models.reconstruction.evaluation import Evaluation
from models.reconstruction.pairs import Pixels
from models.reconstruction.store import Reconstruction

__all__ = ["Curve", "page"]

Curve = Sequence[Mapping[str, Any]]
"""Losses of each pass, see `models.reconstruction.curve`."""

TEMPLATE = "report.html.j2"
WIDEST = 1200  # pixels of a sheet
DISTANCES = {"l1": "training", "validation_l1": "left-out concepts"}


def page(
    evaluation: Evaluation,
    found: Mapping[str, Reconstruction],
    curves: Mapping[str, Curve],
    sheets: Mapping[str, Pixels],
) -> str:
    """Return `report.html`: no script, pictures inside.

    Parameters
    ----------
    evaluation
        What was found.
    found, curves, sheets
        Reconstructions, how each was trained, and panels of each, by name.
    """
    from markupsafe import Markup  # noqa: PLC0415 (of no use without a page)

    return template(__package__, TEMPLATE).render(
        title=", ".join(found),
        evaluation=evaluation,
        cards={name: _card(one) for name, one in found.items()},
        sheets={name: _data_uri(sheet) for name, sheet in sheets.items()},
        curves=[Markup(_drawn(name, curve)) for name, curve in curves.items()],  # noqa: S704 (escaped there)
    )


def _card(one: Reconstruction) -> dict[str, str]:
    """Return title and text of what has to stand beside a reconstruction."""
    weights, card = one.config.weights, one.card
    what = "embeddings" if one.spec.temperature is None else "means of the candidates by probability"
    losses = ", ".join(f"{name} {value:g}" for name, value in weights.model_dump().items() if value)
    semantic = card.get("semantic")
    return {
        "id": one.id,
        "encoder": one.config.encoder.name,
        "of": f"{what}, decoder {one.spec.decoder}" if one.spec.decoder else f"inputs of shape {one.spec.shape}",
        "trained on": f"{card['n_trials']} trials of {card['n_concepts']} concepts",
        "pictures' own vectors": str(card["n_vectors"]),
        "inputs": str(card.get("inputs", "")),
        "losses and their weights": losses,
        "semantic network": semantic["model"] if semantic else "none",
        "selection": card["selection"],
    }


def _drawn(name: str, curve: Curve) -> str:
    passes = tuple(float(line["epoch"]) for line in curve)
    told = [
        Series(label, passes, tuple(float(line[key]) for line in curve), marked=False)
        for key, label in DISTANCES.items()
        if curve and key in curve[0]
    ]
    return lines(f"Learning curve of {name}", Axis("pass"), Axis("L1 of pixels"), told)


def _data_uri(sheet: Pixels) -> str:
    picture = Image.fromarray(sheet)
    picture.thumbnail((WIDEST, picture.height))
    kept = io.BytesIO()
    picture.save(kept, "WEBP", quality=85)
    return f"data:image/webp;base64,{base64.b64encode(kept.getvalue()).decode('ascii')}"
