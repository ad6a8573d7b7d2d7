import numpy as np
import pytest
from noisy_caps import STREAM, chunks, mains, noise

from bci.bad_channels import BadChannels
from bci.channel_watch import ChannelWatch
from bci.errors import MismatchError
from bci.preprocess import Preprocessor
from bci.specs import PreprocessSpec
from bci.types import Epoch, Quality, Stamps, Status

SPEC = PreprocessSpec(channels=("C3", "C4", "O1", "O2"), sfreq=250, tmax=0.5)


def mean_of_others(have, want):
    return np.array([[label == other if label in have else 1 / len(have) for other in have] for label in want])


def impossible(have, want):
    raise MismatchError("no positions")


def looked_after(policy, *columns, spec=SPEC, interpolate=mean_of_others):
    """What looks after a stream whose columns have been full of line noise for the last seconds of eight."""
    data = noise(8)
    for column in columns:
        mains(data, 4, 8, column)
    channels = BadChannels(ChannelWatch(STREAM), policy)
    for chunk in chunks(data):
        channels.feed(chunk)
    return channels, Preprocessor(spec, STREAM, interpolate)


def epoch(onset, data=np.zeros((4, 125), np.float32)):  # noqa: B008
    return Epoch(data, onset, 250.0, None, None, None, Quality(), Stamps(0, 0, 0))


def test_a_window_that_meets_a_bad_channel_is_flagged_its_baseline_included():
    channels, now = looked_after("flag", 2)
    (flag,) = channels.flagged(epoch(106.0), now).quality.flags
    assert (flag.status, flag.reason) == (Status.ARTIFACT, "O1 line noise")
    assert channels.flagged(epoch(101.0), now).quality.flags == ()
    assert channels.flagged(epoch(106.0, None), now).quality.flags == ()
    later = SPEC.model_copy(update={"tmin": 5.0, "tmax": 5.5})
    assert channels.flagged(epoch(101.0), Preprocessor(later, STREAM)).quality.flags
    assert channels.trouble(now) == "O1 line noise"
    assert channels.left_out(now, (), frozenset()) == frozenset()


def test_a_channel_that_the_decoder_does_not_use_is_no_matter():
    fewer = SPEC.model_copy(update={"channels": ("C3", "C4", "O2")})
    channels, now = looked_after("make-up", 2, spec=fewer)
    assert channels.flagged(epoch(106.0), now).quality.flags == ()
    assert channels.trouble(now) == ""
    assert channels.left_out(now, (), frozenset()) == frozenset()


def test_what_is_made_up_is_not_flagged_and_said():
    channels, now = looked_after("make-up", 2)
    assert channels.left_out(now, (), frozenset()) == {"O1"}
    now.adopt(now.without({"O1"}))
    assert channels.flagged(epoch(106.0), now).quality.flags == ()
    assert channels.trouble(now) == "made up from the others: O1 line noise"


def test_the_operator_wins():
    channels, now = looked_after("make-up", 2)
    assert channels.left_out(now, ("O1",), frozenset({"O1"})) == frozenset()


@pytest.mark.parametrize(("columns", "interpolate"), [((2, 3), mean_of_others), ((2,), impossible), ((2,), None)])
def test_what_cannot_be_made_up_is_flagged(columns, interpolate):
    channels, now = looked_after("make-up", *columns, interpolate=interpolate)
    assert channels.left_out(now, (), frozenset()) == frozenset()
    assert channels.left_out(now, (), frozenset({"C3"})) == {"C3"}
    assert channels.flagged(epoch(106.0), now).quality.flags


def test_ignored_channels_are_not_looked_at():
    channels, now = looked_after("ignore", 2)
    assert channels.trouble(now) == ""
    assert channels.flagged(epoch(106.0), now).quality.flags == ()
