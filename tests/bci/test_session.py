"""Sessions on scripted sources: real threads, no LSL, no sleeps."""

import itertools
import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from bci.array_source import ArraySource
from bci.clock import VirtualClock, lsl_clock
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.eprocess import EProcess
from bci.errors import BciError, MismatchError, SessionError, StreamError
from bci.randomisation import Independent, declared
from bci.running import share
from bci.session import Session
from bci.sinks.jsonl import JsonlSink
from bci.specs import EventSpec, PreprocessSpec, QualitySpec, RandomisationSpec
from bci.types import Batch, Channel, DecoderSpec, Marker, Recording, SourceState, Status
from bci.wire import Header

RATE = 100.0
SPEC = PreprocessSpec(channels=("Cz", "Oz"), sfreq=RATE, tmax=0.2)
CONCEPTS = ("first", "second", "both")
PROTOTYPES = np.float32([[1, 0], [0, 1], [0.7071, 0.7071]])
DECODER_SPEC = DecoderSpec(("Cz", "Oz"), RATE, 20, SPEC.digest, CONCEPTS, "00000000", "11111111")


def recording(n_events=10):
    """Event i shows concept i % 2 and the channel of that number goes up for 0.2 s."""
    data = np.zeros((100 * n_events, 2), np.float32)
    markers = []
    for i in range(n_events):
        data[100 * i + 10 : 100 * i + 30, i % 2] = 5.0
        markers.append((100 * i + 10, CONCEPTS[i % 2]))
    return Recording(data, RATE, ((0, 50.0),), tuple(markers), (Channel("Cz"), Channel("Oz")))


class Collected:
    dropped = 0

    def __init__(self):
        self.decisions = []
        self.closed = False

    def put(self, decision):
        self.decisions.append(decision)

    def close(self):
        self.closed = True


class Scripted:
    """A source that plays batches, then does as told: ends, raises, or stays silent until it is closed."""

    def __init__(self, batches, then="end"):
        self.spec = ArraySource(recording(1), clock=lsl_clock).spec
        self._batches = iter(batches)
        self._then = then
        self._closed = threading.Event()

    def pull(self, timeout):
        batch = next(self._batches, None)
        if batch is not None or self._then == "end":
            return batch
        if self._then == "silence":
            self._closed.wait(timeout)
            return Batch(state=SourceState.STALLED)
        raise self._then

    def close(self):
        self._closed.set()


def make(source, decoder=None, sinks=(), clock=lsl_clock, events=EventSpec(), **options):  # noqa: B008
    epocher = Epocher(source.spec, SPEC, events, QualitySpec(), CONCEPTS, clock)
    return Session(source, epocher, decoder or FakeDecoder(DECODER_SPEC, PROTOTYPES), sinks, clock, **options)


def run(session):
    session.start()
    assert session.wait(30)
    return session.finish()


def test_every_event_gets_one_decision_in_order_and_the_right_one():
    sink = Collected()
    summary = run(make(ArraySource(recording(), chunk=13, clock=lsl_clock), sinks=[sink], queue=100))
    assert [decision.seq for decision in sink.decisions] == list(range(10))
    assert [decision.ranking.indices[0] for decision in sink.decisions] == [0, 1] * 5
    assert summary["events"] == summary["ok"] + summary["late"] == 10
    assert summary["top1"] == 1.0
    assert summary["ended"] == "the source ended"
    assert sink.closed


def test_samples_that_never_came_are_counted():
    gapped = replace(recording(), segments=((0, 0.0), (300, 4.0)))
    session = make(ArraySource(gapped, clock=lsl_clock), queue=100)
    run(session)
    assert session.snapshot().missing == round((4.0 - 300 / gapped.sfreq) * gapped.sfreq) > 0


class Held(Scripted):
    """Plays a recording in batches of a second; waits after three of them until it is let go."""

    def __init__(self, played=None):
        source, self.batches = ArraySource(played or recording(), chunk=100, clock=lsl_clock), []
        while (batch := source.pull(0.0)) is not None:
            self.batches.append(batch)
        super().__init__(self.batches)
        self.spec = source.spec
        self.held, self.let_go, self._pulls = threading.Event(), threading.Event(), 0

    def pull(self, timeout):
        if self._pulls == 3:
            self.held.set()
            self.let_go.wait(30)
        self._pulls += 1
        return super().pull(timeout)


def test_what_was_shown_before_the_beginning_does_not_count():
    source = Held()
    session, batches = make(source, queue=100), source.batches
    session.start(hold=True)
    assert source.held.wait(30)
    assert len(session.snapshot().decided) == 0
    session.begin()
    source.let_go.set()
    assert session.wait(30)
    newest = batches[2].chunk.times[-1]
    onsets = [marker.time for batch in batches for marker in batch.markers]
    summary = session.finish()
    assert summary["events"] == sum(onset > newest for onset in onsets)
    assert 0 < summary["events"] < len(onsets)


def test_a_block_that_had_begun_before_the_beginning_is_known():
    order = declared(RandomisationSpec(kind="blocks", shares={"first": 2, "second": 2}), CONCEPTS)
    source = Held()
    session = make(source, queue=100, paradigm=order)
    session.start(hold=True)
    assert source.held.wait(30)
    session.begin()
    source.let_go.set()
    assert session.wait(30)
    assert session.finish()["events"] == 7
    bets = EProcess()
    for chance in (1, 2 / 4, 2 / 3, 1 / 2, 1, 2 / 4, 2 / 3):  # three had been shown of the first block
        bets.bet(chance, hit=True)
    assert session.snapshot().e_value == pytest.approx(bets.value)


def test_a12_a_channel_is_left_out_of_decoding_by_hand_from_the_next_sample_on(caplog):
    def make_up(have, want):
        assert "Oz" not in have
        return np.array([[float(label == other) for other in have] for label in want])  # Oz becomes 0

    straddling = recording()
    moved = (*straddling.markers[:3], (295, CONCEPTS[1]), *straddling.markers[4:])
    source, sink = Held(replace(straddling, markers=moved)), Collected()
    epocher = Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), CONCEPTS, lsl_clock, interpolate=make_up)
    session = Session(source, epocher, FakeDecoder(DECODER_SPEC, PROTOTYPES), [sink], lsl_clock, queue=100)
    session.start()
    assert source.held.wait(30)
    assert session.snapshot().mask == ()
    with pytest.raises(MismatchError, match="cannot leave out nobody"):
        session.leave_out(["nobody"])
    session.leave_out(["Oz"])
    source.let_go.set()
    assert session.wait(30)
    session.finish()
    assert "left out by hand: Oz; made up from the others: Oz" in caplog.text
    assert [decision.mask for decision in sink.decisions] == [()] * 3 + [("Oz",)] * 7
    across = sink.decisions[3]  # its window began before and ended after the change
    assert (across.status, across.ranking) == (Status.GAP, None)
    assert "other channels were left out" in across.reason
    told = [decision.ranking.embedding[1] for decision in sink.decisions if decision.ranking is not None]
    assert told[1] == 1.0  # the second event raises Oz alone
    assert told[3:] == [0.0] * 6
    assert session.snapshot().mask == ("Oz",)


def test_a_declared_order_turns_hits_into_evidence():
    session = make(ArraySource(recording(), clock=lsl_clock), queue=100, paradigm=Independent(np.full(2, 0.5)))
    summary = run(session)
    assert summary["above_chance"] is True
    assert session.snapshot().above_chance is True
    assert summary["e_value"] == session.snapshot().e_value >= 20


def test_the_stages_add_up_to_the_latency():
    sink = Collected()
    run(make(ArraySource(recording(), clock=lsl_clock), sinks=[sink], queue=100))
    for decision in sink.decisions:
        assert sum(decision.stages.values()) == pytest.approx(decision.latency, abs=1e-9)
        assert min(decision.stages.values()) >= 0


class Slow(FakeDecoder):
    """Waits for a permit before it decodes anything but the warm-up's silence."""

    def __init__(self, permits):
        super().__init__(DECODER_SPEC, PROTOTYPES)
        self.permits = permits

    def decode(self, epochs, watch, k):
        if epochs.any():
            self.permits.acquire()
        return super().decode(epochs, watch, k)


class Ticking:
    """A clock on which a quarter of a second passes between any two looks."""

    def __init__(self):
        self._looks = itertools.count()

    def __call__(self):
        return next(self._looks) / 4


def test_a_decoder_that_cannot_keep_up_costs_the_oldest_epochs_and_all_are_accounted_for():
    permits, clock = threading.Semaphore(0), Ticking()
    sink = Collected()
    session = make(ArraySource(recording(40), clock=clock), Slow(permits), [sink], clock, queue=3)
    session.start()
    assert session.wait(30)
    permits.release(100)
    summary = session.finish()
    assert summary["events"] == 40
    assert summary["dropped"] >= 36
    assert [d.seq for d in sink.decisions] == list(range(40))
    dropped = [d for d in sink.decisions if d.status is Status.DROPPED]
    assert all(d.ranking is None and d.reason == "the decoder could not keep up" for d in dropped)
    assert summary["top1"] == pytest.approx((40 - summary["dropped"]) / 40)  # a missing ranking is a miss


def test_a_backlog_that_comes_at_once_is_worked_off():
    permits = threading.Semaphore(0)
    stopped = ArraySource(recording(40), clock=lambda: 1000.0)
    session = make(stopped, Slow(permits), clock=lambda: 1000.0, queue=3)
    session.start()
    assert session.wait(30)
    permits.release(100)
    summary = session.finish()
    assert (summary["events"], summary["dropped"]) == (40, 0)


def test_events_that_wait_when_the_source_fails_are_accounted_for():
    sink = Collected()
    marker = Marker(1e6, "a", arrived=lsl_clock())  # of a sample that has not come
    session = make(Scripted([Batch(None, (marker,))], then=StreamError("gone")), sinks=[sink])
    session.start()
    assert session.wait(30)
    summary = session.finish()
    assert (summary["events"], summary["gap"]) == (1, 1)
    assert summary["error"] == "StreamError: gone"


def test_the_log_tells_of_a_source_that_falls_silent_and_returns(caplog):
    states = (SourceState.FLOWING, SourceState.STALLED, SourceState.STALLED, SourceState.RECOVERED)
    run(make(Scripted([Batch(None, (), state) for state in states])))
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["stalled", "recovered"]


def test_a_sliding_window_that_a_newer_one_supersedes_is_dropped_and_counted():
    permits = threading.Semaphore(0)
    sink = Collected()
    sliding = EventSpec(mode="sliding", step=0.1)
    source = ArraySource(recording(2), clock=lsl_clock)
    session = make(source, Slow(permits), [sink], events=sliding, queue=1)
    session.start()
    assert session.wait(30)
    permits.release(100)
    summary = session.finish()
    assert summary["windows"] == summary["events"] == 20
    assert summary["gap"] == 1  # the last one, which the recording cuts short
    assert {d.reason for d in sink.decisions if d.status is Status.DROPPED} == {"superseded by a newer window"}


def test_over_budget_is_late_and_still_counts():
    summary = run(make(ArraySource(recording(), clock=lsl_clock), queue=100, budget=0.0))
    assert summary["late"] == 10
    assert summary["top1"] == 1.0


def test_a_stream_lost_for_good_ends_the_session_when_it_should_run_until_the_end():
    clock = VirtualClock()

    class Silence(Scripted):
        def pull(self, timeout):
            clock.advance(timeout)
            return super().pull(0.0)

    batches = []
    source = ArraySource(recording(3), chunk=50, clock=lsl_clock)
    while (batch := source.pull(0)) is not None:
        batches.append(batch)
    summary = run(make(Silence(batches[:-1], "silence"), clock=clock, until_end=True))
    assert summary["ended"] == "stream lost: no samples for 10 s"
    assert summary["events"] == 3
    assert summary["gap"] == 0


def test_an_event_whose_window_is_not_over_at_the_end_is_a_gap():
    source = ArraySource(recording(3), chunk=15, clock=lsl_clock)
    batches = [source.pull(0) for _ in range(15)]  # ends 15 samples into the third window
    summary = run(make(Scripted(batches), queue=100))
    assert (summary["events"], summary["gap"]) == (3, 1)


def test_the_end_marker_ends_it_after_the_last_sample():
    source = ArraySource(recording(3), chunk=50, clock=lsl_clock)
    first = source.pull(0)
    end = Marker(50.0 + 3.0, "bci:end", arrived=lsl_clock())
    batches = [Batch(first.chunk, (*first.markers, end))]
    while (batch := source.pull(0)) is not None:
        batches.append(batch)
    summary = run(make(Scripted(batches, "silence"), until_end=True, queue=100))
    assert summary["ended"] == "bci:end"
    assert (summary["events"], summary["gap"], summary["ignored_markers"]) == (3, 0, 0)


@pytest.mark.parametrize(
    ("error", "raised"), [(StreamError("256 said, 128 came"), StreamError), (RuntimeError("boom"), SessionError)]
)
def test_a_source_that_fails_ends_the_session_with_a_summary(error, raised):
    sink = Collected()
    source = ArraySource(recording(2), chunk=100, clock=lsl_clock)
    session = make(Scripted([source.pull(0), source.pull(0)], error), sinks=[sink], queue=100)
    summary = run(session)
    assert summary["events"] == 2
    assert summary["ended"] == "an error"
    assert type(error).__name__ in summary["error"]
    with pytest.raises(raised):
        session.raise_error()
    assert sink.closed


class Broken(FakeDecoder):
    def decode(self, epochs, watch, k):
        if epochs.any():
            raise RuntimeError("out of memory")
        return super().decode(epochs, watch, k)


def test_a_decoder_that_fails_ends_the_session():
    session = make(ArraySource(recording(), clock=lsl_clock), Broken(DECODER_SPEC, PROTOTYPES))
    summary = run(session)
    assert summary["error"] == "RuntimeError: out of memory"
    with pytest.raises(BciError, match="out of memory"):
        session.raise_error()


def test_stopping_from_outside_is_orderly():
    session = make(Scripted([], "silence"))
    session.start()
    session.stop("interrupted")
    summary = session.finish()
    assert summary["ended"] == "interrupted"
    assert summary["events"] == 0
    assert summary["latency_ms"] is None


def test_a_decoder_for_other_epochs_is_refused():
    other = DecoderSpec(("Cz", "Oz"), RATE, 20, "another", CONCEPTS, "00000000", "11111111")
    with pytest.raises(MismatchError, match="preprocessing"):
        make(ArraySource(recording(), clock=lsl_clock), FakeDecoder(other, PROTOTYPES))


def test_the_snapshot_is_the_latest():
    session = make(ArraySource(recording(), clock=lsl_clock), queue=100)
    run(session)
    snapshot = session.snapshot()
    assert (len(snapshot.decided), share(snapshot.decided, 1).value, snapshot.samples) == (10, 1.0, 1000)
    assert snapshot.recent[-1].seq == 9


def test_decisions_are_on_disk_line_by_line(tmp_path):
    sink = JsonlSink(tmp_path / "decisions.jsonl", Header(DECODER_SPEC))
    run(make(ArraySource(recording(), clock=lsl_clock), sinks=[sink], queue=100))
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text("utf-8").splitlines()]
    assert [line["seq"] for line in lines] == list(range(10))
    line = lines[1]
    assert line["schema"] == 1
    assert (line["marker"], line["truth"], line["rank"], line["n"]) == ("second", "second", 0, 3)
    assert line["top"][0]["concept"] == "second"
    assert line["top"][0]["score"] == pytest.approx(1.0)
    assert len(line["top"]) == 3
    assert line["latency_ms"] == pytest.approx(sum(line["stages_ms"].values()), abs=1e-3)
    assert line["source_state"] == "flowing"
