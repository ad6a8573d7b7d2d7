"""Several streams, one decoder: what each session hears, and what is refused."""

from pathlib import Path

import pytest

from bci.cli.live import Live
from bci.cli.several import check_several, heard_by
from bci.errors import ConfigError


def test_markers_named_after_a_stream_are_for_it_alone_and_all_hear_the_others():
    streams, markers = ("A", "B"), ("A-markers", "B-markers", "screen")
    assert heard_by("A", streams, markers) == ("A-markers", "screen")
    assert heard_by("B", streams, markers) == ("B-markers", "screen")


def test_the_longest_name_that_fits_counts():
    streams, markers = ("EPOC", "EPOC-2"), ("EPOC-markers", "EPOC-2-markers")
    assert heard_by("EPOC", streams, markers) == ("EPOC-markers",)
    assert heard_by("EPOC-2", streams, markers) == ("EPOC-2-markers",)


@pytest.mark.parametrize("markers", [(), ("A-markers",)])
def test_a_stream_without_markers_is_refused_instead_of_hearing_those_of_another(markers):
    with pytest.raises(ConfigError, match="expected a marker stream for B, got"):
        heard_by("B", ("A", "B"), markers)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"streams": ("A", "A")}, "expected each stream once, got A, A"),
        ({"attach": True}, "expected one --stream with --attach, got 2"),
        ({"reference": Path("r.xdf")}, "expected one --stream with --reference, got 2"),
        ({"headless": False}, "the dashboard shows one stream, got 2: add --headless"),
    ],
)
def test_what_is_of_one_stream_alone_is_refused_with_several(options, why):
    with pytest.raises(ConfigError, match=why):
        check_several(Live(**({"streams": ("A", "B"), "headless": True} | options)))
