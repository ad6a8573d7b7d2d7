"""`bci live --reconstruct`: pictures of decisions in the dashboard, made in a process of their own."""

import io
import json
import multiprocessing

import numpy as np
import pytest
from live_sessions import make_bundle, recording
from rich.console import Console

from bci.cli import live
from bci.conductor import Phase
from gui.settings import Settings
from gui.window import Window
from models.bundle import load_bundle
from models.reconstruction.painter import load_painter
from models.reconstruction.untrained import save_untrained_painter
from replay.readers import open_recording
from replay.recording_file import save_recording

pytestmark = pytest.mark.lsl

EVENTS = 40


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("painted") / "bundle")


@pytest.fixture
def conductor(bundle, device, tmp_path):
    """Conduct `bci live` of a recorded session, with a reconstruction of this bundle's embeddings."""
    save_recording(tmp_path / "rec_raw.fif", recording(EVENTS))
    save_untrained_painter(tmp_path / "painter", load_bundle(bundle))
    name = device(open_recording, tmp_path / "rec_raw.fif", linger=60.0).options.name
    options = live.Live(
        bundle=bundle,
        streams=(name,),
        markers=(f"{name}-markers",),
        wait=60.0,
        reconstruct=tmp_path / "painter",
        until_end=True,
        out=tmp_path / "out",
    )
    conductor = live.conduct(options, Console(file=io.StringIO()))
    yield conductor
    conductor.close()
    conductor.raise_error()


def test_pictures_of_decisions_are_painted_while_the_session_decides_all_of_them(
    conductor, bundle, qtbot, tmp_path
):
    window = Window(conductor, Settings(), tmp_path / "settings.json")
    qtbot.addWidget(window)
    window.show()
    conductor.prepare()
    qtbot.waitUntil(lambda: conductor.status().phase is Phase.RUNNING, timeout=90_000)
    viewed = conductor.status().viewed
    qtbot.waitUntil(lambda: conductor.status().phase is Phase.STOPPED, timeout=90_000)
    painted = viewed.painting.latest
    window.close_at_once()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert (summary["events"], summary["dropped"], summary["gap"]) == (EVENTS, 0, 0)
    assert 1 <= viewed.painting.n_painted <= EVENTS
    expected = load_painter(tmp_path / "painter", load_bundle(bundle).id).paint(painted.decision.ranking.embedding)
    assert np.abs(painted.pixels.astype(int) - expected).max() <= 1
    assert "painter" not in {child.name for child in multiprocessing.active_children()}
