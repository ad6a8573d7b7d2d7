"""Every preset in both themes at 1x, 1.25x and 2x, into `screenshots/`, which is not part of the repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtGui import QImage

from gui.theme import THEMES
from gui.workspace import PRESETS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "screenshots"


@pytest.mark.parametrize("scale", [1, 1.25, 2])
def test_a24_every_preset_can_be_seen_in_both_themes(scale):
    place = os.environ | {"QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tests" / "staged_pictures.py"), str(FOLDER)]
    done = subprocess.run(command, env=place, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for preset in PRESETS:
        for theme in THEMES.values():
            image = QImage(str(FOLDER / f"{preset.lower()}-{theme.name}-{scale:g}x.png"))
            assert (image.width(), image.height()) == (1280 * scale, 720 * scale)
            assert image.pixelColor(2, 2).name() == theme.ground
            colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
            assert len(colours) > 20


def test_a30_a_window_needs_neither_torch_nor_mne():
    code = (
        "import sys, bci.cli.live, gui.app; "
        "heavy = {'torch', 'mne', 'sklearn', 'scipy.signal', 'scipy.stats'} & sys.modules.keys(); "
        "assert not heavy, heavy"
    )
    place = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
