"""What every test of the dashboard is held to: no widget and no running timer is left behind."""

import gc

import pytest
from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from staged_session import StagedSession

from gui.settings import Settings
from gui.theme import DARK, THEMES
from gui.window import Window


@pytest.fixture(scope="session", autouse=True)
def _what_was_imported_is_not_searched():
    """Collecting looks through all there is: hundreds of thousands of objects of imported packages, each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_widget_or_timer_is_left_behind(qapp):
    yield
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()
    gc.collect()
    widgets = [widget for widget in QApplication.topLevelWidgets() if not _is_qt_own(widget)]
    left = [f"{type(widget).__name__} {widget.objectName()!r}" for widget in widgets]
    timers = [timer for timer in _timers() if timer.isActive()]
    for widget in widgets:
        widget.close()
        widget.deleteLater()
    assert not left, f"widgets left behind: {', '.join(left)}"
    assert not timers, f"timers left running: {[timer.parent() for timer in timers]}"


def _is_qt_own(widget):
    """Tool tips and the like, which Qt keeps for the next time."""
    return type(widget).__name__ in ("QWidget", "QLabel", "QFrame") and not widget.objectName()


def _timers():
    # by type: to ask deprecated objects of other libraries for their class is to be warned
    return [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer) and _alive(thing)]


def _alive(thing: QObject):
    try:
        thing.objectName()
    except RuntimeError:  # its C++ half is gone
        return False
    return True


@pytest.fixture(autouse=True)
def _a_window_leaves_its_style_to_nobody(qapp):
    font, palette = qapp.font(), qapp.palette()
    yield
    if qapp.styleSheet():
        qapp.setStyleSheet("")
        qapp.setPalette(palette)
        qapp.setFont(font)


@pytest.fixture(autouse=True)
def _widgets_live_as_long_as_their_test(monkeypatch):
    """Python would else collect a window of a test that is over while Qt paints it once more, and crash."""
    kept, add = [], QtBot.addWidget

    def keep(self, widget, **options):
        kept.append(widget)
        add(self, widget, **options)

    monkeypatch.setattr(QtBot, "addWidget", keep)
    return kept


@pytest.fixture
def staged():
    """A session of ten concepts on eight synthetic channels; see `staged_session.StagedSession`."""
    return StagedSession()


@pytest.fixture(params=THEMES.values(), ids=lambda theme: theme.name)
def theme(request):
    """Each theme in turn."""
    return request.param


@pytest.fixture
def show_pane(qtbot):
    """Make a pane that shows a session: `make` is its class."""

    def show(make, session, theme=DARK, size=(320, 200)):
        pane = make(session, theme)
        qtbot.addWidget(pane)
        pane.resize(*size)
        pane.show()
        pane.refresh(session.snapshot())
        pane.grab()
        return pane

    return show


@pytest.fixture
def open_window(qtbot, tmp_path):
    """Open the dashboard of a conductor; frames come when the test says."""
    windows = []

    def open_it(conductor, settings=Settings(theme="dark"), size=None, **options):  # noqa: B008
        window = Window(conductor, settings, tmp_path / "default.json", **options)
        window._timer.stop()
        windows.append(window)
        qtbot.addWidget(window)
        if size is not None:
            window.resize(*size)
        window.show()
        window.tick()
        return window

    yield open_it
    for window in windows:
        window.close_at_once()
