"""A report as one HTML page: nothing from elsewhere, everything that is not ours escaped.

Its one script sorts and searches what was retrieved; the page's policy admits it by its hash and nothing else.
"""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bci.storage import save_text
from models.evaluation.drawings import drawings
from models.evaluation.report import Report
from models.evaluation.wording import card_lines, interval_text, number, p_text
from models.few import few

if TYPE_CHECKING:
    from jinja2 import Environment, Template

__all__ = ["page", "pages", "save_html", "shown_concepts", "template"]

TEMPLATE = "report.html.j2"
SCRIPT = "retrieval.js"
MOST_FOLDS = 50
MOST_PICTURES = 400
"""Pictures that are part of a page, about 3 kB each."""
NONE: Mapping[str, str] = MappingProxyType({})


def pages() -> "Environment":
    """Return what makes pages: of the templates here, `page.css.j2` is the style that all of them share."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (of no use to the other commands)

    loader = PackageLoader(__package__, "")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def template(package: str, name: str) -> "Template":
    """Return a page's template that lies in a package, with the words and the style that all pages share."""
    environment = pages()
    environment.filters |= {"number": number, "interval": interval_text, "p": p_text}
    return environment.from_string(files(package).joinpath(name).read_text(encoding="utf-8"))


def shown_concepts(report: Report) -> list[str]:
    """Return the concepts whose pictures the page would show, those of the worst retrievals first."""
    queries = report.retrieval.queries if report.retrieval else ()
    every = dict.fromkeys(name for query in queries for name in (query.truth, *(n for n, _ in query.nearest)))
    return list(every)[:MOST_PICTURES]


def page(report: Report, pictures: Mapping[str, str] = NONE) -> str:
    """Return the page.

    Parameters
    ----------
    pictures
        Concept -> data URI of a small picture of it.
    """
    from markupsafe import Markup  # noqa: PLC0415

    environment = pages()
    environment.filters |= {"number": number, "interval": interval_text, "few": few, "p": p_text}
    script = Path(__file__).with_name(SCRIPT).read_text(encoding="utf-8")
    drawn = [(section, caption, Markup(svg)) for section, caption, svg in drawings(report)]  # noqa: S704 (escaped there)
    calibrated = report.calibration.figures if report.calibration else ()
    confused = (report.confusion.accuracy,) if report.confusion and report.confusion.of == "category" else ()
    return environment.get_template(TEMPLATE).render(
        report=report,
        card=list(card_lines(report)),
        figures=(report.headline, *report.figures, *calibrated, *confused, *report.transductive),
        folds=report.folds[:MOST_FOLDS],
        drawn=drawn,
        sections={section for section, _, _ in drawn},
        script=Markup(script),  # noqa: S704 (ours)
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        pictures=dict(enumerate(pictures.values())),
        place={name: number for number, name in enumerate(pictures)},
    )


def save_html(report: Report, folder: Path, pictures: Mapping[str, str] = NONE) -> Path:
    """Write `report.html` and return its path; `pictures` as in `page`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = folder / "report.html"
    save_text(path, page(report, pictures))
    return path
