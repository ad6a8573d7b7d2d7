"""Which stream is meant: pure, on streams that are made up."""

import pytest

from bci.clock import VirtualClock
from bci.discovery import FoundStream, choose, marker_streams
from bci.errors import StreamError


def stream(name, kind="EEG", source_id="", n_channels=8, sfreq=250.0):
    return FoundStream(
        name, kind, source_id or f"id-{name}", "host", n_channels, sfreq, f"{name}{source_id}", None
    )


CAP, BAND = stream("cap"), stream("band")
WORDS, CODES = (stream(name, "Markers", n_channels=1, sfreq=0.0) for name in ("words", "codes"))


class Sight:
    """What can be seen at each look; a look takes a second."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.clock = VirtualClock()

    def __call__(self):
        self.clock.advance(1.0)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def chosen(wanted, *looks, wait=5.0):
    sight = Sight(*looks)
    return choose(wanted, wait, sight, sight.clock)


def test_the_only_eeg_stream():
    assert chosen(None, [CAP, WORDS]) is CAP


@pytest.mark.parametrize("wanted", ["cap", "id-cap"])
def test_by_name_or_source_id(wanted):
    assert chosen(wanted, [CAP, BAND]) is CAP


def test_stream_that_appears_in_time():
    assert chosen("cap", [], [], [CAP]) is CAP


def test_unknown_name_lists_what_is_there_after_five_seconds():
    sight = Sight([CAP, WORDS])
    with pytest.raises(StreamError) as refusal:
        choose("hat", 5.0, sight, sight.clock)
    assert sight.clock() == 5.0
    assert "'hat'" in str(refusal.value)
    assert "cap (EEG, 8 ch, 250 Hz, id id-cap); words (Markers, 1 ch, events, id id-words)" in str(refusal.value)


def test_several_eeg_streams_ask_for_a_name():
    with pytest.raises(StreamError, match=r"found 2: .*--stream NAME"):
        chosen(None, [CAP, BAND])


def test_second_stream_of_one_name_that_answers_late():
    twin = stream("cap", source_id="other")
    with pytest.raises(StreamError, match=r"id-cap, other\. Choose by source id"):
        chosen("cap", [CAP], [CAP, twin])


def test_marker_streams():
    assert marker_streams(None, 5.0, lambda: [CAP, WORDS, CODES]) == [WORDS, CODES]
    assert marker_streams(["id-codes"], 5.0, lambda: [CAP, WORDS, CODES]) == [CODES]
    assert marker_streams(None, 5.0, lambda: [CAP]) == []


def test_marker_stream_that_does_not_come():
    sight = Sight([WORDS])
    with pytest.raises(StreamError, match=r"'codes', not found in 5 s; in sight: words"):
        marker_streams(["codes"], 5.0, sight, sight.clock)
