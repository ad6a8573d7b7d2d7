"""`bci explore` from the command line to what its window is handed."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bci.bank import load_bank, save_bank
from bci.cli.explore import main, trained_on
from bci.cli.train import main as train
from bci.config import load_config
from bci.errors import ConfigError, MismatchError
from bci.explored import judge
from models.bundle import load_bundle
from models.config import ExperimentConfig
from models.data import load_test_bank, load_test_trials, load_trials
from models.evaluation.experiments import bundle_scores
from replay.recording_file import save_recording
from replay.world import load_world


@pytest.fixture
def shown(monkeypatch):
    """What the window is handed, instead of the window."""
    handed = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr("gui.explore_window.show", lambda exploration, top: handed.append((exploration, top)))
    return handed


@pytest.fixture
def bundle(small_world, tmp_path):
    assert train([str(small_world), "--out", str(tmp_path / "bundle")]) == 0
    return tmp_path / "bundle"


@pytest.fixture
def session(small_world, tmp_path):
    """A recording of concepts that were not trained on, and their bank, as `bci demo` leaves them."""
    world = load_world(load_config(ExperimentConfig, str(small_world)).data.paths[0])
    recording, schedule = world.record("test", 48, seed=5)
    save_recording(tmp_path / "session_raw.fif", recording)
    save_bank(tmp_path / "test.safetensors", world.test_bank)
    return schedule


def test_a_recording_is_shown_with_scores_and_epochs(bundle, session, tmp_path, shown, capsys):
    options = [str(tmp_path / "session_raw.fif"), "--bank", str(tmp_path / "test.safetensors"), "--top", "3"]
    assert main([str(bundle), *options]) == 0
    ((exploration, top),) = shown
    assert top == 3
    explored = exploration.explored
    np.testing.assert_array_equal(explored.truth, session.concepts[: len(explored)])
    assert explored.scores.shape == (len(explored), 12)
    assert exploration.epoch(3).shape == (8, 32)
    assert exploration.about.synthetic
    assert set(explored.groups["recording"]) == {"session_raw"}
    gaps = np.diff(explored.groups["onset"])
    np.testing.assert_allclose(gaps, 0.25, atol=0.02)
    assert exploration.warning == ""
    assert "warning" not in capsys.readouterr().out


def test_scores_are_those_that_the_evaluation_judges(bundle, shown):
    assert main([str(bundle)]) == 0  # the test partition
    ((exploration, _),) = shown
    config = load_bundle(bundle).config
    bank = load_test_bank(config)
    trials = load_test_trials(config)
    expected = bundle_scores(load_bundle(bundle), bank)(trials.data)
    np.testing.assert_allclose(exploration.explored.scores, expected, atol=1e-6)
    np.testing.assert_array_equal(exploration.explored.images, trials.images)
    assert (judge(exploration.explored, 1.0).rank >= 0).all()
    assert exploration.warning == ""


def test_what_was_trained_on_is_shown_with_a_warning(small_world, bundle, tmp_path, shown, capsys):
    config = load_config(ExperimentConfig, str(small_world))
    world = load_world(config.data.paths[0])
    recording, _ = world.record("train", 30, seed=1)
    named = replace(
        recording, provenance={**recording.provenance, "recording": load_bundle(bundle).card["recordings"][0]}
    )
    save_recording(tmp_path / "again_raw.fif", named)
    assert main([str(bundle), str(tmp_path / "again_raw.fif")]) == 0
    ((exploration, _),) = shown
    said = "trained on this recording: what you see is not held out"
    assert exploration.warning.startswith(said)
    assert "concepts may have been trained on" in exploration.warning
    assert exploration.explored.trained.all()
    assert f"warning: {said}" in capsys.readouterr().out


def test_of_several_recordings_those_that_were_trained_on_are_told(small_world, bundle):
    loaded = load_bundle(bundle)
    trials = load_trials(load_config(ExperimentConfig, str(small_world)))
    half = np.arange(len(trials)) < len(trials) // 2
    names = np.where(half, trials.groups["recording"], "another")
    flags, warning = trained_on(loaded, replace(trials, groups={**trials.groups, "recording": names}), loaded.bank)
    np.testing.assert_array_equal(flags, half)
    assert warning.startswith("trained on 1 of these 2 recordings: ")


def test_what_a_classifier_gives_is_not_called_a_cosine(bundle, shown):
    assert main([str(bundle)]) == 0
    assert shown[0][0].score == "score"  # ridge
    assert shown[0][0].about.calibration is None


def test_a_bank_of_other_vectors_is_refused(bundle, session, tmp_path, shown):
    bank = load_bank(tmp_path / "test.safetensors")
    other = replace(bank, key=bank.key.model_copy(update={"vision_model": "another"}))
    save_bank(tmp_path / "other.safetensors", other)
    with pytest.raises(MismatchError, match="vision_model"):
        main([str(bundle), "--bank", str(tmp_path / "other.safetensors")])


def test_without_recordings_and_without_a_partition_it_says_what_it_wants(bundle, tmp_path, shown):
    described = (bundle / "bundle.json").read_text()
    (bundle / "bundle.json").write_text(described.replace('"test": "partition"', '"test": "folds"'))
    with pytest.raises(ConfigError, match="bci explore BUNDLE DATA"):
        main([str(bundle)])
    assert shown == []


def test_without_a_window_it_is_refused_in_one_line(tmp_path):
    code = (
        "import os, sys\n"
        "for name in ('DISPLAY', 'WAYLAND_DISPLAY', 'QT_QPA_PLATFORM'): os.environ.pop(name, None)\n"
        "sys.platform = 'linux'\n"
        "from bci.cli import main\n"
        f"sys.exit(main(['explore', {str(tmp_path)!r}, 'data']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("bci: bci explore needs a screen")
