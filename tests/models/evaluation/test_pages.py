"""The HTML report: whole, self-contained, escaped; plots at known coordinates."""

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.bootstrap import Interval
from models.evaluation.drawings import drawings
from models.evaluation.evoked import evoked_responses
from models.evaluation.html import page, save_html
from models.evaluation.plots import Axis, Bars, Series, heat_map, histogram, lines
from models.evaluation.report import (
    Bin,
    Calibration,
    Card,
    Ceiling,
    ClassCounts,
    Comparison,
    Confusion,
    Control,
    Curve,
    Difference,
    Evoked,
    Figure,
    FoldResult,
    Histogram,
    Point,
    Report,
    Stopping,
)
from models.evaluation.terminal import render
from models.evaluation.wording import card_lines, p_text

EVIL = "<script>alert('x')</script>&\"{{ 7 * 7 }}[/x]"
INTERVAL = Interval(0.4, 0.6, 0.95, 100, "further trials")


def figure(name, value=0.5):
    return Figure(name, value, INTERVAL, 0.1)


@pytest.fixture
def report():
    """A report in which everything is there."""
    card = Card(
        "zero-shot", "concept", 5, "text", 20, (EVIL, "b"), (20, 20), "single trials", 1, 2, 100, 90, (0,),
        "fixed", "ridge", ("Oz", EVIL), (0.0, 0.8), 100.0, "causal", ("2 events",), ("a caveat",),
    )  # fmt: skip
    both = figure("top1"), figure("top5", 0.8)
    points = tuple(Point(k, 100 // k, both, (Figure("top1", 0.9),)) for k in (1, 2))
    bins = Bin(50, 0.2, 0.1), Bin(50, 0.8, 0.9)
    return Report(
        name=f"tiny {EVIL}",
        headline=figure("top1"),
        card=card,
        figures=(figure("two_way"),),
        folds=(FoldResult((EVIL,), 80, 20, 0.5), FoldResult(("b",), 80, 20, None)),
        recalls={EVIL: 0.5},
        controls=(
            Control("shuffled-labels", "chance", figure("top1", 0.1), 0.02, 0.01, tuple(np.linspace(0, 0.2, 30))),
            Control("pre-stimulus", "chance", figure("top1", 0.1)),
        ),
        seconds=1.0,
        versions={"numpy": "2"},
        notes=(EVIL,),
        curves=(Curve("repetitions-averaged", "presentations", EVIL, points),),
        histogram=Histogram((0, 10, 20), (70, 20), (45.0, 45.0)),
        confusion=Confusion("category", (EVIL, "y"), ((3, 1), (0, 4)), figure("category_top1")),
        classes=(ClassCounts(EVIL, 40, 0, 0, 0.0, None), ClassCounts("b", 50, 90, 50, 1.0, 0.5556)),
        calibration=Calibration("others", (0.1,), (0.2,), 20, 1, (figure("ece"),), bins),
        stopping=(Stopping(0.1, 30, 8, 0.9, 0.05, (0.01, 0.2), 4.0), Stopping(0.05, 30, 8, 0.0, None, None, 8.0)),
        evoked=Evoked((0.0, 0.1), ("Oz",), (EVIL,), (10,), (((0.0, 1.0),),)),
        transductive=(figure("top1_transductive_csls"),),
        ceiling=Ceiling((figure("top1", 0.9),), 1e-4, alarm=True),
        comparison=Comparison("one", EVIL, 90, (Difference("top1", 0.5, 0.4, 0.1, INTERVAL, 0.02, 12, 3),)),
    )  # fmt: skip


class Elements(HTMLParser):
    """Names and attributes of all elements, and whether they are closed in order."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text):
        super().__init__()
        self.found, self._open = [], []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


def test_the_page_is_well_formed_and_needs_nothing_else(report):
    text = page(report)
    elements = Elements(text).found
    tags = {tag for tag, _ in elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "image", "use", "foreignobject"})
    for _, attributes in elements:
        assert attributes.keys().isdisjoint({"src", "href", "xlink:href"})
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert "@import" not in text


def test_nothing_that_is_not_ours_is_markup(report):
    text = page(report)
    assert "<script" not in text
    assert "{{ 7 * 7 }}" in text
    assert text.count("&lt;script&gt;") >= 8


def test_every_section_has_its_plots_with_titles(report):
    sections = [section for section, _, _ in drawings(report)]
    assert sections == [
        "Presentations", "Presentations", "Ranks", "Calibration", "Confusion", "Controls", "Evoked responses"
    ]  # fmt: skip
    for _, _, svg in drawings(report):
        root = ET.fromstring(f"<div>{svg}</div>")  # noqa: S314 (ours)
        plot = root.find("{http://www.w3.org/2000/svg}svg")
        assert plot.get("role") == "img"
        assert plot.find("{http://www.w3.org/2000/svg}title").text


def test_the_page_says_what_the_report_says(report):
    text = page(report)
    for said in (
        "zero-shot, left out by concept, 5 folds", "0.500", "[0.400, 0.600]", "Leak alarm", "30 permutations",
        "top1_transductive_csls", "a caveat", "2 events", "12 against 3", "4.0 of at most 8",
    ):  # fmt: skip
        assert said in text, said


def test_a_bare_report_has_a_page_too(report, tmp_path):
    bare = replace(
        report, controls=(), curves=(), histogram=None, confusion=None, calibration=None, stopping=(), evoked=None,
        transductive=(), ceiling=None, comparison=None, headline=Figure("auc", 0.5),
    )  # fmt: skip
    assert save_html(bare, tmp_path).read_text(encoding="utf-8") == page(bare)
    Elements(page(bare))
    assert "<figure>" not in page(bare)
    assert len(render(bare).renderables) == 4


def shown(report):
    from rich.console import Console  # noqa: PLC0415

    console = Console(width=200, file=io.StringIO())
    console.print(render(report))
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("concept", "zero-shot, left out by concept, 5 folds"),
        ("partition", "zero-shot, one fit, judged on a test partition of its own"),
        ("bundle", "zero-shot, one decoder, judged as it is on what it was not trained on"),
    ],
)
def test_the_card_says_how_it_was_judged(report, left_out, said):
    judged = replace(report, card=replace(report.card, left_out=left_out))
    assert dict(card_lines(judged))["protocol"] == said
    assert said in page(judged)
    assert said in shown(judged)


@pytest.mark.parametrize(
    ("p", "said"), [(None, ""), (0.0004, "< 0.001"), (0.00099, "< 0.001"), (0.001, "0.001"), (0.25, "0.250")]
)
def test_small_p_values_are_said_as_bounds(report, p, said):
    assert p_text(p) == said
    (difference,) = report.comparison.differences
    compared = replace(report, comparison=replace(report.comparison, differences=(replace(difference, p=p),)))
    assert f"<td>{said.replace('<', '&lt;')}</td><td>12 against 3</td>" in page(compared)
    assert said in shown(compared)


def test_a_terminal_gets_the_same_figures(report):
    text = shown(report)
    for said in ("leak alarm", "top1_transductive_csls", "oracle's top1", "+0.100", "stopping rule", "4.0 of 8"):
        assert said in text, said


# -------------------------------------------------------------------------------------------------------- plots


def points_of(svg):
    return [
        tuple(map(float, pair)) for pair in re.findall(r'<circle class="f0" cx="(-?[\d.]+)" cy="(-?[\d.]+)"', svg)
    ]


def test_points_lie_where_they_belong():
    svg = lines("t", Axis("x", 0, 10), Axis("y", 0, 1), [Series("s", (0, 5, 10), (0, 0.5, 1))])
    assert points_of(svg) == [(54.0, 236.0), (260.0, 124.0), (466.0, 12.0)]


def test_a_logarithmic_axis_puts_equal_factors_at_equal_distances():
    svg = lines("t", Axis("x", log=True), Axis("y", 0, 1), [Series("s", (1, 2, 4, 8), (0, 0, 0, 0))])
    places = [x for x, _ in points_of(svg)]
    assert len(places) == 4
    np.testing.assert_allclose(np.diff(places), np.diff(places)[0], atol=0.2)


def test_bars_are_as_tall_as_their_counts():
    svg = histogram("t", Axis("x"), Axis("n"), Bars((0, 1, 2), (1, 4)), Bars((0, 1, 2), (2, 2)), ("here", 1.5))
    heights = [float(height) for height in re.findall(r'<rect class="f0"[^>]* height="([\d.]+)"', svg)]
    assert len(heights) == 2
    assert heights[1] == pytest.approx(4 * heights[0])
    assert ">here</text>" in svg


def test_a_cell_is_as_opaque_as_its_share():
    svg = heat_map("t", ("a", "b"), ((0.75, 0.25), (0.0, 1.0)))
    assert re.findall(r'fill-opacity="([\d.]+)"', svg) == ["0.750", "0.250", "0.000", "1.000"]
    assert "a called b: 25%" in svg


finite = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=8), st.text(max_size=12))
def test_any_numbers_and_labels_make_a_plot_inside_its_frame(points, label):
    label = "".join(c for c in label if c.isprintable())
    xs, ys = zip(*sorted(points), strict=True)
    svg = lines(label, Axis(label), Axis(label), [Series(label, xs, ys)])
    ET.fromstring(f"<div>{svg}</div>")  # noqa: S314 (ours)
    places = points_of(svg)
    assert len(places) == len(points)
    for x, y in places:
        assert 54 <= x <= 466
        assert 12 <= y <= 236


# ------------------------------------------------------------------------------------------------------- evoked


def test_evoked_responses_are_means_in_microvolts_by_concept(tiny):
    evoked = evoked_responses(tiny.trials, {})
    assert evoked.channels == ("Oz", "Pz", "O1", "O2")
    assert evoked.labels == tuple(f"concept {i}" for i in range(6))
    assert evoked.counts == (16,) * 6
    expected = tiny.trials.data[tiny.trials.concepts == 2].mean(axis=0)[[1, 3, 0, 2]]
    np.testing.assert_allclose(evoked.means[2], expected, atol=1e-3)
    assert evoked.times[:2] == (0.0, round(1 / 64, 4))


def test_many_concepts_are_averaged_by_category_or_all_together(tiny_with):
    trials = tiny_with(n_trials=60, n_concepts=10).trials
    halves = {name: "low" if int(name.split()[1]) < 5 else "high" for name in trials.concept_names}
    by_category = evoked_responses(trials, halves)
    assert by_category.labels == ("high", "low")
    low = trials.data[trials.concepts < 5].mean(axis=0)[1]
    np.testing.assert_allclose(by_category.means[1][0], low, atol=1e-3)
    assert evoked_responses(trials, {}).counts == (60,)
