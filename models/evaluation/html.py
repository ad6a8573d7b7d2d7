"""A report as one HTML page: no script, nothing from elsewhere, everything that is not ours escaped."""

from pathlib import Path
from typing import TYPE_CHECKING

from bci.errors import OutputError
from models.evaluation.drawings import drawings
from models.evaluation.report import Report
from models.evaluation.wording import card_lines, few, interval_text, number, p_text

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page", "pages", "save_html"]

TEMPLATE = "report.html.j2"
MOST_FOLDS = 50


def pages() -> "Environment":
    """Return what makes pages: of the templates here, `page.css.j2` is the style that all of them share."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (of no use to the other commands)

    loader = PackageLoader(__package__, "")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def page(report: Report) -> str:
    """Return the page."""
    from markupsafe import Markup  # noqa: PLC0415

    environment = pages()
    environment.filters |= {"number": number, "interval": interval_text, "few": few, "p": p_text}
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
    )


def save_html(report: Report, folder: Path) -> Path:
    """Write `report.html` and return its path.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = folder / "report.html"
    try:
        path.write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; make room or name another place") from None
    return path
