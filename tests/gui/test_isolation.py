"""Whatever the window does, the session decodes on: in real time, since that is what is claimed."""

import threading
import time

import numpy as np
import pytest
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QDialog, QMenu
from staged_session import about

from bci.clock import lsl_clock
from bci.conductor import Conductor, Phase
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.history import History
from bci.player import Player
from bci.session import Session
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Channel, DecoderSpec, Recording, Status
from bci.viewing import LocalSession
from gui.settings import Settings
from gui.window import Window

RATE = 250.0
EVERY = 0.1  # seconds between two events
CONCEPTS = ("left", "right")
SPEC = PreprocessSpec(channels=("C3", "C4"), sfreq=RATE, tmax=0.2)
DECODER = DecoderSpec(SPEC.channels, RATE, SPEC.n_times, SPEC.digest, CONCEPTS, "0" * 8, "1" * 8)


def recording(seconds):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(int(seconds * RATE), 2)).astype(np.float32)
    samples = np.arange(0.5, seconds - 0.5, EVERY) * RATE
    markers = tuple((int(sample), CONCEPTS[i % 2]) for i, sample in enumerate(samples))
    return Recording(data, RATE, ((0, 0.0),), markers, tuple(map(Channel, SPEC.channels)), "Cz")


@pytest.fixture
def session():
    """A session that plays six seconds of noise with 50 events, ten a second."""
    source = Player(recording(6.0))
    epocher = Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), CONCEPTS, lsl_clock)
    history = History(RATE, 2)
    decoder = FakeDecoder(DECODER, np.eye(2, dtype=np.float32))
    return Session(source, epocher, decoder, [], lsl_clock, history=history), history


@pytest.fixture
def window(qtbot, session):
    made, history = session
    facts = about(2, SPEC.channels, RATE, decoder=DECODER)
    conductor = Conductor(lambda stream, watch: watch(made, LocalSession(made, facts, history)), hold=False)
    window = Window(conductor, Settings(theme="dark"))
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close_at_once()
    conductor.close()
    conductor.raise_error()


def hide(window):
    window.hide()
    QTimer.singleShot(2000, window.show)


def minimise(window):
    window.showMinimized()
    QTimer.singleShot(2000, window.showNormal)


def resize(window):
    for step in range(100):
        QTimer.singleShot(20 * step, lambda step=step: window.resize(960 + 3 * step, 600 + step))


def open_dialog(window):
    dialog = QDialog(window)
    QTimer.singleShot(2000, dialog.close)
    dialog.open()


def hold_menu(window):
    menu = QMenu(window)
    menu.addAction("held")
    QTimer.singleShot(2000, menu.close)
    menu.popup(window.pos())


def block(window):
    time.sleep(2.0)  # the GUI thread does nothing else


@pytest.mark.parametrize("disturb", [hide, minimise, resize, open_dialog, hold_menu, block])
def test_a3_no_decision_is_lost_and_nothing_waits_afterwards(window, qtbot, disturb):
    qtbot.waitUntil(lambda: window.conductor.status().phase is Phase.RUNNING, timeout=20_000)
    viewed = window.conductor.status().viewed
    qtbot.waitUntil(lambda: len(viewed.snapshot().decided) > 5, timeout=20_000)
    disturb(window)
    qtbot.waitUntil(lambda: window.conductor.status().phase is Phase.STOPPED, timeout=20_000)
    decided = viewed.snapshot().decided
    assert len(decided) == 50
    assert decided.ranked.all()
    assert set(decided.status.tolist()) <= {Status.OK, Status.LATE}
    assert viewed.snapshot().waiting == 0
    assert threading.active_count() < 20


def test_a4_a_snapshot_is_the_latest_however_long_nobody_asked(window, qtbot):
    """Nothing queues for the window: after two seconds of silence one look shows the present."""
    qtbot.waitUntil(lambda: window.conductor.status().phase is Phase.RUNNING, timeout=20_000)
    viewed = window.conductor.status().viewed
    block(window)
    snapshot = viewed.snapshot()
    assert snapshot.samples >= 2.0 * RATE - 50
    assert len(viewed.history.since(0).times) == viewed.history.end
    window.tick()
    qtbot.waitUntil(lambda: window.conductor.status().phase is Phase.STOPPED, timeout=20_000)
