import numpy as np
import pytest

from bci.clock import VirtualClock
from bci.history import History
from bci.types import SampleChunk, SourceState
from gui.trace_watch import Watch

SFREQ = 10.0  # three samples more than a second: 1.3 s


class Watched:
    def __init__(self, *, played=False):
        self.clock, self.history = VirtualClock(100.0), History(SFREQ, 1)
        self.watch = Watch(self.history, self.clock, played=played)

    def come(self, time):
        """Let a sample come in that was taken at a time."""
        self.history.append(SampleChunk(np.zeros((1, 1), np.float32), np.array([time]), time, self.history.end))


@pytest.mark.parametrize("told", SourceState)
def test_a7_what_the_source_says_is_doubted_only_if_it_says_that_samples_come(told):
    watched = Watched()
    watched.come(100.0)
    assert watched.watch.look(told) is told
    watched.clock.advance(1.25)
    assert watched.watch.look(told) is told
    watched.clock.advance(0.1)
    assert watched.watch.look(told) is (SourceState.STALLED if told.live else told)
    watched.come(101.3)
    assert watched.watch.look(told) is told


def test_a7_the_age_of_a_sample_counts_from_when_it_was_taken():
    watched = Watched()
    watched.come(97.5)
    watched.watch.look(SourceState.FLOWING)
    assert watched.watch.quiet == 2.5


def test_a7_a_sample_that_was_not_there_at_the_last_look_came_after_it():
    watched = Watched()
    watched.watch.look(SourceState.FLOWING)
    watched.clock.advance(5.0)
    watched.come(98.0)
    watched.watch.look(SourceState.FLOWING)
    assert watched.watch.quiet == 5.0


def test_a7_stamps_ahead_of_the_clock_give_no_negative_age():
    watched = Watched()
    watched.come(200.0)
    watched.watch.look(SourceState.FLOWING)
    assert watched.watch.quiet == 0.0


def test_a7_the_times_of_a_file_are_not_those_of_the_clock():
    watched = Watched(played=True)
    watched.come(3.0)
    assert watched.watch.look(SourceState.FLOWING) is SourceState.FLOWING
    assert watched.watch.quiet == 0.0


def test_a7_without_a_sample_the_age_counts_from_the_beginning():
    watched = Watched()
    watched.clock.advance(1.25)
    assert watched.watch.look(SourceState.FLOWING) is SourceState.FLOWING
