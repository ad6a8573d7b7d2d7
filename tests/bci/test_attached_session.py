"""A session elsewhere, staged: scripted lines and samples, virtual time, no LSL."""

import threading
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from simulated_devices import ramp
from staged_session import StagedSession, about

from bci.announced import Announced
from bci.array_source import ArraySource
from bci.attached_session import AttachedSession
from bci.clock import VirtualClock
from bci.errors import ConfigError, StreamError
from bci.specs import RandomisationSpec
from bci.types import Batch, Marker, SourceState, Status
from bci.wire import Header, encode

RECORDING = ramp(1000)
FACTS = about(channels=RECORDING.labels)
SHIFT = 1000.0  # s by which the clock of the other computer is behind


class Staged:
    """Lines that a test hands over; it knows when they were taken, and when somebody looked."""

    def __init__(self):
        self.lines = deque()
        self.taken, self.closed = threading.Event(), threading.Event()
        self.sight, self.looked = True, threading.Event()

    def drain(self, _):
        lines = [self.lines.popleft() for _ in range(len(self.lines))]
        if not lines:
            self.taken.set()
        return lines

    def in_sight(self):
        self.looked.set()
        if isinstance(self.sight, Exception):
            raise self.sight
        return self.sight

    def close(self):
        self.closed.set()

    def send(self, lines):
        self.lines.extend(lines)
        for _ in range(2):  # the first may stand for a look before they were there
            self.taken.clear()
            assert self.taken.wait(30)


class Silent:
    """A source that never brings anything, and fails if it is told to."""

    def __init__(self, error=None):
        self.spec = ArraySource(RECORDING).spec
        self.error = error
        self.closed = threading.Event()

    def pull(self, timeout, *_):
        if self.error is not None:
            raise self.error
        self.closed.wait(timeout)
        return None if self.closed.is_set() else Batch(state=SourceState.STALLED)

    def close(self):
        self.closed.set()


class Endless:
    """A recording, and then silence."""

    def __init__(self):
        self._inner = ArraySource(RECORDING)
        self.spec = self._inner.spec
        self.played = threading.Event()
        self.closed = threading.Event()

    def pull(self, timeout, *_):
        batch = self._inner.pull(timeout)
        if batch is None:
            self.played.set()
            self.closed.wait(timeout)
        return batch or Batch(state=SourceState.FLOWING)

    def close(self):
        self.closed.set()


@pytest.fixture
def attached():
    """`attached(source, order, **facts)` -> session and its lines; closed with the test."""
    made = []

    def make(source=None, order=None, clock=None, **facts):
        lines = Staged()
        told = about(channels=RECORDING.labels, **facts)
        session = AttachedSession(Announced(told, order), lines, source, clock or VirtualClock())
        made.append(session)
        session.start()
        return session, lines

    yield make
    for session in made:
        session.close()


def decided(n, **facts):
    """Decisions as a session elsewhere makes them, and their lines; every other one is right."""
    staged = StagedSession(about(channels=RECORDING.labels, **facts))
    n_concepts = len(staged.about.concepts)
    for i in range(n):
        staged.now += 1.0
        staged.decide(truth=i % n_concepts, best=i % n_concepts if i % 2 else (i + 1) % n_concepts)
    staged.decide(best=None, status=Status.GAP, reason="a hole")
    header = Header(staged.about.decoder, hide_truth=staged.about.hide_truth)
    return staged, [Marker(made.onset + SHIFT, encode(made, header)) for made in staged.recent]


def test_decisions_elsewhere_count_as_if_they_were_made_here(attached):
    staged, lines = decided(20)
    session, sender = attached()
    sender.send(lines)
    here, there = session.snapshot().decided, staged.snapshot().decided
    for column in ("status", "truth", "best", "rank", "window"):
        np.testing.assert_array_equal(getattr(here, column), getattr(there, column))
    np.testing.assert_allclose(here.onset, there.onset + SHIFT)
    np.testing.assert_allclose(here.latency, there.latency, atol=1e-7)
    np.testing.assert_allclose(here.stages, there.stages, atol=1e-7)
    recent = session.snapshot().recent
    assert [made.reason for made in recent] == [made.reason for made in staged.recent]
    assert all(made.marker.time == made.onset for made in recent)


def test_two_concepts_keep_their_contrast(attached):
    staged, lines = decided(6, n_concepts=2)
    session, sender = attached(n_concepts=2)
    sender.send(lines)
    np.testing.assert_array_equal(session.snapshot().decided.contrast, staged.snapshot().decided.contrast)


def test_samples_fill_the_history(attached):
    source = Endless()
    session, _ = attached(source)
    assert source.played.wait(30)
    assert session.snapshot().samples == session.history.end == 1000
    np.testing.assert_array_equal(session.history.since(0).data, RECORDING.data)
    assert session.about.stream == source.spec


def test_decisions_come_while_the_samples_do_not(attached):
    session, sender = attached(Silent())
    sender.send(decided(3)[1])
    assert len(session.snapshot().decided) == 4
    assert session.snapshot().state is SourceState.STALLED


def test_without_samples_it_is_degraded_and_goes_on(attached):
    session, sender = attached()
    sender.send(decided(3)[1])
    assert session.snapshot().state is SourceState.DEGRADED
    assert (len(session.snapshot().decided), session.history.end) == (4, 0)


@pytest.mark.parametrize("source", [Silent(StreamError("256 said, 128 came")), ArraySource(ramp(10))])
def test_a_source_that_fails_or_ends_leaves_the_decisions(attached, source, caplog):
    session, sender = attached(source)
    sender.send(decided(3)[1])
    assert session.snapshot().state is SourceState.DEGRADED
    assert len(session.snapshot().decided) == 4
    assert "no more samples" in caplog.text


def test_lines_that_are_none_are_left_out_and_said_once(attached, caplog):
    session, sender = attached()
    good = decided(3)[1]
    sender.send([Marker(0.0, "nonsense"), good[0], Marker(0.0, good[1].value.replace("thing", "king")), *good[1:]])
    assert len(session.snapshot().decided) == 4
    assert caplog.text.count("was left out") == 1


# ------------------------------------------------------------------------------------------------ above chance


def test_a_declared_order_turns_hits_into_evidence_from_the_moment_of_attaching(attached):
    session, sender = attached(order=RandomisationSpec(kind="independent"))
    sender.send(decided(40)[1][10:])
    assert session.snapshot().e_value > 20
    assert session.snapshot().above_chance


def test_blocks_count_from_their_beginning_only(attached):
    order = RandomisationSpec(kind="blocks")
    whole, sender = attached(order=order)
    sender.send(decided(40)[1])
    assert whole.snapshot().above_chance
    late, sender = attached(order=order)
    sender.send(decided(40)[1][3:])
    assert (late.snapshot().e_value, late.snapshot().above_chance) == (None, False)


def test_a_decision_missed_ends_what_is_known_of_a_block(attached):
    session, sender = attached(order=RandomisationSpec(kind="blocks"))
    lines = decided(40)[1]
    sender.send(lines[:20])
    assert session.snapshot().e_value is not None
    sender.send(lines[21:])
    assert session.snapshot().e_value is None


def test_an_order_of_other_concepts_is_refused():
    order = RandomisationSpec(kind="independent", shares={"unheard of": 1.0})
    with pytest.raises(ConfigError, match="unheard of"):
        AttachedSession(Announced(FACTS, order), Staged(), None, VirtualClock())


def test_what_is_hidden_there_is_unknown_here(attached):
    session, sender = attached(hide_truth=True)
    sender.send(decided(10, hide_truth=True)[1])
    seen = session.snapshot()
    assert len(seen.decided) == 11
    assert not seen.decided.told.any()
    assert all(made.truth is None for made in seen.recent)


# ----------------------------------------------------------------------------------------------------- the end


def look(lines, clock, seconds):
    """Let time pass, and wait until somebody has looked and acted on it."""
    lines.looked.clear()
    clock.advance(seconds)
    assert lines.looked.wait(30)
    lines.send([])


def test_out_of_sight_is_lost_and_then_ended(attached):
    clock = VirtualClock()
    session, lines = attached(Endless(), clock=clock)
    lines.sight = False
    look(lines, clock, 1.0)
    assert session.snapshot().state is SourceState.LOST
    lines.sight = True
    look(lines, clock, 1.0)
    assert session.snapshot().state is SourceState.FLOWING
    lines.sight = False
    clock.advance(11.0)
    assert session.wait(30)
    assert session.snapshot().state is SourceState.ENDED
    assert lines.closed.wait(30)


def test_another_session_in_its_place_is_not_mixed_with_it(attached, caplog):
    session, sender = attached()
    lines = decided(5)[1]
    sender.send(lines)
    sender.lines.extend(lines[:2])
    assert session.wait(30)
    session.close()
    assert session.snapshot().state is SourceState.ENDED
    assert len(session.snapshot().decided) == 6
    assert "attach again" in caplog.text


def test_another_stream_in_its_place_ends_it(attached):
    clock = VirtualClock()
    session, lines = attached(clock=clock)
    lines.sight = StreamError("opened anew")
    clock.advance(1.0)
    assert session.wait(30)
    assert session.snapshot().state is SourceState.ENDED


def test_decisions_count_from_the_moment_at_which_they_shall():
    lines = Staged()
    session = AttachedSession(Announced(FACTS, None), lines, None, VirtualClock())
    session.start(hold=True)
    made = decided(10)[1]
    lines.send(made[:4])
    assert len(session.snapshot().decided) == 0
    session.begin()
    lines.send(made[4:])
    session.stop("enough")
    assert session.wait(0)
    summary = session.finish()
    assert (summary["events"], summary["gap"], summary["n_truth"]) == (7, 1, 6)
    assert (summary["top1"], summary["e_value"], summary["error"]) == (0.5, None, None)
    assert summary["ended"] == "enough"


def test_whatever_ends_its_thread_is_told(attached, caplog):
    class Broken(Silent):
        def pull(self, *_):
            raise RuntimeError("boom")

    session, _ = attached(Broken())
    assert session.wait(30)
    assert session.finish()["error"] == "RuntimeError: boom"
    assert session.snapshot().state is SourceState.ENDED
    assert "no longer shown: RuntimeError: boom" in caplog.text


def test_a12_what_is_left_out_there_is_seen_here_and_changed_there_alone(attached):
    staged, _ = decided(2)
    session, sender = attached(interpolated=("Cz",))
    assert session.snapshot().mask == ("Cz",)
    masked = replace(staged.recent[-1], mask=("Cz", "Oz"))
    sender.send([Marker(2.0, encode(masked, Header(staged.about.decoder)))])
    assert session.snapshot().mask == ("Cz", "Oz")
    with pytest.raises(ConfigError, match="cannot leave out Oz: it is decoded elsewhere"):
        session.leave_out(["Oz"])
    for steer in (session.pause, session.resume, lambda: session.exclude(-1, 0), lambda: session.note("coughs")):
        with pytest.raises(ConfigError, match="decoded elsewhere"):
            steer()


def test_a_session_that_switched_to_another_bank_is_not_misread(attached):
    staged, _ = decided(2)
    session, sender = attached()
    other = replace(staged.about.decoder, bank="9" * 8)
    sender.lines.append(Marker(2.0, encode(replace(staged.recent[-1], decoder=other), Header(other))))
    assert session.wait(30)
    assert "it ranks bank 99999999 now, and its stream describes 11111111" in session.finish()["ended"]


def test_closing_lets_go_and_may_be_done_twice(attached):
    source = Endless()
    session, lines = attached(source)
    session.close()
    session.close()
    assert source.closed.is_set()
    assert lines.closed.is_set()


def test_it_lets_go_without_having_begun():
    lines, source = Staged(), Endless()
    AttachedSession(Announced(FACTS, None), lines, source, VirtualClock()).close()
    assert source.closed.is_set()
    assert lines.closed.is_set()
