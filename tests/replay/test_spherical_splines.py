import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mne.channels import make_standard_montage
from numpy.polynomial.legendre import legval

from bci.errors import MismatchError
from replay.spherical_splines import interpolation_matrix

CAP = [
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4", "T8", "CP5",
    "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO3", "PO4", "O1", "Oz", "O2",
]  # fmt: skip


def on_the_sphere(labels):
    """Directions (n, 3) from the centre of the sphere that fits the 10-05 positions."""
    montage = make_standard_montage("colin27_1005")
    position = montage.get_positions()["ch_pos"]
    everywhere = np.array(list(position.values()))
    # least squares for |p - c|^2 = r^2, which is linear in (c, r^2 - |c|^2)
    solved, *_ = np.linalg.lstsq(
        np.c_[2 * everywhere, np.ones(len(everywhere))], (everywhere**2).sum(1), rcond=None
    )
    relative = np.array([position[label] for label in labels]) - solved[:3]
    return relative / np.linalg.norm(relative, axis=1, keepdims=True)


def perrin(have, want):
    """Equations 1 to 4 of Perrin et al. 1989, m = 4, with MNE's small ridge."""
    order = np.arange(1, 51)
    coefficients = np.r_[0, (2 * order + 1) / (4 * np.pi * (order * (order + 1.0)) ** 4)]
    g_have = legval(have @ have.T, coefficients) + 1e-5 * np.eye(len(have))
    g_want = legval(want @ have.T, coefficients)
    ones = np.ones((len(have), 1))
    system = np.block([[g_have, ones], [ones.T, np.zeros((1, 1))]])
    return np.c_[g_want, np.ones(len(want))] @ np.linalg.inv(system)[:, : len(have)]


def test_the_weights_are_those_of_perrin():
    want = ["CPz", "AF3", "FT7"]
    matrix = interpolation_matrix(CAP, want)
    np.testing.assert_allclose(matrix, perrin(on_the_sphere(CAP), on_the_sphere(want)), atol=0.005)
    assert matrix.dtype == np.float64
    assert not matrix.flags.writeable


@given(st.permutations(CAP), st.sets(st.sampled_from(CAP), min_size=4))
def test_channels_that_are_there_pass_unchanged(have, there):
    matrix = interpolation_matrix(have, sorted(there))
    assert [have[row.argmax()] for row in matrix] == sorted(there)
    assert (matrix.sum(1) == 1).all()
    assert ((matrix == 0) | (matrix == 1)).all()


def test_a_constant_field_stays_constant():
    matrix = interpolation_matrix(CAP[:20], [*CAP, "AF7", "POz", "Iz"])
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-9)


@pytest.mark.parametrize("missing", ["Cz", "Oz", "C3", "P4"])
def test_a_smooth_field_is_recovered(missing):
    have = [label for label in CAP if label != missing]
    field = {label: on_the_sphere([label])[0] @ [3.0, -5.0, 8.0] for label in CAP}
    found = interpolation_matrix(have, [missing]) @ [field[label] for label in have]
    assert abs(found[0] - field[missing]) < 0.02


def test_order_and_spelling_of_the_recorded_channels_do_not_matter():
    shuffled = CAP[::-1]
    spelt = [{"T7": "EEG T3-Ref", "P8": "t6"}.get(label, label.upper()) for label in shuffled]
    np.testing.assert_allclose(
        interpolation_matrix(spelt, ["CPz", "T7"]), interpolation_matrix(CAP, ["cpz", "T3"])[:, ::-1], atol=1e-9
    )


def test_channels_without_a_place_on_the_head_weigh_nothing():
    matrix = interpolation_matrix(["Right AUX", *CAP, "HEOG"], ["CPz", "Cz"])
    assert (matrix[:, [0, -1]] == 0).all()
    np.testing.assert_array_equal(matrix[:, 1:-1], interpolation_matrix(CAP, ["CPz", "Cz"]))


@pytest.mark.parametrize(
    ("have", "want", "said"),
    [
        (CAP, ["Cz", "E17"], "cannot interpolate E17"),
        (["AUX1", "AUX2"], ["Cz"], "none of the recorded channels"),
        (["T3", "Cz", "T7"], ["Pz"], "'T3', 'T7'"),
    ],
)
def test_what_cannot_be_interpolated_is_refused(have, want, said):
    with pytest.raises(MismatchError) as refused:
        interpolation_matrix(have, want)
    assert said in str(refused.value)
