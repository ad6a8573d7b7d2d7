import numpy as np

from bci.types import Channel, Recording
from replay.told import told_by_triggers


def recording(words, segments=((0, 0.0),), label="stim"):
    data = np.column_stack([np.zeros(len(words)), words]).astype(np.float32)
    return Recording(data, 100.0, segments, (), (Channel("Cz"), Channel(label, "trigger", "none")))


def test_each_onset_is_told_once_with_the_text_of_its_word():
    words = np.zeros(100)
    words[10:15], words[50], words[51] = 17, 99999, 200
    assert told_by_triggers(recording(words)) == {(10, "17"), (50, "99999"), (51, "200")}


def test_a_word_that_lies_on_after_a_gap_is_not_told_again():
    words = np.zeros(100)
    words[40:60] = 5
    assert told_by_triggers(recording(words, ((0, 0.0), (50, 1.0)))) == {(40, "5")}


def test_without_a_trigger_channel_nothing_is_told():
    silent = Recording(np.ones((10, 1), np.float32), 100.0, ((0, 0.0),), ((3, "1"),), (Channel("Cz"),))
    assert told_by_triggers(silent) == frozenset()


def test_a_long_recording_is_read_in_pieces(monkeypatch):
    monkeypatch.setattr("replay.told._SAMPLES_AT_ONCE", 7)
    words = np.zeros(100)
    words[5:9], words[60] = 3, 4
    assert told_by_triggers(recording(words)) == {(5, "3"), (60, "4")}
