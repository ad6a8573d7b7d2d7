from hypothesis import given
from hypothesis import strategies as st

from bci.admission import Admission

times = st.floats(-1e6, 1e6)


@given(times, st.lists(times, max_size=8).map(sorted), st.lists(times, max_size=20))
def test_an_event_counts_after_the_beginning_and_outside_of_every_pause(begun, edges, onsets):
    admission = Admission()
    admission.begin(begun)
    for at, edge in enumerate(edges):
        assert (admission.resume if at % 2 else admission.pause)(edge)
    inside = [sum(edge <= onset for edge in edges) % 2 == 1 for onset in onsets]
    assert [admission.admit(onset) for onset in onsets] == [
        onset > begun and not paused for onset, paused in zip(onsets, inside, strict=True)
    ]
    assert admission.paused_events == sum(
        onset > begun and paused for onset, paused in zip(onsets, inside, strict=True)
    )


def test_nothing_counts_before_it_has_begun():
    admission = Admission()
    assert not admission.admit(1e9)
    assert not admission.from_the_first
    admission.begin(float("-inf"))
    assert admission.from_the_first
    assert admission.admit(-1e9)


def test_a_pause_begins_once_and_ends_once():
    admission = Admission()
    assert not admission.resume(1.0)
    assert admission.pause(1.0)
    assert not admission.pause(2.0)
    assert admission.paused
    assert admission.resume(3.0)
    assert not admission.paused
    assert admission.pauses == ((1.0, 3.0),)
