"""Decoders of epochs go with streams of epochs; on any other they are refused, or it is said."""

import numpy as np
import pytest

from bci.array_source import ArraySource
from bci.devices import GENERIC
from bci.end_to_end import MISMATCH, ORDER, mismatch, refuse_mismatch
from bci.errors import MismatchError
from bci.player import Player
from bci.specs import PreprocessSpec
from bci.stream_header import StreamHeader, understand
from bci.types import Channel, Recording, StreamSpec


def spec(mode):
    return PreprocessSpec(mode=mode, channels=("Cz",), sfreq=100.0, tmax=0.5)


def stream(*, end_to_end):
    return StreamSpec("amplifier", "EEG", "id", 100.0, (Channel("Cz"),), end_to_end=end_to_end)


@pytest.mark.parametrize(
    ("mode", "end_to_end", "said"),
    [
        ("epoch", False, MISMATCH),
        ("epoch", True, None),
        ("continuous", False, None),
        ("continuous", True, None),
    ],
)
def test_a_decoder_of_epochs_does_not_go_with_a_continuous_stream(mode, end_to_end, said):
    assert mismatch(spec(mode), stream(end_to_end=end_to_end)) == said
    if said is None:
        refuse_mismatch(spec(mode), stream(end_to_end=end_to_end))


def test_it_is_refused_in_one_line_that_says_how_it_is_accepted():
    with pytest.raises(MismatchError, match="'amplifier'.*--accept-mismatch") as error:
        refuse_mismatch(spec("epoch"), stream(end_to_end=False))
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize("make", [ArraySource, Player])
@pytest.mark.parametrize(("known", "end_to_end"), [({"order": ORDER}, True), ({}, False)])
def test_a_recording_says_whether_it_is_epochs(make, known, end_to_end):
    recording = Recording(np.zeros((100, 1), np.float32), 100.0, ((0, 0.0),), (), (Channel("Cz"),), None, known)
    assert make(recording).spec.end_to_end is end_to_end


@pytest.mark.parametrize(("order", "end_to_end"), [(ORDER, True), ("", False)])
def test_a_stream_says_whether_it_is_epochs(order, end_to_end):
    header = StreamHeader("amplifier", "EEG", "id", 100.0, ["Cz"], [""], [""], "", order)
    assert understand(header, GENERIC)[2].end_to_end is end_to_end
