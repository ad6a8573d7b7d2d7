"""Clock offsets of an inlet that is made up."""

from socket import gethostname

import pytest

from bci.clock_offset import ClockOffset


class Inlet:
    """Answers with what it is given; None: no answer comes."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def time_correction(self, timeout):
        answer = self._answers.pop(0)
        if answer is None:
            raise RuntimeError(f"no answer within {timeout} s")
        return answer


def offset(*answers, host="elsewhere"):
    return ClockOffset(Inlet(*answers), "EEG", host)


def test_the_latest_value_counts():
    clock = offset(12.5, 12.6)
    assert clock.measure(5.0)
    assert clock.seconds == 12.5
    assert clock.look()
    assert clock.seconds == 12.6


def test_the_last_value_holds_when_the_sender_is_gone():
    clock = offset(12.5, None)
    clock.measure(5.0)
    assert clock.look()
    assert clock.seconds == 12.5
    assert clock.trouble == ""


def test_nothing_is_known_before_the_first_answer():
    clock = offset(None, None, 3.0)
    assert not clock.measure(5.0)
    assert not clock.look()
    assert clock.look()
    assert clock.seconds == 3.0


def test_stamps_that_are_taken_as_they_are_are_told_of():
    clock = offset(12.5, 12.6)
    clock.measure(5.0)
    clock.ignore()
    assert clock.look()
    assert clock.seconds == 0.0
    assert clock.trouble == "the clock offset of EEG cannot be measured: its stamps are taken as they are"


@pytest.mark.parametrize(("measured", "used"), [(0.0007, 0.0), (-0.004, 0.0), (0.5, 0.5)])
def test_a_sender_on_this_computer_has_our_clock_unless_only_its_name_is_ours(measured, used):
    clock = offset(measured, host=gethostname())
    clock.measure(5.0)
    assert clock.seconds == used
