import numpy as np

from bci.parity import Parity, compare
from bci.ranking import rank
from bci.types import Decision, Marker, SourceState, Status

PROTOTYPES = np.eye(6, dtype=np.float32)


def decision(value, vector=None, truth=0):
    ranking = None if vector is None else rank(np.float32(vector), PROTOTYPES, truth, 5)
    marker = Marker(0.0, value)
    return Decision(0, marker, 0.0, truth, None, Status.OK, "", ranking, {}, 0.0, SourceState.FLOWING)


ONE = [6.0, 5, 4, 3, 2, 1]
TWO = [1.0, 2, 3, 4, 5, 6]


def test_equal_sides_are_equal():
    side = [decision("a", ONE), decision("b", TWO), decision("a")]
    assert compare(side, side) == Parity(2, 2, 0.0)


def test_another_order_or_another_rank_of_the_truth_is_told():
    assert compare([decision("a", ONE)], [decision("a", TWO)]).same_ranking == 0
    assert compare([decision("a", ONE, 0)], [decision("a", ONE, 1)]).same_ranking == 0


def test_neighbours_that_are_practically_equal_may_swap():
    ours, theirs = [1.0, 1.0 + 2e-7, 0.5, 0.4, 0.3, 0.2], [1.0 + 2e-7, 1.0, 0.5, 0.4, 0.3, 0.2]
    assert compare([decision("a", ours, 4)], [decision("a", theirs, 4)]).same_ranking == 1


def test_the_largest_difference_of_scores_is_found():
    parity = compare([decision("a", [1, 0, 0, 0, 0, 0])], [decision("a", [1, 0.75, 0, 0, 0, 0])])
    assert parity.max_abs_score_diff == np.float32(0.6)


def test_events_that_one_side_lacks_are_passed_over():
    live = [decision("b", TWO), decision("c", ONE)]
    offline = [decision("a", ONE), decision("b", TWO), decision("c", ONE)]
    assert compare(live, offline) == Parity(2, 2, 0.0)
    assert compare([], offline) == Parity(0, 0, 0.0)
