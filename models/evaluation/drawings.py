"""Which plots a report shows, drawn from its figures."""

from collections.abc import Iterator, Sequence

import numpy as np

from bci.confusion import row_shares
from models.evaluation.plots import Axis, Bars, Series, heat_map, histogram, lines
from models.evaluation.report import Confusion, Control, Curve, Evoked, Histogram, Point, Report, Similarity

__all__ = ["Drawing", "drawings"]

Drawing = tuple[str, str, str]
"""Section, caption and SVG."""

PROBABILITY = ("auc", "top1", "top5", "balanced_accuracy")
TITLES = {
    "repetitions": "Presentations",
    "candidates": "Candidates",
    "window-end": "End of the window",
    "channels": "Channels",
}


def drawings(report: Report) -> Iterator[Drawing]:
    """Yield all plots of a report."""
    yield from _curves(report.curves)
    if report.histogram is not None:
        yield "Ranks", "Rank of the truth (0 is best); dashed: nothing decoded.", _ranks(report.histogram)
    if report.similarity is not None:
        caption = (
            "How far the truth scores above the other candidates of its trial, in standard deviations of their "
            f"scores: {report.similarity.margin.value:.2f} on average. Dashed: the others."
        )
        yield "Scores", caption, _similarity(report.similarity)
    if report.calibration is not None:
        yield "Calibration", "Ten bins of as many trials each; dashed: as sure as right.", _reliability(report)
    if report.confusion is not None:
        caption = (
            f"Rows: the {report.confusion.of} that was shown; columns: the one that was named. Rows add up to 1."
        )
        yield "Confusion", caption, _confusion(report.confusion)
    for control in report.controls:
        if len(control.null) > 1:
            yield "Controls", f"{control.name}: {len(control.null)} permutations.", _null(report, control)
    if report.evoked is not None:
        for channel, name in enumerate(report.evoked.channels):
            yield "Evoked responses", f"{name}, mean over trials, before scaling.", _evoked(report.evoked, channel)


def _curves(curves: Sequence[Curve]) -> Iterator[Drawing]:
    """One plot for each kind of curve and figure; curves over presentations share theirs."""
    for kind, title in TITLES.items():
        own = [curve for curve in curves if curve.name.split("-")[0] == kind.split("-")[0]]
        names = [name for name in PROBABILITY if any(_has(curve, name) for curve in own)]
        for name in names:
            series = [each for curve in own if _has(curve, name) for each in _of(curve, name)]
            chance = _chance(own, name)
            axis = Axis(own[0].over, log=kind in ("repetitions", "candidates"))
            caption = f"{name}. " + " ".join(f"{curve.name}: {curve.how}." for curve in own if _has(curve, name))
            yield title, caption, lines(f"{name} over {own[0].over}", axis, Axis(name, 0, 1), [*series, *chance])


def _has(curve: Curve, name: str) -> bool:
    return any(figure.name == name for point in curve.points for figure in point.figures)


def _of(curve: Curve, name: str) -> Iterator[Series]:
    found = [(point.x, figure) for point in curve.points for figure in point.figures if figure.name == name]
    band = tuple((f.interval.low, f.interval.high) if f.interval else (f.value, f.value) for _, f in found)
    yield Series(curve.name, tuple(x for x, _ in found), tuple(f.value for _, f in found), band)
    best = [(point.x, figure.value) for point in curve.points for figure in point.ceiling if figure.name == name]
    if len(best) > 1:
        yield Series("oracle", tuple(x for x, _ in best), tuple(y for _, y in best), dashed=True)


def _chance(curves: Sequence[Curve], name: str) -> list[Series]:
    def chances(points: Sequence[Point]) -> dict[float, float]:
        figures = ((point.x, figure) for point in points for figure in point.figures)
        return {x: f.chance for x, f in figures if f.name == name and f.chance is not None}

    known = {x: y for curve in curves for x, y in chances(curve.points).items()}
    xs = tuple(sorted(known))
    return [Series("chance", xs, tuple(known[x] for x in xs), dashed=True)] if len(xs) > 1 else []


def _ranks(ranks: Histogram) -> str:
    edges = tuple(map(float, ranks.edges))
    counts = Bars(edges, tuple(map(float, ranks.counts)))
    return histogram(
        "Ranks of the truth", Axis("rank of the truth"), Axis("trials"), counts, Bars(edges, ranks.chance)
    )


def _similarity(similarity: Similarity) -> str:
    counts = Bars(similarity.edges, tuple(map(float, similarity.truth)))
    return histogram(
        "Scores of the truth",
        Axis("standard deviations above the others"),
        Axis("trials"),
        counts,
        Bars(similarity.edges, similarity.others),
    )


def _reliability(report: Report) -> str:
    bins = report.calibration.bins if report.calibration else ()
    confidence = tuple(each.confidence for each in bins)
    measured = Series("measured", confidence, tuple(each.accuracy for each in bins))
    top = max(*confidence, *(each.accuracy for each in bins)) * 1.05
    ideal = Series("calibrated", (0.0, top), (0.0, top), dashed=True)
    return lines("Reliability", Axis("confidence", 0, top), Axis("share right", 0, top), [measured, ideal])


def _confusion(confusion: Confusion) -> str:
    shares = np.nan_to_num(row_shares(np.array(confusion.counts)))
    return heat_map(f"Confusion by {confusion.of}", confusion.labels, shares.tolist())


def _null(report: Report, control: Control) -> str:
    heights, edges = np.histogram(control.null, min(20, max(5, len(control.null) // 4)))
    bars = Bars(tuple(edges.tolist()), tuple(map(float, heights)))
    mark = ("this decoder", report.headline.value)
    return histogram(control.name, Axis(report.headline.name), Axis("permutations", low=0), bars, mark=mark)


def _evoked(evoked: Evoked, channel: int) -> str:
    series = [
        Series(f"{label} ({n} trials)", evoked.times, means[channel], marked=False)
        for label, n, means in zip(evoked.labels, evoked.counts, evoked.means, strict=True)
    ]
    return lines(
        f"Evoked response at {evoked.channels[channel]}",
        Axis("seconds after the onset"),
        Axis("microvolts"),
        series,
    )
