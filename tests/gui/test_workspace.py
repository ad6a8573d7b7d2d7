import pytest
from PyQt6.QtWidgets import QApplication

from gui.panes import PANES
from gui.theme import DARK
from gui.workspace import PRESETS, Workspace


@pytest.fixture
def workspace(qtbot, staged):
    workspace = Workspace({name: make(staged, DARK) for name, make in PANES.items()})
    qtbot.addWidget(workspace)
    workspace.resize(1280, 640)
    workspace.show()
    return workspace


def shown(workspace):
    return {name for name, dock in workspace.docks.items() if dock.isVisible()}


@pytest.mark.parametrize("preset", PRESETS)
def test_a26_a_preset_shows_its_panes_and_no_others(workspace, preset):
    workspace.arrange(preset)
    QApplication.processEvents()
    named = {name for name in PANES if f"'{name}'" in repr(PRESETS[preset])}
    assert shown(workspace) == named


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_overlaps_and_nothing_leaves_the_window(workspace, preset):
    workspace.arrange(preset)
    QApplication.processEvents()
    seen = [dock.geometry() for name, dock in workspace.docks.items() if workspace.seen(name)]
    for number, one in enumerate(seen):
        assert workspace.rect().contains(one)
        assert not any(one.intersects(other) for other in seen[number + 1 :])


def test_a26_every_pane_has_a_place_in_some_preset():
    assert all(any(f"'{name}'" in repr(part) for part in PRESETS.values()) for name in PANES)


def test_a26_a_layout_comes_back_as_it_was_left(workspace):
    workspace.arrange("Experiment")
    workspace.docks["TimelinePane"].close()
    kept = workspace.layout_text()
    workspace.arrange("Debug")
    workspace.arrange("Experiment", kept)
    QApplication.processEvents()
    assert not workspace.docks["TimelinePane"].isVisible()
    assert workspace.docks["NowPane"].isVisible()


def test_a_pane_covers_another_one_where_that_is_open_and_leaves_it_again(workspace):
    workspace.arrange("Experiment")
    workspace.cover("TruthPane", "ReconstructionPane")
    QApplication.processEvents()
    assert workspace.seen("ReconstructionPane")
    assert not workspace.seen("TruthPane")
    workspace.uncover("TruthPane", "ReconstructionPane")
    QApplication.processEvents()
    assert workspace.seen("TruthPane")
    assert "ReconstructionPane" not in workspace.layout_text().partition(":")[0]
    workspace.arrange("Debug")
    for change in (workspace.cover, workspace.uncover):
        change("TruthPane", "ReconstructionPane")
    QApplication.processEvents()
    named = {name for name in PANES if f"'{name}'" in repr(PRESETS["Debug"])}
    assert shown(workspace) == named


@pytest.mark.parametrize("kept", ["", "not base64 at all", "AAAA"])
def test_a_layout_that_makes_no_sense_is_ignored(workspace, kept):
    workspace.arrange("Monitor", kept)
    QApplication.processEvents()
    assert "QualityPane" in shown(workspace)


def test_a_pane_that_a_tab_covers_is_not_painted(workspace):
    workspace.arrange("Debug")
    QApplication.processEvents()
    assert workspace.seen("AveragingPane") != workspace.seen("AccuracyPane")


def test_presets_can_be_changed_again_and_again(workspace):
    for preset in [*PRESETS, *PRESETS]:
        workspace.arrange(preset)
    QApplication.processEvents()
    assert "NowPane" in shown(workspace)
    assert "TracePane" not in shown(workspace)


def test_a26_docks_have_the_sizes_that_they_were_left_with(workspace):
    workspace.resize(1280, 640)
    for preset in PRESETS:
        workspace.arrange(preset)
        QApplication.processEvents()
        workspace.spread()
        QApplication.processEvents()
        seen = {name: workspace.docks[name].size() for name in workspace.docks if workspace.seen(name)}
        kept = workspace.layout_text()
        workspace.arrange("Debug" if preset == "Kiosk" else "Kiosk")
        workspace.arrange(preset, kept)
        QApplication.processEvents()
        assert {name: workspace.docks[name].size() for name in seen} == seen
