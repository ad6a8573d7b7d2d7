import json
import sys
import threading

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from bci.conductor import Conductor, Phase
from bci.errors import StreamError
from gui.app import show
from gui.window import Window


class FakeSession:
    """Runs until it is stopped."""

    def __init__(self):
        self.stopped = []
        self._ended = threading.Event()

    def start(self, *, hold):
        pass

    def stop(self, reason):
        self.stopped.append(reason)
        self._ended.set()

    def wait(self, timeout):
        return self._ended.wait(timeout)

    def finish(self):
        return {"events": 0, "ended": self.stopped[0]}


def soon(step):
    """Do something with the window a little later, from inside its event loop."""

    def look():
        windows = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Window)]
        if not (windows and step(windows[0])):
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def test_it_stays_until_it_is_closed_and_ends_the_session_in_order(qapp, staged, tmp_path):
    session = FakeSession()
    conductor = Conductor(lambda stream, watch: watch(session, staged), hold=False)

    windows = []

    def close(window):
        if window.conductor.status().phase is not Phase.RUNNING or window.workspace is None:
            return False
        windows.append(window)
        window.close_at_once()
        return True

    soon(close)
    show(conductor, pick=False, settings_file=tmp_path / "mine.json")
    assert sip.isdeleted(windows[0])  # left to the interpreter's exit it may crash there
    assert session.stopped == ["the window was closed"]
    assert conductor.status().phase is Phase.STOPPED
    assert json.loads((tmp_path / "mine.json").read_text())["schema"] == 1


def test_what_ended_the_last_session_is_raised(qapp, tmp_path):
    def play(stream, watch):
        raise StreamError("expected a stream, found none")

    told = []

    def close(window):
        if window.conductor.status().error is None:
            return False
        window.tick()
        told.extend(notice.text for _, notice in window.notices.notices)
        window.close_at_once()
        return True

    soon(close)
    with pytest.raises(StreamError, match="found none"):
        show(Conductor(play, hold=False), pick=False, settings_file=tmp_path / "mine.json")
    assert told == ["expected a stream, found none"]


def test_a28_an_exception_in_a_slot_is_a_notice_and_no_end(qapp, staged, tmp_path, capsys):
    session = FakeSession()
    conductor = Conductor(lambda stream, watch: watch(session, staged), hold=False)
    before, told = sys.excepthook, []

    def break_it(window):
        if window.workspace is None:
            return False
        sys.excepthook(ValueError, ValueError("in a slot"), None)
        told.extend(notice.text for _, notice in window.notices.notices)
        window.close_at_once()
        return True

    soon(break_it)
    show(conductor, pick=False, settings_file=tmp_path / "mine.json")
    assert any("in a slot" in text for text in told)
    assert "in a slot" in capsys.readouterr().err
    assert sys.excepthook is before


def test_a27_settings_that_cannot_be_read_are_said(qapp, staged, tmp_path):
    (tmp_path / "mine.json").write_text("{")
    conductor = Conductor(lambda stream, watch: watch(FakeSession(), staged), hold=False)
    told = []

    def read(window):
        told.extend(notice.text for _, notice in window.notices.notices)
        window.close_at_once()
        return True

    soon(read)
    show(conductor, pick=False, settings_file=tmp_path / "mine.json")
    assert "settings could not be read" in told[0]
