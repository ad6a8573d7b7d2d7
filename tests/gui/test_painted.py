from dataclasses import replace

import numpy as np

from gui.painted import Painted


def decided(staged, published):
    """The snapshot after one more decision."""
    decision = replace(staged.decide(0), published=published)
    return replace(staged.snapshot(), recent=(decision,))


def test_b7_a_decision_is_seen_when_the_frame_after_its_own_begins(staged):
    painted, snapshot = Painted(), decided(staged, published=5.0)
    assert [painted.frame(snapshot, now) for now in (5.01, 5.03, 5.05)] == [False, True, False]
    np.testing.assert_allclose(painted.seconds, [0.03])


def test_b7_of_decisions_between_two_frames_the_last_one_alone_is_seen(staged):
    painted = Painted()
    assert not painted.frame(staged.snapshot(), 4.0)
    decided(staged, published=5.0)
    last = decided(staged, published=5.01)
    painted.frame(last, 5.02)
    painted.frame(last, 5.04)
    np.testing.assert_allclose(painted.seconds, [np.nan, 0.03])
