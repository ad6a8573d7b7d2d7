import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.events import EventBuilder
from bci.specs import EventSpec
from bci.types import Marker, Status

CONCEPTS = ("House", "Human face")


def builder(**fields):
    return EventBuilder(EventSpec(**fields), CONCEPTS, tolerance=0.004)


def test_markers_that_match_make_an_event_each_and_the_others_are_counted():
    events = builder(lock=("1", "2", "S *[0-9]+"), concepts={"1": "House", "2": "Human face"})
    made = events.feed([Marker(i, value) for i, value in enumerate(["1", "0", "2", "", "-1", "S  7", "x", "12"])])
    assert [(event.marker.value, event.truth) for event in made] == [("1", 0), ("2", 1), ("S  7", None)]
    assert events.ignored == 5


def test_a_value_that_is_a_name_is_its_own_concept():
    assert builder().feed([Marker(0.0, "House")])[0].truth == 0
    assert builder().feed([Marker(0.0, "Garden")])[0].truth is None


def test_control_markers_are_neither_events_nor_ignored():
    events = builder()
    assert events.feed([Marker(0.0, "bci:end")]) == []
    assert events.ignored == 0


def test_a_marker_told_twice_is_one_event_and_one_flagged_one():
    events = builder()
    made = events.feed([Marker(1.0, "House", "a"), Marker(1.001, "House", "a"), Marker(1.001, "House", "b")])
    assert [bool(event.flags) for event in made] == [False, True, False]
    assert made[1].flags[0].status is Status.DROPPED
    assert made[1].truth is None


@given(
    st.permutations([Marker(t, v) for t, v in [(0.0, "House"), (0.3, "Human face"), (0.6, "House"), (0.9, "q")]])
)
def test_what_an_event_means_does_not_depend_on_the_order_of_arrival(markers):
    made = builder().feed(markers)
    assert {event.marker.time: event.truth for event in made} == {0.0: 0, 0.3: 1, 0.6: 0, 0.9: None}


@pytest.mark.parametrize("time", [np.nan, np.inf, -np.inf])
def test_a_marker_without_a_time_is_an_event_that_says_so(time):
    (event,) = builder().feed([Marker(time, "House", arrived=5.0)])
    assert (event.marker.time, event.truth) == (5.0, 0)
    assert event.flags[0].status is Status.GAP
    assert str(time) in event.flags[0].reason


# ------------------------------------------------------------------------------------------------ repeats


def groups(pattern, *values, **fields):
    made = builder(group=pattern, **fields).feed([Marker(float(i), value) for i, value in enumerate(values)])
    return [(event.group, event.truth) for event in made]


def test_a_trial_id_in_the_marker_names_the_presentation_and_the_rest_what_was_shown():
    told = groups("(?P<group>[0-9]+)/(?P<concept>.+)", "7/House", "7/House", "8/Human face", "8/q", "House")
    assert told == [("7", 0), ("7", 0), ("8", 1), ("8", None), (None, 0)]


def test_events_of_one_value_are_repeats_where_a_picture_returns():
    told = groups("(?P<group>.+)", "17", "18", "17", concepts={"17": "House", "18": "House"})
    assert told == [("17", 0), ("18", 0), ("17", 0)]


def test_without_a_pattern_every_event_stands_alone():
    assert groups(None, "House", "House") == [(None, 0), (None, 0)]


def test_an_empty_name_names_no_presentation():
    assert groups("(?P<group>[0-9]*)/.*", "/House") == [(None, None)]


def test_where_two_sources_tell_of_an_event_its_label_names_the_presentation():
    events = builder(time_from="t", label_from="l", group="(?P<group>[0-9]+)/(?P<concept>.+)", lock=("1",))
    (event,) = events.feed([Marker(1.0, "1", "t"), Marker(1.02, "9/House", "l")])
    assert event.group is None  # not before its label is known
    labelled = events.label(event)
    assert (labelled.group, labelled.truth) == ("9", 0)


# ------------------------------------------------------------------------------------------------ two sources


def paired():
    return builder(time_from="amp/trigger", label_from="screen", pair_within=0.1)


def test_time_comes_from_the_trigger_and_the_label_from_the_other_source():
    events = paired()
    (event,) = events.feed([Marker(5.02, "House", "screen", arrived=5.5), Marker(5.0, "17", "amp/trigger")])
    complete = events.label(event)
    assert (complete.marker.time, complete.marker.value, complete.truth) == (5.0, "House", 0)
    assert complete.marker.arrived == 5.5
    assert complete.flags == ()


def test_a_trigger_without_its_label_says_so_and_is_not_guessed():
    events = paired()
    (event,) = events.feed([Marker(5.3, "House", "screen"), Marker(5.0, "17", "amp/trigger")])
    complete = events.label(event)
    assert complete.truth is None
    assert "no label from screen" in complete.flags[0].reason


def test_a_label_without_its_trigger_is_counted_as_ignored():
    events = paired()
    (event,) = events.feed([Marker(4.0, "House", "screen"), Marker(5.0, "17", "amp/trigger")])
    events.feed([Marker(5.01, "House", "screen")])
    assert events.label(event).truth == 0
    assert events.ignored == 1


def test_a_label_between_two_triggers_goes_to_the_nearer_one_alone():
    events = paired()
    first, second = events.feed(
        [Marker(5.0, "17", "amp/trigger"), Marker(5.07, "18", "amp/trigger"), Marker(5.06, "House", "screen")]
    )
    assert events.label(first).truth is None
    assert events.label(second).truth == 0


def test_markers_of_a_third_source_are_ignored():
    events = paired()
    assert events.feed([Marker(5.0, "House", "keyboard")]) == []
    assert events.ignored == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"lock": ("(",)},
        {"group": "(?P<group>"},
        {"group": "(.*)"},
        {"time_from": "a"},
        {"mode": "sliding"},
        {"step": 0.1},
        {"hold": 0},
    ],
)
def test_specs_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValueError, match="regular expression|together|greater|a part"):
        EventSpec(**fields)
