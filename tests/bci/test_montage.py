import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import MismatchError
from bci.montage import canonical, match

TEN_TEN = ("Fp1", "Fp2", "F7", "F3", "Fz", "T7", "C3", "Cz", "T8", "P7", "Pz", "P8", "O1", "Oz", "FCz")


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Fp1", "FP1"),
        ("FP1", "FP1"),
        ("fp1", "FP1"),
        (" Fp1 ", "FP1"),
        ("Fc5.", "FC5"),
        ("Cz..", "CZ"),
        ("EEG Fp1", "FP1"),
        ("EEG Fp1-Ref", "FP1"),
        ("EEG FP1-REF", "FP1"),
        ("EEG T3-Ref", "T7"),
        ("T3", "T7"),
        ("t4", "T8"),
        ("T5", "P7"),
        ("T6", "P8"),
        ("T7", "T7"),
        ("Fp1-F7", "FP1-F7"),
        ("EEGO", "EEGO"),
    ],
)
def test_one_name_for_an_electrode(label, key):
    assert canonical(label) == key


@given(
    st.sampled_from(TEN_TEN),
    st.sampled_from([str, str.lower, str.upper, str.swapcase]),
    st.sampled_from(["", "EEG ", "eeg ", "EEG_"]),
    st.sampled_from(["", ".", "..", "-Ref", "-REF", " "]),
)
def test_spelling_never_makes_another_electrode(label, case, prefix, suffix):
    assert canonical(prefix + case(label) + suffix) == label.upper()


@given(st.permutations(TEN_TEN), st.lists(st.sampled_from(TEN_TEN), unique=True))
def test_channels_are_found_by_name_in_any_order(have, want):
    assert [have[index] for index in match(have, want)] == want


@given(st.sets(st.sampled_from(TEN_TEN)))
def test_missing_channels_are_none(have):
    found = match(sorted(have), TEN_TEN)
    assert [label for label, index in zip(TEN_TEN, found, strict=True) if index is None] == [
        label for label in TEN_TEN if label not in have
    ]


def test_older_names_match_newer_ones_both_ways():
    assert match(["T3", "t4", "EEG T5-Ref"], ["P7", "T7", "T8"]) == (2, 0, 1)
    assert match(["T7"], ["T3"]) == (0,)


def test_extra_channels_are_ignored_even_if_they_are_doubled():
    assert match(["AUX", "Cz", "aux"], ["CZ"]) == (1,)


@pytest.mark.parametrize(
    ("have", "want", "said"),
    [
        (["T3", "Cz", "T7"], ["T7"], "'T3', 'T7'"),
        (["Cz"], ["T3", "Cz", "T7"], "'T3', 'T7'"),
        (["Cz", "CZ"], ["Cz"], "'Cz', 'CZ'"),
    ],
)
def test_two_names_of_one_electrode_are_refused_by_name(have, want, said):
    with pytest.raises(MismatchError, match="once") as refused:
        match(have, want)
    assert said in str(refused.value)
