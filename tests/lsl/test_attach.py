"""Attaching to sessions that decode in processes of their own, over real LSL."""

import time
import uuid
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pylsl
import pytest
from deciding_process import DecidingProcess
from simulated_devices import Outlet, Stream
from staged_session import StagedSession, about

from bci.attached import attach
from bci.clock import lsl_clock
from bci.errors import FormatError, StreamError
from bci.specs import RandomisationSpec
from bci.types import SourceState

pytestmark = pytest.mark.lsl

ORDER = RandomisationSpec(kind="independent")
LONG = 60.0  # s after which a test gives up: nothing that it waits for takes nearly as long


def until(true):
    """Look until something is true; a test that waits for another process can do no better."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, f"gave up after {LONG:g} s"
        time.sleep(0.01)


def facts(stream, **changes):
    told = about(channels=stream.labels, sfreq=250.0, **changes)
    return replace(told, stream=replace(told.stream, name=stream.name, source_id=stream.source_id))


def decisions(told, n, now):
    staged = StagedSession(told)
    for i in range(n):
        staged.decide(truth=i % 10, best=i % 10 if i % 2 else None, onset=now + i / 100)
    return staged.recent


@contextmanager
def attached(name, wait=20.0):
    with closing(attach(name, wait)) as session:
        session.start()
        yield session


def test_a_session_elsewhere_is_shown_with_its_traces_and_its_figures():
    name = uuid.uuid4().hex
    with (
        Outlet(Stream()) as eeg,
        DecidingProcess(facts(eeg.stream), ORDER, name) as sender,
        attached(name) as seen,
    ):
        now = lsl_clock()
        data = np.random.default_rng(0).normal(0, 10, (500, 3)).astype(np.float32)
        eeg.push(data, now + np.arange(500) / 250)
        made = decisions(facts(eeg.stream), 40, now)
        sender.put(made)
        until(lambda: len(seen.snapshot().decided) == 40 and seen.history.end == 500)
        snapshot = seen.snapshot()
        np.testing.assert_allclose(snapshot.decided.onset, [one.onset for one in made], atol=1e-3)
        np.testing.assert_array_equal(snapshot.decided.truth, [one.truth for one in made])
        assert snapshot.e_value > 20
        np.testing.assert_array_equal(seen.history.since(0).data, data)
        shown = seen.history.around(made[20].onset, 0.1, 0.1)
        np.testing.assert_array_equal(shown.data, data[25:75])
        assert seen.about.stream.name == eeg.stream.name
        assert seen.about.decoder_name == "channel_attention"
        assert seen.about.origin.startswith(f"attached to {name}")
        assert (seen.about.thumbnails, "without" in seen.about.origin) == (None, False)


def test_without_its_stream_there_are_decisions_and_it_is_said():
    name = uuid.uuid4().hex
    told = facts(Stream())
    with DecidingProcess(told, ORDER, name) as sender, attached(name, 2.0) as seen:
        sender.put(decisions(told, 10, lsl_clock()))
        until(lambda: len(seen.snapshot().decided) == 10)
        assert seen.snapshot().state is SourceState.DEGRADED
        assert f"without traces: expected the stream {told.stream.source_id!r}" in seen.about.origin


def test_a_stream_of_the_name_with_other_channels_is_not_taken_for_it():
    name = uuid.uuid4().hex
    with Outlet(Stream()) as eeg:
        told = facts(eeg.stream)
        other = replace(told, stream=replace(told.stream, channels=told.stream.channels[:2]))
        with DecidingProcess(other, None, name), attached(name) as seen:
            assert "other channels" in seen.about.origin
            assert seen.snapshot().state is SourceState.DEGRADED


def test_a_session_that_goes_is_lost_and_another_one_is_not_mixed_with_it(caplog):
    name = uuid.uuid4().hex
    told = facts(Stream())
    with DecidingProcess(told, ORDER, name) as sender, attached(name, 1.0) as seen:
        sender.put(decisions(told, 10, lsl_clock()))
        until(lambda: len(seen.snapshot().decided) == 10)
        sender.kill()
        until(lambda: seen.snapshot().state is SourceState.LOST)
        with DecidingProcess(told, ORDER, name) as another:
            another.put(decisions(told, 5, lsl_clock()))
            assert seen.wait(LONG)
        assert seen.snapshot().state is SourceState.ENDED
        assert len(seen.snapshot().decided) == 10
    assert "attach again" in caplog.text


def test_the_truth_that_is_hidden_does_not_come():
    name = uuid.uuid4().hex
    told = facts(Stream(), hide_truth=True)
    with DecidingProcess(told, ORDER, name) as sender, attached(name, 1.0) as seen:
        sender.put(decisions(told, 10, lsl_clock()))
        until(lambda: len(seen.snapshot().decided) == 10)
        assert seen.about.hide_truth
        assert not seen.snapshot().decided.told.any()
        assert seen.snapshot().e_value is None


def test_many_concepts_and_letters_of_all_kinds_arrive():
    name = uuid.uuid4().hex
    concepts = tuple(f"<{i}> & „Grüße“ 香蕉" for i in range(1854))
    told = facts(Stream(), categories=("größer",) * 1854)
    told = replace(told, decoder=replace(told.decoder, concepts=concepts))
    with DecidingProcess(told, ORDER, name) as sender, attached(name, 1.0) as seen:
        assert seen.about.concepts == concepts
        assert seen.about.categories == told.categories
        sender.put(decisions(told, 3, lsl_clock()))
        until(lambda: len(seen.snapshot().decided) == 3)


def test_the_only_decision_stream_needs_no_name_and_two_must_be_told_apart():
    told = facts(Stream())
    with DecidingProcess(told, None, "bci-here"):
        with attached(None, 1.0) as seen:
            assert "bci-here" in seen.about.origin
        with DecidingProcess(told, None, "bci-there"):
            until(lambda: _refused("expected one Decisions stream, found 2"))


def _refused(why):
    try:
        attach(None, 1.0).close()
    except StreamError as error:
        return why in str(error)
    return False


def test_what_is_no_session_is_refused():
    with Outlet(Stream()) as eeg:
        with pytest.raises(StreamError, match="expected a stream of type Decisions"):
            attach(eeg.stream.name, 20.0)
        with pytest.raises(StreamError, match="found none in 1 s"):
            attach("nowhere", 1.0)


def test_a_stream_that_describes_no_session_is_refused():
    name = uuid.uuid4().hex
    with (
        DecidingProcess(None, None, name, facts(Stream()).decoder),
        pytest.raises(FormatError, match="update bci-live there"),
    ):
        attach(name, 20.0)


def test_a5_there_is_one_inlet_for_each_stream(monkeypatch):
    opened = []

    class Counted(pylsl.StreamInlet):
        def __init__(self, info, *arguments, **options):
            opened.append(info.name())
            super().__init__(info, *arguments, **options)

    monkeypatch.setattr(pylsl, "StreamInlet", Counted)
    name = uuid.uuid4().hex
    with Outlet(Stream()) as eeg, DecidingProcess(facts(eeg.stream), None, name), attached(name):
        assert sorted(opened) == sorted([name, eeg.stream.name])
