"""Pictures of a staged session: every preset in both themes, at the scale that QT_SCALE_FACTOR says.

QT_QPA_PLATFORM=offscreen QT_SCALE_FACTOR=2 python tests/staged_pictures.py FOLDER
"""

import sys
from pathlib import Path

from PyQt6.QtWidgets import QApplication
from staged_session import StagedSession, about

from bci.conductor import Conductor, Phase, Status
from gui.settings import Settings
from gui.window import Window
from gui.workspace import PRESETS
from replay.electrodes import flat_positions

LABELS = ("Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "P7", "P8", "Fz", "Cz", "Pz", "Oz")


class Staged(Conductor):
    """Shows a session that runs as the stage says."""

    def __init__(self, viewed):
        super().__init__(None)
        self.viewed = viewed

    def status(self):
        return Status(Phase.RUNNING, viewed=self.viewed)

    def prepare(self, stream=None):
        pass


def main(folder):
    app = QApplication(["bci"])
    session = StagedSession(about(50, LABELS, positions=flat_positions(LABELS)))
    window = Window(Staged(session), Settings(theme="dark"), clock=lambda: session.now)
    window._timer.stop()
    window.resize(1280, 720)
    window.show()
    for trial in range(60):
        session.stream(0.5)
        session.decide(trial % 50, best=trial % 50 if trial % 3 else (trial + 1) % 50, confidence=0.2)
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("dark", "light"):
        window.set_theme(theme)
        for preset in PRESETS:
            window.arrange(preset)
            for _ in range(90):
                session.stream(1 / 30)
                window.tick()
                app.processEvents()
            scale = window.devicePixelRatioF()
            window.grab().save(str(folder / f"{preset.lower()}-{theme}-{scale:g}x.png"))
    window.close_at_once()
    app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
