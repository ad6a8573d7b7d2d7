import pytest

from bci.cli.about import filters_in_words, order_in_words
from bci.specs import PreprocessSpec, RandomisationSpec


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "from DC, recorded reference, 100 Hz"),
        ({"highpass": 0.5}, "from 0.5 Hz, recorded reference, 100 Hz"),
        ({"lowpass": 30.0}, "DC-30 Hz causal, recorded reference, 100 Hz"),
        (
            {"highpass": 0.5, "lowpass": 40.0, "notch": 50.0, "reference": "average"},
            "0.5-40 Hz causal, notch 50 Hz, average reference, 100 Hz",
        ),
        ({"scale": "whiten", "whitening": "channel"}, "from DC, recorded reference, 100 Hz, scaled by channel"),
        ({"scale": "rms"}, "from DC, recorded reference, 100 Hz, scaled by rms"),
    ],
)
def test_preprocessing_is_said_in_words(keys, words):
    assert filters_in_words(PreprocessSpec(channels=("Oz",), sfreq=100.0, tmax=1.0, **keys)) == words


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (None, None),
        (RandomisationSpec(kind="blocks"), "blocks that show every concept a fixed number of times"),
        (RandomisationSpec(kind="independent"), "every concept alike, drawn anew each time"),
        (
            RandomisationSpec(kind="independent", shares={"Dog": 0.85, "Cat": 0.15}),
            "drawn anew each time: Dog 85%, Cat 15%",
        ),
    ],
)
def test_the_order_of_a_paradigm_is_said_in_words(order, words):
    assert order_in_words(order) == words
