"""Plots as SVG text: pure functions, no script, no font and no picture from elsewhere.

Colours are classes (`c0` to `c7`, Okabe and Ito's palette) and `currentColor`, which the style sheet of the page
sets for light and dark. Every plot has a title and a description for those who do not see it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Axis", "Bars", "Series", "heat_map", "histogram", "lines"]

WIDTH, HEIGHT = 480, 280
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 12, 44
COLOURS = 8


@dataclass(frozen=True, slots=True)
class Series:
    """A line.

    Parameters
    ----------
    xs, ys
        Its points.
    band
        Lower and upper ends of intervals, one pair per point, or empty.
    dashed
        For chance and ceilings: no marks, dashes.
    """

    label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    band: tuple[tuple[float, float], ...] = ()
    dashed: bool = False
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its label, its ends (from the data by default), and whether it is logarithmic."""

    label: str
    low: float | None = None
    high: float | None = None
    log: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A histogram: one more edge than heights."""

    edges: tuple[float, ...]
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps data to the plot's coordinates."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)


def lines(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """Draw lines with their intervals and a legend."""
    xs = [value for each in series for value in each.xs]
    ys = [value for each in series for value in (*each.ys, *(end for pair in each.band for end in pair))]
    across, up = _scales(x, y, xs, ys)
    at = sorted(set(xs)) if x.log else _ticks(across.low, across.high)
    parts = [*_frame(x, y, across, up, at)]
    for number, each in enumerate(series):
        parts += _line(each, number % COLOURS, across, up)
    shown = [f"{each.label}: " + ", ".join(f"{v:.3g}" for v in each.ys[:12]) for each in series]
    return _svg(title, "; ".join(shown), parts, WIDTH, HEIGHT) + _legend(series)


def histogram(
    title: str, x: Axis, y: Axis, bars: Bars, expected: Bars | None = None, mark: tuple[str, float] | None = None
) -> str:
    """Draw bars, perhaps what is expected as steps over them, and one marked value."""
    tops = [0.0, *bars.heights, *(expected.heights if expected else ())]
    marks = () if mark is None else (mark[1],)
    across, up = _scales(x, y, [*bars.edges, *marks], tops)
    parts = [*_frame(x, y, across, up, _ticks(across.low, across.high))]
    for left, right, top in zip(bars.edges[:-1], bars.edges[1:], bars.heights, strict=True):
        wide, tall = max(across(right) - across(left) - 0.5, 0.5), max(up(0.0) - up(top), 0)
        parts.append(f'<rect class="f0" x="{across(left)}" y="{up(top)}" width="{wide:.1f}" height="{tall:.1f}"/>')
    if expected is not None:
        parts.append(_steps(expected, across, up))
    if mark is not None:
        place = across(mark[1])
        parts.append(f'<path class="c1 mark" d="M{place},{up(up.low)}V{TOP}"/>')
        side, shift = ("end", -5) if place > WIDTH * 0.7 else ("start", 5)
        where = f'x="{place + shift}" y="{TOP + 10}" text-anchor="{side}"'
        parts.append(f"<text {where}>{escape(mark[0])}</text>")
    return _svg(title, ", ".join(f"{top:.3g}" for top in bars.heights[:30]), parts, WIDTH, HEIGHT)


def heat_map(title: str, labels: Sequence[str], shares: Sequence[Sequence[float]]) -> str:
    """Draw a square table of shares, rows adding up to 1, darker where they are larger."""
    n = len(labels)
    side = max(12, min(48, 520 // max(n, 1)))
    margin = 8 + 7 * min(18, max(map(len, labels), default=1))
    size = margin + n * side + 8
    parts = []
    for row, values in enumerate(shares):
        middle = margin + row * side + side / 2
        name = escape(labels[row][:18])
        parts.append(f'<text x="{margin - 4}" y="{middle + 4}" text-anchor="end">{name}</text>')
        parts.append(f'<text transform="translate({middle + 4},{margin - 4}) rotate(-90)">{name}</text>')
        for column, value in enumerate(values):
            place = (
                f'x="{margin + column * side}" y="{margin + row * side}" width="{side - 1}" height="{side - 1}"'
            )
            said = escape(f"{labels[row]} called {labels[column]}: {value:.0%}")
            parts.append(f'<rect class="f0" fill-opacity="{value:.3f}" {place}><title>{said}</title></rect>')
            if side >= 30:
                at = f'x="{margin + column * side + side / 2}" y="{middle + 4}"'
                parts.append(f'<text {at} text-anchor="middle">{value:.0%}</text>')
    return _svg(title, "rows: shown; columns: called", parts, size, size)


# ---------------------------------------------------------------------------------------------------------- pieces


def _scales(x: Axis, y: Axis, xs: Sequence[float], ys: Sequence[float]) -> tuple[_Scale, _Scale]:
    def ends(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
        low = min(values) if axis.low is None else axis.low
        high = max(values) if axis.high is None else axis.high
        return (low, high) if high > low else (low, low + 1)

    return (
        _Scale(*ends(x, xs), LEFT, WIDTH - RIGHT, x.log),
        _Scale(*ends(y, ys), HEIGHT - BOTTOM, TOP, y.log),
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about five."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * i, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _frame(x: Axis, y: Axis, across: _Scale, up: _Scale, at: Sequence[float]) -> Iterator[str]:
    floor, last = HEIGHT - BOTTOM, -math.inf
    for value in _ticks(up.low, up.high):
        yield f'<path class="grid" d="M{LEFT},{up(value)}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{up(value) + 4}" text-anchor="end">{value:g}</text>'
    for value in at:
        place = across(value)
        yield f'<path class="grid" d="M{place},{floor}v4"/>'
        if place - last >= 24:  # labels that would overlap are left out
            yield f'<text x="{place}" y="{floor + 17}" text-anchor="middle">{value:g}</text>'
            last = place
    yield f'<path class="axis" d="M{LEFT},{TOP}V{floor}H{WIDTH - RIGHT}"/>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.label)}</text>'
    middle = (TOP + floor) / 2
    yield f'<text transform="translate(13,{middle}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>'


def _line(series: Series, colour: int, across: _Scale, up: _Scale) -> Iterator[str]:
    places = [(across(x), up(y)) for x, y in zip(series.xs, series.ys, strict=True)]
    for (place, _), (low, high) in zip(places, series.band, strict=False):
        yield f'<path class="c{colour} band" d="M{place},{up(low)}V{up(high)}"/>'
    path = "M" + "L".join(f"{x},{y}" for x, y in places)
    yield f'<path class="c{colour} line{" dashed" if series.dashed else ""}" d="{path}"/>'
    if series.marked and not series.dashed:
        yield from (f'<circle class="f{colour}" cx="{x}" cy="{y}" r="3"/>' for x, y in places)


def _steps(bars: Bars, across: _Scale, up: _Scale) -> str:
    path = "".join(
        f"{'M' if at == 0 else 'L'}{across(left)},{up(top)}H{across(right)}"
        for at, (left, right, top) in enumerate(zip(bars.edges[:-1], bars.edges[1:], bars.heights, strict=True))
    )
    return f'<path class="c1 line dashed" d="{path}"/>'


def _legend(series: Sequence[Series]) -> str:
    def swatch(number: int, each: Series) -> str:
        kind = f"c{number % COLOURS} line{' dashed' if each.dashed else ''}"
        return f'<svg width="26" height="10" aria-hidden="true"><path class="{kind}" d="M1,5H25"/></svg>'

    items = (f"<li>{swatch(at, each)} {escape(each.label)}</li>" for at, each in enumerate(series))
    return f'<ul class="legend">{"".join(items)}</ul>'


def _svg(title: str, description: str, parts: Sequence[str], width: float, height: float) -> str:
    head = (
        f'<svg role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}" xmlns="http://www.w3.org/2000/svg">'
    )
    return f"{head}<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
