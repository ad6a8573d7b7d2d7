"""Take pictures of the dashboard while it shows a recording that is streamed and decoded: presets, both themes.

    QT_QPA_PLATFORM=offscreen python docs/make_screenshots.py BUNDLE RECORDING FOLDER [--bank BANK] [--seconds 60]

`QT_SCALE_FACTOR=2` doubles their resolution. With --file the recording is decoded in this process, above its scrub
bar; with --shift-ms its markers are moved, to see what the panes say of a trigger at the wrong time.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from rich.console import Console

from bci.cli.live import Live, conduct
from bci.types import Recording
from gui.settings import Settings
from gui.window import Window
from gui.workspace import PRESETS
from replay.device import DeviceOptions, DeviceProcess
from replay.readers import open_recording
from replay.recording_file import save_recording

NAME = f"bci-screenshots-{os.getpid()}"


def main() -> None:
    """Decode, and take the pictures once enough has been decoded."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    shown = options.recording
    if options.shift_ms:
        shown = options.folder / "shifted_raw.fif"
        save_recording(shown, shifted(open_recording(options.recording), options.shift_ms / 1e3))
    out = options.folder / "session"
    live = Live(bundle=options.bundle, bank=options.bank, reconstruct=options.reconstruct, out=out)
    if options.file:
        _take(replace(live, file=shown), options)
        return
    with DeviceProcess(open_recording, shown, options=DeviceOptions(name=NAME, wait=120.0)):
        _take(replace(live, streams=(NAME,), markers=(f"{NAME}-markers",)), options)


def shifted(recording: Recording, seconds: float) -> Recording:
    """Move the markers of a recording; those that would leave it are left out."""
    by = round(seconds * recording.sfreq)
    markers = [(sample + by, value) for sample, value in recording.markers]
    return replace(recording, markers=tuple(each for each in markers if 0 <= each[0] < len(recording.data)))


def _take(live: Live, options: argparse.Namespace) -> None:
    app = QApplication(["bci"])
    conductor = conduct(live, Console(quiet=True))
    window = Window(conductor, Settings(theme="dark", font_points=options.points, preset=options.presets[0]))
    width, height = map(int, options.size.split("x"))
    window.resize(width, height)
    window.show()
    _spin(app, options.seconds)
    scale = window.devicePixelRatioF()
    for theme in ("dark", "light"):
        window.set_theme(theme)
        for preset in options.presets:
            window.arrange(preset)
            _spin(app, 3.0)
            path = options.folder / f"{preset.lower()}-{theme}-{scale:g}x.png"
            window.grab().toImage().save(str(path))
    window.close_at_once()
    conductor.close()
    conductor.raise_error()


def _spin(app: QApplication, seconds: float) -> None:
    QTimer.singleShot(int(seconds * 1e3), app.exit)  # `quit` would ask whether the session may end
    app.exec()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("recording", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--reconstruct", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--presets", nargs="+", choices=[*PRESETS], default=[*PRESETS])
    parser.add_argument("--file", action="store_true")
    parser.add_argument("--shift-ms", type=float, default=0.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
