"""`bci live --bad-channels`: what is asked for is what is done, or refused before a sample comes."""

import pytest

from bci.cli.opening import mind_channels
from bci.clock import VirtualClock
from bci.epochs import Epocher
from bci.errors import MismatchError
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Channel, StreamSpec
from replay.spherical_splines import interpolation_matrix

LABELS = ("Fp1", "Fp2", "C3", "C4", "O1", "O2")


def epocher(labels):
    stream = StreamSpec("cap", "EEG", "id", 250.0, tuple(map(Channel, labels)), "FCz")
    spec = PreprocessSpec(channels=labels, sfreq=250, tmax=0.5, lowpass=30.0)
    return Epocher(
        stream, spec, EventSpec(), QualitySpec(), ("a",), VirtualClock(), interpolate=interpolation_matrix
    )


@pytest.mark.parametrize("policy", ["flag", "make-up", "ignore"])
def test_the_policy_is_that_which_was_asked_for(policy):
    cut = epocher(LABELS)
    assert mind_channels(policy, cut).policy == policy
    assert cut.preprocessor.interpolated == ()


def test_channels_without_a_place_on_the_head_cannot_be_made_up():
    with pytest.raises(MismatchError, match="cannot be made up: cannot interpolate first"):
        mind_channels("make-up", epocher(("first", "second", "third", "fourth")))
    assert mind_channels("flag", epocher(("first", "second", "third", "fourth"))).policy == "flag"


def test_mains_are_let_through_as_far_as_the_filters_do():
    through = epocher(LABELS).preprocessor.passes
    assert through(5.0) == pytest.approx(1.0, abs=1e-3)
    assert through(30.0) == pytest.approx(0.5, abs=1e-6)  # the edge of a Butterworth filter
    assert through(50.0) < 1 / 50
