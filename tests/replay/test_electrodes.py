import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mne.channels import make_standard_montage

from replay.electrodes import MONTAGE, flat_positions

NAMES = make_standard_montage(MONTAGE).ch_names
PAIRS = [("Fp1", "Fp2"), ("F7", "F8"), ("T7", "T8"), ("C3", "C4"), ("P7", "P8"), ("O1", "O2"), ("TP9", "TP10")]


def test_the_nose_is_up_and_the_right_ear_to_the_right():
    flat = dict(zip(("Fpz", "Oz", "T7", "T8"), flat_positions(["Fpz", "Oz", "T7", "T8"]), strict=True))
    assert flat["Fpz"] == pytest.approx([0, 1], abs=0.1)
    assert flat["Oz"] == pytest.approx([0, -0.9], abs=0.1)
    assert flat["T7"] == pytest.approx([-1, 0], abs=0.1)
    assert flat["T8"] == pytest.approx([1, 0], abs=0.1)


def test_the_vertex_is_in_the_middle_and_the_midline_on_one_line():
    midline = flat_positions(["Fpz", "Fz", "Cz", "Pz", "Oz", "Iz"])
    assert np.abs(midline[:, 0]).max() < 0.03
    assert (np.diff(midline[:, 1]) < 0).all()
    assert np.abs(midline[2]).max() < 0.1


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_the_head_is_nearly_symmetrical(left, right):
    here, there = flat_positions([left, right])
    assert here == pytest.approx([-there[0], there[1]], abs=0.05)
    assert here[0] < 0 < there[0]


def test_distance_from_the_middle_is_the_angle_from_straight_up():
    # C3 and C4 lie at 40 % of the half arc T7-Cz-T8 in the 10-20 system, T7 and T8 at 80 %
    c3, c4, t7, t8 = np.hypot(*flat_positions(["C3", "C4", "T7", "T8"]).T)
    assert c3 == pytest.approx(t7 / 2, abs=0.05)
    assert c4 == pytest.approx(t8 / 2, abs=0.05)


def test_electrodes_below_the_equator_lie_outside_of_the_circle():
    assert (np.hypot(*flat_positions(["TP9", "TP10", "P9", "Iz"]).T) > 1).all()


def test_spelling_and_older_names_are_forgiven():
    spelt = flat_positions(["EEG t3-Ref", "FP1.", "oz"])
    np.testing.assert_array_equal(spelt, flat_positions(["T7", "Fp1", "Oz"]))


def test_what_has_no_place_is_nan():
    flat = flat_positions(["AUX", "Cz", "Fp1-F7"])
    assert np.isnan(flat).all(1).tolist() == [True, False, True]
    assert np.isnan(flat_positions(["E1", "E2"])).all()
    assert flat_positions([]).shape == (0, 2)


@given(st.lists(st.sampled_from([*NAMES, "AUX", "t5"])))
def test_a_place_depends_on_its_own_label_alone(labels):
    flat = flat_positions(labels)
    assert (flat.dtype, flat.shape, flat.flags.writeable) == (np.float32, (len(labels), 2), False)
    for label, place in zip(labels[:2], flat[:2], strict=True):
        np.testing.assert_array_equal(place, flat_positions([label])[0])
