import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.history import History
from bci.types import SampleChunk
from gui.trace_playhead import Playhead

SFREQ = 100


class Streamed:
    """Sixty seconds are kept, ten are shown."""

    def __init__(self):
        self.history = History(SFREQ, 1, seconds=60)
        self.moves = 0
        self.playhead = Playhead(self.history, self.moved)
        self.playhead.n_shown = 10 * SFREQ

    def moved(self):
        self.moves += 1

    def stream(self, seconds):
        for _ in range(seconds):
            end = self.history.end
            times = np.arange(end, end + SFREQ) / SFREQ
            self.history.append(SampleChunk(np.zeros((SFREQ, 1), np.float32), times, times[-1], end))


@pytest.fixture
def streamed():
    streamed = Streamed()
    streamed.stream(40)
    return streamed


def test_a16_the_present_moment_is_followed_until_it_is_held(streamed):
    playhead = streamed.playhead
    assert (playhead.end, playhead.behind, playhead.offset) == (4000, 0, 0)
    playhead.hold_or_let_go()
    streamed.stream(5)
    assert (playhead.held, playhead.end, playhead.behind, playhead.scrolled_to) == (4000, 4000, 5, None)
    playhead.hold()  # is held already
    assert playhead.end == 4000
    playhead.hold_or_let_go()
    assert (playhead.held, playhead.end) == (None, 4500)
    assert streamed.moves == 2


def test_a16_steps_are_half_a_window_and_end_at_the_present_moment(streamed):
    playhead = streamed.playhead
    playhead.back()
    playhead.back()
    assert playhead.scrolled_to == playhead.end == 3000
    playhead.forth()
    assert playhead.end == 3500
    playhead.forth()
    assert (playhead.held, playhead.scrolled_to) == (None, None)
    playhead.forth()
    assert playhead.held is None


def test_a16_nothing_before_the_oldest_sample_is_shown(streamed):
    streamed.playhead.move_to(-500)
    assert streamed.playhead.end == 1000
    streamed.stream(40)  # samples up to 2000 are gone
    assert streamed.playhead.lost
    streamed.playhead.move_to(0)
    assert streamed.playhead.end == 3000


def test_a16_what_is_gone_is_lost_but_not_what_never_was(streamed):
    nothing = Streamed().playhead
    nothing.hold()
    assert (nothing.end, nothing.lost, nothing.first_offset) == (0, False, 0)
    streamed.playhead.hold()
    assert not streamed.playhead.lost
    streamed.stream(60)
    assert streamed.playhead.lost
    streamed.playhead.let_go()
    assert not streamed.playhead.lost


@given(st.integers(0, 3000))
def test_a16_the_time_bar_goes_from_the_oldest_samples_to_where_it_was_held(back):
    streamed = Streamed()
    streamed.stream(40)
    playhead = streamed.playhead
    playhead.hold()
    assert playhead.first_offset == -3000
    playhead.move_by(-back)
    assert playhead.end == 4000 - back
    assert playhead.offset == -back
