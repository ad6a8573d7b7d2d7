from types import SimpleNamespace

import numpy as np
import pytest
from noisy_caps import STREAM, chunks, mains, noise

from bci.bad_channels import BadChannels
from bci.channel_choice import ChannelChoice
from bci.channel_watch import ChannelWatch
from bci.errors import MismatchError
from bci.pair import Pair
from bci.preprocess import Preprocessor
from bci.specs import PreprocessSpec

SPEC = PreprocessSpec(channels=("C3", "C4", "O1", "O2"), sfreq=250, tmax=0.5)


def mean_of_others(have, want):
    return np.array([[label == other if label in have else 1 / len(have) for other in have] for label in want])


def pair(interpolate=mean_of_others):
    """A pair of which channels alone are chosen."""
    return Pair(SimpleNamespace(preprocessor=Preprocessor(SPEC, STREAM, interpolate)), None)


def made_up(of):
    return of.epocher.preprocessor.interpolated


def test_channels_change_when_it_is_applied_and_for_every_pair():
    told = []
    choice, first, second = ChannelChoice(None, told.append), pair(), pair()
    choice.look_after(first)
    choice.look_after(second)
    assert not choice.apply()
    choice.leave_out(["O1"])
    assert made_up(first) == made_up(second) == ()
    assert choice.apply()
    assert made_up(first) == made_up(second) == ("O1",)
    choice.leave_out([])
    assert choice.apply()
    assert made_up(first) == ()
    assert told == ["O1", ""]


def test_a_pair_that_comes_later_does_without_the_same_channels():
    choice, first, later = ChannelChoice(None, lambda _: None), pair(), pair()
    choice.look_after(first)
    choice.leave_out(["O1"])
    choice.look_after(later)
    assert made_up(later) == ("O1",)


def test_a_pair_that_cannot_do_without_them_is_refused():
    choice, first = ChannelChoice(None, lambda _: None), pair()
    choice.look_after(first)
    choice.leave_out(["O1"])
    rigid = pair(interpolate=None)
    with pytest.raises(MismatchError, match="O1"):
        choice.look_after(rigid)
    choice.leave_out(["O2"])  # by all that are looked after, which `rigid` is not
    assert choice.apply()
    assert made_up(first) == ("O2",)


def test_what_one_pair_cannot_do_without_is_left_out_by_none():
    told = []
    choice, first, rigid = ChannelChoice(None, told.append), pair(), pair(interpolate=None)
    choice.look_after(first)
    choice.look_after(rigid)
    with pytest.raises(MismatchError, match="O1"):
        choice.leave_out(["O1"])
    assert not choice.apply()
    assert told == []


def test_a_bad_channel_goes_beside_those_left_out_by_hand():
    data = noise(8)
    mains(data, 4, 8, 2)
    told = []
    choice, one = ChannelChoice(BadChannels(ChannelWatch(STREAM), "make-up"), told.append), pair()
    choice.look_after(one)
    for chunk in chunks(data):
        choice.mind(chunk, one)
    assert choice.apply()
    choice.assess(one)
    assert made_up(one) == ("O1",)
    assert choice.trouble == "made up from the others: O1 line noise"
    assert told == ["O1"]
