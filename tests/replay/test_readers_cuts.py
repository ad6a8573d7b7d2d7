import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from replay.readers.cuts import Cut, place, segments, spans

N_TIMES = 60


@st.composite
def some_cuts(draw):
    first = draw(st.integers(0, N_TIMES - 1))
    return Cut(first, draw(st.integers(first, N_TIMES)), draw(st.integers(0, 5)))


MANY = st.lists(some_cuts(), max_size=6)


@given(MANY)
def test_what_is_left_is_what_no_cut_covers(cuts):
    covered = np.zeros(N_TIMES, bool)
    for cut in cuts:
        covered[cut.first : cut.stop] = True
    left = np.zeros(N_TIMES, bool)
    for span in spans(cuts, N_TIMES):
        left[span.first : span.stop] = True
    assert (left == ~covered).all()


@given(MANY)
def test_time_goes_on_through_cuts_and_stands_still_nowhere(cuts):
    """The last sample left is as late as the samples of the file before it, and those that never were there."""
    left = spans(cuts, N_TIMES)
    found = segments(left, 1.0)
    for (_, start), span in zip(found, left, strict=True):
        assert start == span.first + sum(cut.missing for cut in cuts if cut.first <= span.first)


@given(MANY, st.sets(st.integers(0, N_TIMES - 1)))
def test_markers_stay_with_their_sample_or_go_to_the_one_before_the_cut(cuts, samples):
    left = spans(cuts, N_TIMES)
    kept = [sample for span in left for sample in range(span.first, span.stop)]
    placed = place([(sample, str(sample)) for sample in samples], left)
    for sample, value in placed:
        assert kept[sample] == max(at for at in kept if at <= int(value))
    assert {int(value) for _, value in placed} == {sample for sample in samples if kept and sample >= kept[0]}


@given(MANY, st.lists(st.tuples(st.integers(0, N_TIMES - 1), st.sampled_from("ab")), max_size=8))
def test_markers_come_in_order_and_equal_ones_once(cuts, markers):
    placed = place(markers, spans(cuts, N_TIMES))
    assert list(placed) == sorted(set(placed))


def test_a_cut_of_nothing_is_a_break_of_its_own():
    left = spans([Cut(20, 20, 7)], N_TIMES)
    assert segments(left, 10.0) == ((0, 0.0), (20, 2.7))
