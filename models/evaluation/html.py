"""A report as one HTML page: no script, nothing from elsewhere, everything that is not ours escaped."""

from importlib.resources import files
from pathlib import Path

from bci.errors import OutputError
from models.evaluation.drawings import drawings
from models.evaluation.report import Report
from models.evaluation.wording import card_lines, few, interval_text, number, p_text

__all__ = ["page", "save_html"]

TEMPLATE = "report.html.j2"
MOST_FOLDS = 50


def page(report: Report) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 (of no use to the other commands)
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"number": number, "interval": interval_text, "few": few, "p": p_text}
    source = files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    drawn = [(section, caption, Markup(svg)) for section, caption, svg in drawings(report)]  # noqa: S704 (escaped there)
    calibrated = report.calibration.figures if report.calibration else ()
    confused = (report.confusion.accuracy,) if report.confusion and report.confusion.of == "category" else ()
    return environment.from_string(source).render(
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
