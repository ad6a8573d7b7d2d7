"""A certificate as one HTML page: no script, nothing from elsewhere."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bci.certificate import ONE_IN, Certificate, rows

if TYPE_CHECKING:
    from bci.cli.latency_turn import Turn
    from models.evaluation.plots import Bars, Series

__all__ = ["page"]

Floats = NDArray[np.float64]

TEMPLATE = "certificate.html.j2"
BINS = 40
STRETCHES = 60  # of the time that was measured, in each of which the slowest decision is shown


def page(certificate: Certificate, turn: "Turn") -> str:
    """Return the page."""
    from markupsafe import Markup

    from models.evaluation.html import template

    return template(__package__, TEMPLATE).render(
        certificate=certificate,
        one_in=f"{ONE_IN:,}",
        rows=rows(certificate),
        facts=_facts(certificate),
        drawn=[(caption, Markup(svg)) for caption, svg in _drawn(turn)],  # noqa: S704 (escaped there)
    )


def _facts(certificate: Certificate) -> dict[str, str]:
    bundle, place = certificate.bundle, certificate.environment
    return {
        "bundle": f"{bundle['name']} ({bundle['id']}), {bundle['decoder']}, calibration {bundle['calibration']}",
        "bank": f"{bundle['bank']}, {bundle['concepts']} concepts",
        "channels": f"{len(bundle['channels'])}: {', '.join(bundle['channels'])}",
        "window": f"{bundle['window'][0]:g} to {bundle['window'][1]:g} s at {bundle['sfreq']:g} Hz",
        "stream": f"noise at {certificate.rate_hz:g} Hz for {certificate.minutes:g} min, a sample at a time",
        "events": f"{certificate.events}, {certificate.lost} lost, {certificate.over_budget} over "
        f"{certificate.budget_ms:g} ms",
        "processor": f"{place['processor']}, {place['cores']} cores, {certificate.gpu or 'no GPU'}; session: "
        f"{certificate.cpu:.0%} of a core",
        "system": f"{place['system']}, Python {place['python']}",
        "versions": ", ".join(f"{name} {version}" for name, version in place["packages"].items()),
    }


def _drawn(turn: "Turn") -> Iterator[tuple[str, str]]:
    from models.evaluation.plots import Axis, histogram, lines

    inside, outside = 1e3 * turn.inside, 1e3 * turn.outside
    top = max(inside.max(), outside.max())
    edges = np.linspace(0, top, BINS + 1)
    taken, counts = Axis("ms", 0), Axis("decisions", 0)
    bars, steps = (_counted(each, edges) for each in (outside, inside))
    yield "Decisions by latency outside; dashed: inside.", histogram("Latency", taken, counts, bars, steps)
    series = [_slowest("outside", turn.at, outside), _slowest("inside", turn.at, inside)]
    drawn = lines("Latency over time", Axis("s"), taken, series)
    yield "The slowest decision in each stretch of time.", drawn


def _counted(milliseconds: Floats, edges: Floats) -> "Bars":
    from models.evaluation.plots import Bars

    heights, _ = np.histogram(milliseconds, edges)
    return Bars(tuple(edges.tolist()), tuple(map(float, heights)))


def _slowest(label: str, at: Floats, milliseconds: Floats) -> "Series":
    from models.evaluation.plots import Series

    parts = [part for part in np.array_split(np.arange(len(at)), STRETCHES) if len(part)]
    xs = tuple(float(at[part].mean()) for part in parts)
    return Series(label, xs, tuple(float(milliseconds[part].max()) for part in parts), marked=False)
