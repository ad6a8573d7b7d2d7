"""What a session says of itself is understood elsewhere, and what is not a description is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from staged_session import about

from bci.announced import CHILDREN, LONGEST, announce, understand
from bci.errors import ConfigError, FormatError
from bci.specs import RandomisationSpec
from bci.types import Channel, StreamSpec

ORDER = RandomisationSpec(kind="blocks", shares={"thing-1": 2, "thing-2": 1})
PLACES = np.float32([[0.25, -0.5], [np.nan, np.nan]])


def facts(**changes):
    stream = StreamSpec("EPOC", "EEG", "serial-1", 128.0, (Channel("Cz"), Channel("X", "aux", "g")), None)
    given = {
        "stream": stream,
        "interpolated": ("P7",),
        "positions": PLACES,
        "calibration": {"temperature": 0.07, "n": 200},
        "personal": {"id": "5c0ffee5", "person": "P07", "accuracy": 0.31},
        "paradigm": "each thing once a block",
        "mismatch": "trained on something else",
    }
    return about(**(given | changes))


def test_everything_that_is_sent_comes_back():
    told = facts()
    told = replace(told, decoder=replace(told.decoder, calibration="5c0ffee5"))
    heard = understand(announce(told.decoder, told, ORDER), "attached to X")
    assert heard.order == ORDER
    assert heard.about.origin == "attached to X"
    for name in told.__dataclass_fields__:
        if name not in ("origin", "positions"):
            assert getattr(heard.about, name) == getattr(told, name), name
    np.testing.assert_array_equal(heard.about.positions, PLACES)


def test_what_stays_at_home_is_not_sent(tmp_path):
    vectors = np.zeros((10, 2), np.float32)
    told = facts(thumbnails=tmp_path, folder=tmp_path, map=vectors, prototypes=vectors)
    sent = announce(told.decoder, told)
    assert tmp_path.name not in "".join(sent.values())
    heard = understand(sent, "")
    kept = (heard.about.thumbnails, heard.about.folder, heard.about.map, heard.about.prototypes, heard.order)
    assert kept == (None,) * 5


def test_nothing_is_bet_on_where_the_truth_is_hidden():
    told = facts(hide_truth=True)
    heard = understand(announce(told.decoder, told, ORDER), "")
    assert heard.about.hide_truth
    assert heard.order is None


def test_without_facts_there_are_only_ids_and_concepts():
    told = facts()
    sent = announce(told.decoder)
    assert set(sent) == set(CHILDREN) - {"about"}
    with pytest.raises(FormatError, match="describes its session"):
        understand(sent | {"about": ""}, "")


def test_more_than_can_be_sent_is_refused():
    told = facts(categories=("x" * (LONGEST // 10),) * 10)
    with pytest.raises(ConfigError, match="smaller bank"):
        announce(told.decoder, told)


def sent(**changes):
    told = facts()
    children = announce(told.decoder, told, ORDER)
    body = json.loads(children["about"]) | changes
    return children | {"about": json.dumps({key: value for key, value in body.items() if value is not ...})}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": 2}, "schema 2, this version reads up to 1"),
        ({"schema": ...}, "schema number"),
        ({"stream": ...}, "stream"),
        ({"stream": {"name": "EPOC"}}, "stream"),
        ({"window": [0.0]}, "window"),
        ({"window": [0.0, float("inf")]}, "window"),
        ({"budget": "50"}, "budget"),
        ({"synthetic": 1}, "synthetic"),
        ({"sfreq": 0}, "sfreq"),
        ({"categories": ["one"]}, "as many categories as concepts, got 1 and 10"),
        ({"positions": [[0.0, 0.0]]}, "as many positions as channels, got 1 and 2"),
        ({"positions": []}, "as many positions as channels, got 0 and 2"),
        ({"positions": [[1e300, 0.0], None]}, "positions"),
        ({"randomisation": {"kind": "sorted"}}, "randomisation"),
        ({"randomisation": {"kind": "blocks", "shares": {"x" * 10_000: 0.5}}}, "whole number of times"),
        ({"randomisation": {"kind": "blocks", "shares": {"thing-1": 1e300}}}, "order of the concepts"),
        ({"randomisation": {"kind": "independent", "shares": {"king": 1}}}, "order of the concepts"),
    ],
)
def test_other_descriptions_are_refused_in_one_short_line(changes, why):
    with pytest.raises(FormatError, match=why) as refused:
        understand(sent(**changes), "")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("concepts", ["", "7", "[]", '["a", "a"]', '["a", 1]', "[" * 10_000, "x" * (LONGEST + 1)])
def test_other_lists_of_concepts_are_refused(concepts):
    with pytest.raises(FormatError, match="expected"):
        understand(sent(categories=[]) | {"concepts": concepts}, "")


@pytest.mark.parametrize("child", CHILDREN)
def test_a_value_that_is_missing_or_too_long_is_refused(child):
    for told in ({}, {child: ""}, {child: "x" * (LONGEST + 1)}):
        children = {name: text for name, text in sent().items() if name != child}
        with pytest.raises(FormatError, match="expected"):
            understand(children | told, "")


TEXT = st.text(max_size=20) | st.binary(max_size=20).map(lambda data: data.decode("latin-1"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


def heard_or_refused(children):
    """Whatever is understood can be announced again; whatever is not is refused in one line."""
    heard, refused = None, ""
    try:
        heard = understand(children, "")
    except FormatError as error:
        refused = str(error)
    assert "\n" not in refused
    if heard is not None:
        again = understand(announce(heard.about.decoder, heard.about, heard.order), "")
        assert (again.order, again.about.concepts) == (heard.order, heard.about.concepts)


@given(JSON, st.sampled_from(sorted(json.loads(sent()["about"]))))
def test_whatever_a_fact_holds_it_is_understood_or_refused(value, fact):
    heard_or_refused(sent(**{fact: value}))


@given(st.dictionaries(st.sampled_from(CHILDREN), TEXT | JSON.map(json.dumps)))
def test_whatever_is_announced_it_is_understood_or_refused(children):
    heard_or_refused(children)
    heard_or_refused(sent() | children)
