"""Sessions on scripted sources: real threads, no LSL, no sleeps."""

import gc
import itertools
import json
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest

from bci.array_source import ArraySource
from bci.bad_channels import BadChannels
from bci.channel_watch import ChannelWatch
from bci.clock import VirtualClock, lsl_clock
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.eprocess import EProcess
from bci.errors import BciError, ConfigError, MismatchError, RecordingError, SessionError, StreamError
from bci.evidence import Accumulation, StoppingRule
from bci.journal import Journal, Kind, read_journal
from bci.offline import decode_all
from bci.pair import Pair
from bci.parity import compare
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
    trouble = ""

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

    def pull(self, timeout, *_):
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

    def pull(self, timeout, *_):
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


def held_until(session, source):
    """Start a session and let three seconds come in."""
    session.start()
    assert source.held.wait(30)


def let_end(session, source):
    source.let_go.set()
    assert session.wait(30)
    return session.finish()


def test_what_is_shown_in_a_pause_is_counted_and_not_decided(tmp_path):
    source, sink = Held(), Collected()
    session = make(source, sinks=[sink], queue=100, journal=Journal(tmp_path / "journal.jsonl"))
    held_until(session, source)
    session.pause()
    session.pause()  # it is paused already
    newest = source.batches[2].chunk.times[-1]
    session._admission._pauses = ((newest, newest + 3.0),)  # which `resume` would do three seconds later
    session.resume()  # it goes on already
    summary = let_end(session, source)
    assert [decision.seq for decision in sink.decisions] == list(range(7))
    assert [d.onset - source.batches[0].chunk.times[0] for d in sink.decisions] == pytest.approx(
        [0.1, 1.1, 2.1, 6.1, 7.1, 8.1, 9.1]
    )
    assert (summary["events"], summary["paused_events"]) == (7, 3)
    entries = read_journal(tmp_path / "journal.jsonl")
    kinds = [entry.kind for entry in entries]
    assert [kinds.count(kind) for kind in (Kind.PAUSE, Kind.RESUME)] == [1, 0]
    assert entries[kinds.index(Kind.PAUSE)].time == newest


def test_a_pause_ends_when_it_is_told_to():
    source = Held()
    session = make(source, queue=100)
    held_until(session, source)
    session.pause()
    assert session.snapshot().paused
    session.resume()
    assert not session.snapshot().paused
    assert let_end(session, source)["events"] == 10


def test_a_session_that_has_ended_is_not_steered_any_more(tmp_path):
    source = Held()
    session = make(source, queue=100, journal=Journal(tmp_path / "journal.jsonl"))
    held_until(session, source)
    let_end(session, source)
    steering = (session.pause, session.resume, lambda: session.exclude(-1, 0), lambda: session.note("coughs"))
    for steer in (*steering, lambda: session.leave_out(["Oz"])):
        with pytest.raises(SessionError, match="has ended"):
            steer()
    assert read_journal(tmp_path / "journal.jsonl")[-1].kind is Kind.ENDED


def test_an_excluded_stretch_stays_in_the_headline_and_leaves_the_accepted_figures():
    source, decoder = Held(), FakeDecoder(DECODER_SPEC, PROTOTYPES[::-1].copy())  # right about some
    session = make(source, decoder, queue=100)
    held_until(session, source)
    session.exclude(-2.0, 0.0)
    session.exclude(1.0, 3.0)
    with pytest.raises(ConfigError, match="ends after it begins"):
        session.exclude(0.0, -1.0)
    before = make(Held(), decoder, queue=100)
    before.start()
    before._source.let_go.set()
    assert before.wait(30)
    unexcluded, summary = before.finish(), let_end(session, source)
    assert summary["top1"] == unexcluded["top1"]
    assert (summary["excluded_events"], summary["events"]) == (4, 10)
    decided = session.snapshot().decided
    assert decided.excluded.tolist() == [False, True, True, False, True, True, False, False, False, False]
    assert summary["top1_accepted"] == np.mean((decided.rank == 0)[~decided.excluded])


def test_what_records_begins_before_the_first_sample_or_nothing_does():
    order, source, sink = [], Scripted(Held().batches), Collected()
    pull = source.pull
    source.pull = lambda *rest: order.append("pull") or pull(*rest)
    run(make(source, sinks=[sink], warm=lambda: order.append("warm")))
    assert order[:2] == ["warm", "pull"]

    def fail():
        raise RecordingError("no LabRecorder")

    refused, closed = Scripted([]), Collected()
    session = make(refused, sinks=[closed], warm=fail)
    with pytest.raises(RecordingError, match="no LabRecorder"):
        session.start()
    assert closed.closed
    assert refused._closed.is_set()
    assert session.finish()["events"] == 0  # which may be asked for again


def test_the_journal_says_what_happened_and_is_ended_before_the_sinks_are(tmp_path):
    sink, path = Collected(), tmp_path / "journal.jsonl"
    open_at_the_end = []
    batches = Held().batches
    session = make(
        Scripted(batches),
        sinks=[sink],
        journal=Journal(path),
        drained=lambda: open_at_the_end.append(not sink.closed),
    )
    session.start()
    assert session.wait(30)
    session.note("  somebody\ncoughs ")
    with pytest.raises(ConfigError, match="1 to 500 characters"):
        session.note("x" * 501)
    session.finish()
    entries = read_journal(path)
    assert [str(entry.kind) for entry in entries] == ["state", "first-sample", "begin", "note", "ended"]
    assert entries[1].time == entries[2].time == batches[0].chunk.times[0]
    assert [entry.text for entry in entries[3:]] == ["somebody coughs", "the source ended"]
    assert open_at_the_end == [True]


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


def noisy(from_s, to_s, n_events=20):
    """A recording whose channels show noise, and whose second one is flat for a while."""
    played = recording(n_events)
    data = played.data + np.random.default_rng(0).normal(0, 5, played.data.shape).astype(np.float32)
    data[from_s * 100 : to_s * 100, 1] = 0.0
    return replace(played, data=data)


def minded(policy, source, path, sinks=()):
    """A session that looks after its channels."""
    epocher = Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), CONCEPTS, lsl_clock, interpolate=ones)
    return Session(
        source,
        epocher,
        FakeDecoder(DECODER_SPEC, PROTOTYPES),
        sinks,
        lsl_clock,
        queue=100,
        journal=Journal(path),
        channels=BadChannels(ChannelWatch(source.spec), policy),
    )


def journaled(path, kind):
    return [entry.text for entry in read_journal(path) if entry.kind is kind]


def test_decisions_that_meet_a_bad_channel_are_flagged_and_it_is_told_once(tmp_path, caplog):
    sink, path = Collected(), tmp_path / "journal.jsonl"
    source = ArraySource(noisy(5, 10), chunk=10, clock=lsl_clock)
    session = minded("flag", source, path, [sink])
    run(session)
    flagged = [decision.seq for decision in sink.decisions if decision.status is Status.ARTIFACT]
    assert flagged == list(range(6, 13))  # an event a second; it is good again for three when it is trusted
    assert {sink.decisions[seq].reason for seq in flagged} == {"Oz flat"}
    assert all(decision.ranking is not None and decision.mask == () for decision in sink.decisions)
    assert journaled(path, Kind.STATE) == ["flowing", "degraded: Oz flat", "flowing"]
    assert caplog.text.count("degraded: Oz flat") == 1
    assert caplog.text.count("nothing is wrong any more") == 1


def test_a_bad_channel_is_made_up_until_it_is_good_again(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("bci.bad_channels._MOST", 0.5)  # there are but two
    sink, path = Collected(), tmp_path / "journal.jsonl"
    run(minded("make-up", ArraySource(noisy(5, 10), chunk=10, clock=lsl_clock), path, [sink]))
    assert [d.mask for d in sink.decisions] == [()] * 6 + [("Oz",)] * 7 + [()] * 7
    assert Status.ARTIFACT not in {decision.status for decision in sink.decisions}
    assert journaled(path, Kind.LEAVE_OUT) == ["Oz", ""]
    assert journaled(path, Kind.STATE) == ["flowing", "degraded: made up from the others: Oz flat", "flowing"]
    assert "left out because bad: Oz; made up from the others: Oz" in caplog.text
    assert "left out because bad: nothing; made up from the others: no channel" in caplog.text


def test_what_the_operator_leaves_out_stays_out_good_or_bad(tmp_path, monkeypatch):
    monkeypatch.setattr("bci.bad_channels._MOST", 0.5)
    sink, path = Collected(), tmp_path / "journal.jsonl"
    session = minded("make-up", ArraySource(noisy(5, 10), chunk=10, clock=lsl_clock), path, [sink])
    session.leave_out(["Oz"])
    run(session)
    assert {decision.mask for decision in sink.decisions} == {("Oz",)}
    assert journaled(path, Kind.LEAVE_OUT) == ["Oz"]


class Part:
    trouble = ""


def test_a_session_is_degraded_while_a_part_of_it_suffers(tmp_path, caplog):
    source, sink, recorder = Held(), Collected(), Part()
    decoder, path = FakeDecoder(DECODER_SPEC, PROTOTYPES), tmp_path / "journal.jsonl"
    session = make(source, decoder, [sink], queue=100, journal=Journal(path), beside=[recorder])
    held_until(session, source)
    assert (session.snapshot().state, session.snapshot().reason) == (SourceState.FLOWING, "")
    recorder.trouble, sink.trouble = "recording: no room", "decisions are not written"
    assert session.snapshot().state is SourceState.DEGRADED
    assert session.snapshot().reason == "decisions are not written; recording: no room"
    decoder.trouble, sink.trouble = "the GPU is gone, decoding on the CPU", ""
    assert let_end(session, source)["events"] == 10
    reason = "recording: no room; the GPU is gone, decoding on the CPU"
    assert (sink.decisions[-1].source_state, sink.decisions[-1].source_reason) == (SourceState.DEGRADED, reason)
    assert journaled(path, Kind.STATE) == ["flowing", f"degraded: {reason}"]
    assert caplog.text.count(reason) == 1


def test_a_stream_that_is_lost_is_lost_whatever_else_suffers():
    sick = Part()
    sick.trouble = "recording: no room"
    session = make(Scripted([Batch(None, (), SourceState.STALLED, "no sample for 1 s")]), beside=[sick])
    run(session)
    assert (session.snapshot().state, session.snapshot().reason) == (SourceState.STALLED, "no sample for 1 s")


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


def test_windows_that_slide_are_decoded_live_as_from_the_file():
    sliding, sink = EventSpec(mode="sliding", step=0.07, hold=0.3), Collected()
    run(make(ArraySource(recording(), chunk=13, clock=lsl_clock), sinks=[sink], events=sliding, queue=1000))
    source = ArraySource(recording(), chunk=100, clock=lsl_clock)
    epocher = Epocher(source.spec, SPEC, sliding, QualitySpec(), CONCEPTS, lsl_clock)
    offline = decode_all(source, epocher, FakeDecoder(DECODER_SPEC, PROTOTYPES), lsl_clock)
    assert [each.onset for each in sink.decisions] == [each.onset for each in offline]
    assert [each.truth for each in sink.decisions] == [each.truth for each in offline]
    assert {each.truth for each in offline} == {None, 0, 1}
    parity = compare(sink.decisions, offline)
    assert parity.compared == parity.same_ranking == sum(each.ranking is not None for each in offline) > 100


def test_nothing_is_bet_on_windows_that_slide():
    sliding, paradigm = (
        EventSpec(mode="sliding", step=0.1),
        declared(RandomisationSpec(kind="independent"), CONCEPTS),
    )
    summary = run(make(ArraySource(recording(), clock=lsl_clock), events=sliding, queue=1000, paradigm=paradigm))
    assert summary["windows"] > 50
    assert summary["e_value"] == EProcess().value


def test_over_budget_is_late_and_still_counts():
    summary = run(make(ArraySource(recording(), clock=lsl_clock), queue=100, budget=0.0))
    assert summary["late"] == 10
    assert summary["top1"] == 1.0


def test_a_stream_lost_for_good_ends_the_session_when_it_should_run_until_the_end():
    clock = VirtualClock()

    class Silence(Scripted):
        def pull(self, timeout, *_):
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


# ----------------------------------------------------------------------------------------- switching while it runs


def other_pair(source, concepts=("second", "first", "third"), spec=SPEC, events=EventSpec(), **ids):  # noqa: B008
    """Another bank: what was concept 0 is 1, and the other way round."""
    made = replace(
        DECODER_SPEC, concepts=concepts, preprocess=spec.digest, n_times=spec.n_times, bank="2" * 8, **ids
    )
    epocher = Epocher(source.spec, spec, events, QualitySpec(), concepts, lsl_clock)
    prototypes = np.float32([[0, 1], [1, 0], [-1, 0]])[: len(concepts)]
    return Pair(epocher, FakeDecoder(made, prototypes))


def switched(pair, sinks, **options):
    """Play ten events, switch after the third; return session and summary."""
    source = Held()
    session = make(source, sinks=sinks, queue=100, **options)
    session.start()
    assert source.held.wait(30)
    session.swap(pair(source))
    source.let_go.set()
    assert session.wait(30)
    return session, session.finish()


def test_a_switch_between_two_events_loses_none_and_every_decision_says_who_made_it(tmp_path):
    sink, path = Collected(), tmp_path / "decisions.jsonl"
    sinks = [JsonlSink(path, Header(DECODER_SPEC)), sink]
    session, summary = switched(other_pair, sinks)
    assert [decision.seq for decision in sink.decisions] == list(range(10))
    assert [decision.decoder.bank for decision in sink.decisions] == ["1" * 8] * 3 + ["2" * 8] * 7
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["bank"] for line in lines] == ["1" * 8] * 3 + ["2" * 8] * 7
    shown = [CONCEPTS[i % 2] for i in range(10)]
    assert [line["truth"] for line in lines] == shown  # by name, whatever its number in the bank
    assert [line["top"][0]["concept"] for line in lines] == shown
    assert (summary["events"], summary["top1"]) == (10, 1.0)
    assert summary["chance_top1"] == 0.5  # of names, not of numbers
    assert [each["events"] for each in summary["decoders"]] == [3, 7]
    assert [each["bank"] for each in summary["decoders"]] == ["1" * 8, "2" * 8]
    assert len(session.snapshot().decided) == 7  # the snapshot is of the new one


def test_without_a_switch_the_summary_tells_of_one_decoder():
    summary = run(make(ArraySource(recording(), clock=lsl_clock), queue=100))
    assert "decoders" not in summary
    assert (summary["model"], summary["bank"]) == ("0" * 8, "1" * 8)


def test_a_decoder_of_other_preprocessing_takes_over_without_a_loss():
    spec = PreprocessSpec(channels=("Cz", "Oz"), sfreq=RATE, tmin=-0.1, tmax=0.3, baseline=(-0.1, 0.0))
    sink = Collected()
    _, summary = switched(lambda source: other_pair(source, spec=spec), [sink])
    assert summary["gap"] == 0
    assert [decision.decoder.n_times for decision in sink.decisions] == [20] * 4 + [
        40
    ] * 6  # 120 ms of baseline first


def test_channels_that_were_left_out_stay_so_after_a_switch():
    def interpolating(spec):
        epocher = Epocher(source.spec, spec, EventSpec(), QualitySpec(), CONCEPTS, lsl_clock, interpolate=ones)
        return epocher, FakeDecoder(replace(DECODER_SPEC, preprocess=spec.digest), PROTOTYPES)

    source = ArraySource(recording(), clock=lsl_clock)
    session = Session(source, *interpolating(SPEC), [], lsl_clock, queue=100)
    session.leave_out(["Oz"])
    session.swap(Pair(*interpolating(SPEC.model_copy(update={"gain": 2.0}))))
    session.swap(Pair(*interpolating(SPEC)))
    run(session)
    assert session.snapshot().mask == ("Oz",)


def ones(missing, sources):
    return np.ones((len(missing), len(sources)))


def test_a_pair_that_does_not_fit_is_refused_and_nothing_changes():
    source = ArraySource(recording(), clock=lsl_clock)
    session = make(source, queue=100)
    pair = other_pair(source)
    with pytest.raises(MismatchError, match="expects length"):
        session.swap(Pair(pair.epocher, FakeDecoder(replace(DECODER_SPEC, n_times=5), PROTOTYPES)))
    with pytest.raises(MismatchError, match="of locked windows of .*, got one of sliding"):
        session.swap(other_pair(source, events=EventSpec(mode="sliding", step=0.1)))
    assert run(session)["events"] == 10


def test_bets_end_where_other_concepts_are_ranked_and_what_was_won_stays():
    def bets(pair):
        paradigm = declared(RandomisationSpec(kind="independent"), CONCEPTS)
        return switched(pair, [], paradigm=paradigm)[1]["e_value"]

    alone = EProcess()
    for _ in range(3):
        alone.bet(1 / 3, hit=True)
    assert bets(other_pair) == pytest.approx(alone.value)
    for _ in range(7):
        alone.bet(1 / 3, hit=True)

    def same_concepts(source):
        pair = make(source)._terms.current
        return Pair(pair.epocher, FakeDecoder(replace(DECODER_SPEC, model="3" * 8), PROTOTYPES))

    assert bets(same_concepts) == pytest.approx(alone.value)


def test_a_decoder_that_is_gone_is_let_go():
    source = Held()
    epocher = Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), CONCEPTS, lsl_clock, memory=1.0)
    decoder, gone = FakeDecoder(DECODER_SPEC, PROTOTYPES), weakref.ref(epocher)
    session = Session(source, epocher, decoder, [], lsl_clock, queue=100)
    del epocher
    session.start()
    assert source.held.wait(30)
    session.swap(other_pair(source))
    source.let_go.set()
    assert session.wait(30)
    session.finish()
    gc.collect()
    assert gone() is None


# ------------------------------------------------------------------------------------------------------- repeats


def test_repeats_of_a_presentation_add_up_until_they_suffice():
    source, sink = ArraySource(recording(), clock=lsl_clock), Collected()
    rule = StoppingRule(PROTOTYPES, temperature=3.0, discount=0.0, alpha=0.1, at_most=4)
    events = EventSpec(group="(?P<group>.+)")
    summary = run(make(source, sinks=[sink], queue=100, events=events, accumulation=Accumulation(rule)))
    of_first = [decision.evidence for decision in sink.decisions if decision.group == "first"]
    assert [told.n for told in of_first] == [1, 2, 3, 4, 4]
    assert [told.stopped for told in of_first] == [False, False, False, True, True]
    p = [float(told.ranking.probabilities[0]) for told in of_first]
    assert p == sorted(p)
    assert (summary["groups"]["n"], summary["groups"]["given_up"]) == (2, 2)
    assert summary["top1"] == 1.0  # of single trials


def test_an_artifact_adds_nothing_to_its_presentation():
    source, sink = ArraySource(recording(), clock=lsl_clock), Collected()
    epocher = Epocher(
        source.spec, SPEC, EventSpec(group="(?P<group>.+)"), QualitySpec(flat=0.1), CONCEPTS, lsl_clock
    )
    rule = StoppingRule(PROTOTYPES, 1.0, 0.0, 0.1, 4)
    decoder = FakeDecoder(DECODER_SPEC, PROTOTYPES)
    run(Session(source, epocher, decoder, [sink], lsl_clock, queue=100, accumulation=Accumulation(rule)))
    assert {decision.status for decision in sink.decisions} == {Status.ARTIFACT}
    assert all(decision.ranking is not None and decision.evidence is None for decision in sink.decisions)
