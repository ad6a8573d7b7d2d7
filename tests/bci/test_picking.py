"""Which channels become the decoder's, and that one that is left out is truly left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bci.errors import MismatchError
from bci.picking import pick_channels
from bci.specs import PreprocessSpec
from bci.types import Channel, StreamSpec
from replay.spherical_splines import interpolation_matrix

LABELS = ("Fp1", "Cz", "P3", "Pz", "P4", "Oz", "AUX")
STREAM = StreamSpec("cap", "EEG", "id", 250.0, tuple(map(Channel, LABELS)), "Fz")
SPEC = PreprocessSpec(channels=("Oz", "Cz", "Pz"), sfreq=250.0, tmax=0.2)
EXCEPT_THE_DECODERS_THREE = ("Fp1", "P3", "P4", "AUX")

samples = hnp.arrays(np.float32, (6, len(LABELS)), elements=st.floats(-1000, 1000, width=32))


@given(samples)
def test_channels_that_are_there_pass_unchanged_in_the_decoders_order(data):
    picking = pick_channels(SPEC, STREAM, None)
    assert picking.made_up == ()
    np.testing.assert_array_equal(picking(data), data[:, [5, 1, 3]].astype(np.float64))


@given(samples, st.sets(st.sampled_from(LABELS[:-1]), min_size=1, max_size=3), st.floats(width=32))
def test_a_channel_that_is_left_out_changes_nothing_whatever_it_says(data, left_out, says):
    picking = pick_channels(SPEC, STREAM, interpolation_matrix, left_out)
    before = picking(data)
    data[:, [LABELS.index(label) for label in left_out]] = says  # NaN and infinity among them
    np.testing.assert_array_equal(picking(data), before)
    assert set(picking.made_up) == left_out & set(SPEC.channels)
    for place, label in enumerate(SPEC.channels):
        if label not in left_out:
            np.testing.assert_array_equal(before[:, place], data[:, LABELS.index(label)])


def test_what_is_made_up_is_what_neighbours_agree_on():
    picking = pick_channels(SPEC, STREAM, interpolation_matrix, ["Pz"])
    made = picking(np.full((3, len(LABELS)), 7.0, np.float32))
    np.testing.assert_allclose(made, 7.0, rtol=1e-6)


def test_a_channel_that_the_decoder_does_not_use_is_left_out_of_what_makes_up_others():
    only_pz_and_cz = pick_channels(SPEC, STREAM, interpolation_matrix, ["Oz", *EXCEPT_THE_DECODERS_THREE])
    assert only_pz_and_cz.made_up == ("Oz",)
    assert [LABELS[column] for column in only_pz_and_cz.columns] == ["Cz", "Pz"]


@pytest.mark.parametrize(
    ("left_out", "interpolate", "said"),
    [
        (["T7"], interpolation_matrix, "cannot leave out T7: stream 'cap' has no such channel"),
        (["Oz"], None, "cannot leave out Oz: nothing here makes them up"),
        (LABELS, interpolation_matrix, "none of the recorded channels has a name of the 10-05 system"),
    ],
)
def test_what_cannot_be_left_out_is_refused(left_out, interpolate, said):
    with pytest.raises(MismatchError, match=said):
        pick_channels(SPEC, STREAM, interpolate, left_out)


def test_a_stream_that_lacks_a_channel_is_refused_whatever_is_left_out():
    poor = StreamSpec("cap", "EEG", "id", 250.0, tuple(map(Channel, ("Cz", "Pz", "P3"))), "Fz")
    with pytest.raises(MismatchError, match="lacks Oz and has Cz, Pz, P3"):
        pick_channels(SPEC, poor, interpolation_matrix, ["P3"])
