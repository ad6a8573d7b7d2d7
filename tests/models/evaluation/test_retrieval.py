"""What was retrieved for each picture: means over presentations, order, bounds; and the page that shows it."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from bci.bank import save_bank
from bci.types import Channel, TrialSet
from models.config import EvaluationConfig
from models.evaluation import retrieval as module
from models.evaluation.answers import collect
from models.evaluation.html import MOST_PICTURES, page, shown_concepts
from models.evaluation.report import Card, Figure, Query, Report, Retrieval
from models.evaluation.retrieval import retrieval
from models.vision.thumbnails import PAGE_SIDE, save_thumbnails, thumbnail_uris

NAMES = tuple(f"concept {n}" for n in range(8))
EVIL = "<img src=x onerror=alert(1)>&\"'{{ 7 * 7 }}</script>"
WEBP = "data:image/webp;base64,AAAA"


def answers_to(concepts, scores, images=None, names=NAMES):
    n = len(concepts)
    trials = TrialSet(
        data=np.zeros((n, 1, 4), np.float32),
        sfreq=4.0,
        tmin=0.0,
        channels=(Channel("Oz"),),
        concept_names=names,
        concepts=np.asarray(concepts),
        images=np.full(n, -1) if images is None else np.asarray(images),
        groups={name: np.full(n, "1") for name in ("subject", "session", "recording")},
    )
    evaluation = EvaluationConfig(protocol="zero-shot", by="concept", test="partition")
    scores = np.asarray(scores, np.float32)
    return collect(trials, names, [np.arange(n)], [scores], evaluation, whole_bank=True), trials


def test_repetitions_of_a_picture_are_answered_by_their_mean_and_the_worst_come_first():
    rng = np.random.default_rng(0)
    concepts = np.tile(np.arange(8), 3)
    scores = np.eye(8)[concepts] + rng.normal(0, 0.1, (24, 8))
    scores[concepts == 5, 2] += 3  # always called concept 2
    found = retrieval(*answers_to(concepts, scores, images=concepts))
    assert (found.n, found.presentations) == (8, (3, 3))
    worst = found.queries[0]
    assert (worst.truth, worst.rank, worst.presentations) == ("concept 5", 1, 3)
    assert [name for name, _ in worst.nearest[:2]] == ["concept 2", "concept 5"]
    mean = scores[concepts == 5].mean(axis=0)
    np.testing.assert_allclose([score for _, score in worst.nearest], np.sort(mean)[::-1][:5], rtol=1e-5)
    assert [query.rank for query in found.queries[1:]] == [0] * 7


def test_two_pictures_of_one_concept_are_two_queries():
    found = retrieval(*answers_to([1, 1, 1, 1], np.eye(8)[[1] * 4], images=[3, 3, 4, 4]))
    assert (found.n, found.presentations) == (2, (2, 2))


def test_single_trials_stay_single_where_pictures_are_unknown():
    found = retrieval(*answers_to([1, 1, 2], np.eye(8)[[1, 1, 2]]))
    assert (found.n, found.presentations) == (3, (1, 1))


def test_of_many_pictures_some_are_kept(monkeypatch):
    monkeypatch.setattr(module, "MOST_QUERIES", 3)
    found = retrieval(*answers_to(np.arange(8), np.eye(8), images=np.arange(8)))
    assert (len(found.queries), found.n) == (3, 8)


def test_where_all_candidates_would_be_shown_there_is_nothing_to_retrieve():
    assert retrieval(*answers_to([0, 1], np.eye(5)[:2], names=NAMES[:5])) is None


# ------------------------------------------------------------------------------------------------ the page


@pytest.fixture
def whole_report():
    card = Card(
        "zero-shot", "partition", 1, "exact image (CLIP, final)", 8, NAMES, (8, 8), "single trials", 1, 1, 160,
        160, (0,), "fixed", "pls", ("Oz",), (0.0, 0.8), 100.0, "causal",
    )  # fmt: skip
    return Report("tiny", Figure("top1", 0.5), card, (), (), {}, (), 1.0, {})


@pytest.fixture
def shown(whole_report):
    queries = (
        Query(EVIL, 6, 80, (("b", 0.5), ("c", 0.4))),
        Query("b", 0, 80, (("b", 0.9), (EVIL, 0.1))),
    )
    return replace(whole_report, retrieval=Retrieval(queries, 2, (80, 80)))


def test_truth_stands_beside_what_was_retrieved(shown):
    text = page(shown, {"b": WEBP})
    rows = re.findall(r'<li class="query".*?</ol></li>', text, re.DOTALL)
    assert len(rows) == 2
    assert "<b>7</b>" in rows[0]
    assert "mean of 80" in rows[0]
    assert 'class="card hit"><span class="pic p0">' in rows[1]
    assert "averages, not single trials" in text


def test_pictures_are_in_the_page_once_and_nothing_comes_from_elsewhere(shown):
    text = page(shown, {"b": WEBP})
    assert text.count(WEBP) == 1
    assert set(re.findall(r"url\(([^)]*)\)", text)) == {WEBP}
    assert "@import" not in text
    elements = Elements(text).found
    assert {tag for tag, _ in elements}.isdisjoint({"img", "link", "iframe", "object", "use", "image"})
    for _, attributes in elements:
        assert attributes.isdisjoint({"src", "href", "xlink:href"})
        assert not any(name.startswith("on") for name in attributes)


class Elements(HTMLParser):
    """Names of all elements, and of their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name for name, _ in attrs}))


def test_the_policy_admits_the_one_script_by_its_hash(shown):
    text = page(shown, {"b": WEBP})
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    parts = [part.strip() for part in policy.split(";")]
    assert parts == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        f"script-src 'sha256-{digest}'",
    ]


def test_a_report_without_retrieval_has_no_script(whole_report):
    text = page(replace(whole_report, retrieval=None))
    assert "<script" not in text
    assert "script-src" not in text


def test_names_are_escaped_everywhere(shown):
    text = page(shown, {EVIL: WEBP})
    assert EVIL not in text
    assert "onerror=alert(1)&gt;" in text
    assert "49" not in re.findall(r'data-name="([^"]*)"', text)[0]
    assert text.count("<script>") == 1


def test_names_stand_alone_where_there_are_no_pictures(shown):
    text = page(shown)
    assert "names alone" in text
    assert 'class="pic' not in text
    assert "card hit named" in text


def test_the_pictures_of_the_worst_are_taken_first(shown, whole_report):
    assert shown_concepts(shown) == [EVIL, "b", "c"]
    assert shown_concepts(replace(whole_report, retrieval=None)) == []
    many = tuple(Query(f"concept {n}", 0, 1, ()) for n in range(2 * MOST_PICTURES))
    assert len(shown_concepts(replace(shown, retrieval=Retrieval(many, 9, (1, 1))))) == MOST_PICTURES


def test_thumbnails_are_small_and_hold_pixels_alone(tiny, tmp_path):
    bank = tmp_path / "bank.safetensors"
    save_bank(bank, tiny.bank)
    assert thumbnail_uris(bank, tiny.bank.names) == {}
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (300, 200, 3), np.uint8)).save(tmp_path / "one.png")
    save_thumbnails(bank, [None, tmp_path / "one.png"])
    (tmp_path / "bank.thumbnails" / "2.webp").write_bytes(
        (tmp_path / "bank.thumbnails" / "1.webp").read_bytes() + b"<script>"
    )
    found = thumbnail_uris(bank, [*tiny.bank.names, "unknown"])
    assert list(found) == ["concept 1", "concept 2"]
    for uri in found.values():
        kind, _, body = uri.partition(",")
        assert kind == "data:image/webp;base64"
        assert b"<script>" not in base64.b64decode(body)
        (tmp_path / "again.webp").write_bytes(base64.b64decode(body))
        with Image.open(tmp_path / "again.webp") as picture:
            assert max(picture.size) == PAGE_SIDE
