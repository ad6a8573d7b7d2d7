import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from staged_session import StagedSession

from bci.conductor import Conductor, Phase
from bci.errors import ConfigError, MismatchError, StreamError


class FakeSession:
    """What a conductor needs of a session."""

    def __init__(self):
        self.log = []
        self.paused = False
        self.begun = threading.Event()
        self.stopped = threading.Event()

    def start(self, *, hold):
        self.log.append(f"start, hold {hold}")

    def begin(self):
        self.log.append("begin")
        self.begun.set()

    def leave_out(self, labels):
        self.log.append(f"leave out {sorted(labels)}")

    def pause(self):
        self.log.append("pause")
        self.paused = True

    def resume(self):
        self.log.append("resume")
        self.paused = False

    def exclude(self, start, stop):
        self.log.append(f"exclude {start:g} to {stop:g}")

    def note(self, text):
        self.log.append(f"note: {text}")

    def snapshot(self):
        return SimpleNamespace(paused=self.paused)

    def stop(self, reason):
        self.log.append(f"stop: {reason}")
        self.stopped.set()

    def wait(self, timeout):
        return self.stopped.wait(timeout)

    def finish(self):
        self.log.append("finish")
        return {"events": 3}


class Stage:
    """Plays sessions for a conductor; tests wait for its steps."""

    def __init__(self, *, hold=True, opening=None, error=None):
        self.session, self.viewed = FakeSession(), StagedSession()
        self.streams = []
        self._opening, self._error = opening, error
        self.conductor = Conductor(self._play, hold=hold)

    def _play(self, stream, watch):
        self.streams.append(stream)
        if self._opening is not None:
            self._opening.wait(30)
        if self._error is not None:
            raise self._error
        watch(self.session, self.viewed)

    def until(self, phase):
        while self.conductor.status().phase is not phase or self.conductor.status().busy:
            pass


def test_a9_a_session_goes_through_its_phases_when_it_is_told_to():
    stage = Stage()
    conductor = stage.conductor
    assert conductor.status().phase is Phase.CONFIGURE
    conductor.prepare("EPOC")
    stage.until(Phase.READY)
    assert conductor.status().viewed is stage.viewed
    conductor.begin()
    assert conductor.status().phase is Phase.RUNNING
    conductor.stop("enough")
    stage.until(Phase.STOPPED)
    conductor.close()
    assert stage.session.log == ["start, hold True", "begin", "stop: enough", "finish"]
    assert conductor.status().summary == {"events": 3}
    assert stage.streams == ["EPOC"]
    conductor.raise_error()


def test_what_the_operator_does_is_handed_on_while_a_session_is_on():
    stage = Stage()
    for steer in (stage.conductor.pause, lambda: stage.conductor.note("early")):
        steer()  # there is nothing yet
    stage.conductor.prepare("EPOC")
    stage.until(Phase.READY)
    stage.conductor.pause()  # nothing counts yet that could be paused
    stage.conductor.begin()
    for steer in (stage.conductor.pause, stage.conductor.pause, lambda: stage.conductor.exclude(-5, 0)):
        steer()
    stage.conductor.note("coughs")
    stage.conductor.close()
    assert stage.session.log[1:6] == ["begin", "pause", "resume", "exclude -5 to 0", "note: coughs"]


def test_without_hold_it_runs_as_soon_as_it_can():
    stage = Stage(hold=False)
    stage.conductor.prepare()
    stage.until(Phase.RUNNING)
    stage.conductor.begin()
    stage.conductor.leave_out({"Oz", "Cz"})
    assert stage.session.log == ["start, hold False", "leave out ['Cz', 'Oz']"]
    stage.conductor.close()
    assert stage.conductor.status().phase is Phase.STOPPED


def test_another_session_can_follow():
    stage = Stage()
    for stream in ("one", "two"):
        stage.session = FakeSession()
        stage.conductor.prepare(stream)
        stage.until(Phase.READY)
        stage.conductor.close()
    assert stage.streams == ["one", "two"]


def test_only_one_session_is_on_at_a_time():
    stage = Stage()
    stage.conductor.prepare("one")
    stage.conductor.prepare("two")
    stage.until(Phase.READY)
    stage.conductor.prepare("three")
    stage.conductor.close()
    assert stage.streams == ["one"]


def test_what_is_unwanted_before_it_is_open_ends_at_once():
    opening = threading.Event()
    stage = Stage(opening=opening)
    stage.conductor.prepare()
    stage.conductor.stop("no, the other one")
    opening.set()
    stage.conductor.close()
    assert "stop: no, the other one" in stage.session.log
    assert stage.conductor.status().phase is Phase.STOPPED


def test_what_cannot_be_opened_is_told_and_can_be_chosen_anew():
    stage = Stage(error=StreamError("no such stream"))
    stage.conductor.prepare()
    stage.conductor.close()
    status = stage.conductor.status()
    assert (status.phase, status.viewed, str(status.error)) == (Phase.CONFIGURE, None, "no such stream")
    with pytest.raises(StreamError):
        stage.conductor.raise_error()


def test_buttons_that_make_no_sense_do_nothing():
    stage = Stage()
    stage.conductor.begin()
    stage.conductor.leave_out({"Oz"})
    stage.conductor.stop()
    stage.conductor.close()
    assert stage.conductor.status().phase is Phase.CONFIGURE


# ----------------------------------------------------------------------------------------------------- switching


def test_another_decoder_is_loaded_beside_the_session_and_then_seen():
    stage, loading, files = Stage(hold=False), threading.Event(), []
    after = StagedSession()

    def switch(file):
        files.append(file)
        loading.wait(30)
        return after

    stage.viewed.switch = switch
    stage.conductor.prepare()
    stage.until(Phase.RUNNING)
    done = stage.conductor.switch(Path("bundle"))
    assert stage.conductor.status().busy == "loading another decoder"
    assert stage.conductor.status().viewed is stage.viewed  # the session goes on meanwhile
    with pytest.raises(ConfigError, match="another one is being loaded"):
        stage.conductor.switch(Path("third")).result(0)
    loading.set()
    done.result(30)
    assert (stage.conductor.status().viewed, stage.conductor.status().busy) == (after, "")
    assert stage.conductor.status().phase is Phase.RUNNING
    assert files == [Path("bundle")]
    stage.conductor.close()


def test_a_decoder_that_does_not_fit_is_told_of_and_the_session_goes_on():
    def refuse(file):
        raise MismatchError(f"{file} does not fit")

    stage = Stage(hold=False)
    stage.viewed.switch = refuse
    stage.conductor.prepare()
    stage.until(Phase.RUNNING)
    with pytest.raises(MismatchError, match="bundle does not fit"):
        stage.conductor.switch(Path("bundle")).result(30)
    status = stage.conductor.status()
    assert (status.phase, status.viewed, status.busy, status.error) == (Phase.RUNNING, stage.viewed, "", None)
    stage.conductor.close()


def test_a_decoder_that_is_loaded_when_all_is_over_is_not_shown():
    stage, loading = Stage(hold=False), threading.Event()

    def switch(file):
        loading.wait(30)
        return StagedSession()

    stage.viewed.switch = switch
    stage.conductor.prepare()
    stage.until(Phase.RUNNING)
    done = stage.conductor.switch(Path("bundle"))
    stage.conductor.stop()
    while stage.conductor.status().phase is not Phase.STOPPED:
        pass
    loading.set()
    done.result(30)
    stage.conductor.close()
    assert (stage.conductor.status().viewed, stage.conductor.status().phase) == (stage.viewed, Phase.STOPPED)


def test_without_a_session_that_decodes_here_there_is_nothing_to_switch():
    stage = Stage(hold=False)
    with pytest.raises(ConfigError, match="no session decodes here now"):
        stage.conductor.switch(Path("bundle")).result(0)
    stage.conductor.prepare()
    stage.until(Phase.RUNNING)
    with pytest.raises(ConfigError, match="no session decodes here now"):
        stage.conductor.switch(Path("bundle")).result(0)  # one that is attached to
    stage.conductor.close()
