"""What every window can do: keep settings, follow theme and size of text, offer commands, tell of itself."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QByteArray, QCoreApplication, QEvent, Qt
from PyQt6.QtGui import QAction, QCloseEvent
from PyQt6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QStatusBar, QWidget

from bci.nameless import nameless
from gui import style
from gui.actions import Command, add_menus, make_actions
from gui.notices import Notice, NoticeBar, notice_of
from gui.palette import CommandPalette, ShortcutOverlay
from gui.settings import LARGEST_TEXT, SMALLEST_TEXT, Settings, ThemeSetting, save_settings

__all__ = ["BaseWindow", "open_dialog"]

_LOG = logging.getLogger(__name__)

SAID = 6000  # ms that a message stays in the status bar
NEXT: dict[ThemeSetting, ThemeSetting] = {"dark": "light", "light": "system", "system": "dark"}


class BaseWindow(QMainWindow):
    """A window without anything in it.

    Parameters
    ----------
    settings
        What the user has set.
    kept_in
        File to which changed settings are written; None: nowhere.
    """

    def __init__(self, settings: Settings, kept_in: Path | None) -> None:
        super().__init__()
        self.settings = settings
        self._kept_in = kept_in
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101 (a window needs one)
        self._app = app
        self.theme = style.theme_of(settings.theme, app)
        style.apply(app, self.theme, settings.font_points)
        self.notices = NoticeBar()
        self.commands: tuple[Command, ...] = ()
        self.actions_by_id: dict[str, QAction] = {}
        self.setMinimumSize(960, 600)
        self.resize(1280, 720)
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode()))
        hints = app.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._follow_desktop)

    # ------------------------------------------------------------------------------------------------- commands

    def add_commands(
        self,
        commands: Sequence[Command],
        handlers: Mapping[str, Callable[[], object]],
        owner: QWidget | None = None,
    ) -> dict[str, QMenu]:
        """Take commands into menus, palette and overlay; return the new menus by name.

        `handlers` tells by its id what each does. The actions live as long as `owner`, by default the window.
        """
        made = make_actions(owner or self, commands, handlers)
        self.commands = (*self.commands, *commands)
        self.actions_by_id |= made
        bar = self.menuBar()
        assert bar is not None  # noqa: S101 (for the type checker)
        return add_menus(bar, commands, made)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what the commands do that every window has."""
        return {
            "quit": self.close,
            "full_screen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "larger": lambda: self._resize_text(1),
            "smaller": lambda: self._resize_text(-1),
            "theme": self._next_theme,
            "screenshot": self.screenshot,
            "palette": lambda: open_dialog(CommandPalette(self, self.commands, self.actions_by_id)),
            "shortcuts": lambda: open_dialog(ShortcutOverlay(self, self.commands)),
        }

    # ---------------------------------------------------------------------------------------------------- looks

    def set_theme(self, theme: ThemeSetting) -> None:
        """Take on the colours of a theme, and keep to them."""
        self.keep(theme=theme)
        self.restyle()

    def restyle(self) -> None:
        """Take on theme and size of text as they are set now; whoever has colours of its own extends it."""
        self.theme = style.theme_of(self.settings.theme, self._app)
        style.apply(self._app, self.theme, self.settings.font_points)

    def _resize_text(self, points: int) -> None:
        self.keep(font_points=min(max(SMALLEST_TEXT, self.settings.font_points + points), LARGEST_TEXT))
        self.restyle()

    def _next_theme(self) -> None:
        self.set_theme(NEXT[self.settings.theme])
        self.say(f"theme: {self.settings.theme}")

    def _follow_desktop(self) -> None:
        if self.settings.theme == "system":
            self.restyle()

    # --------------------------------------------------------------------------------------------------- telling

    @property
    def status_bar(self) -> QStatusBar:
        """The bar at the foot."""
        bar = self.statusBar()
        assert bar is not None  # noqa: S101 (for the type checker)
        return bar

    def say(self, text: str) -> None:
        """Say something at the foot for some seconds."""
        self.status_bar.showMessage(text, SAID)

    def report(self, error: BaseException, where: str) -> None:
        """Log an error and show it as a notice; `where` it happened is for errors that are not our own."""
        _LOG.error("%s failed", where, exc_info=error)
        self.notices.add(notice_of(error, where))

    # --------------------------------------------------------------------------------------------------- keeping

    def keep(self, **changed: Any) -> None:
        """Change settings and write them down."""
        self.settings = self.settings.model_copy(update=changed)
        if self._kept_in is not None:
            save_settings(self._kept_in, self.settings)

    def state(self) -> dict[str, Any]:
        """Return what the window shows, for the file beside a screenshot."""
        return {
            "schema": 1,
            "taken": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "theme": self.theme.name,
            "notices": [notice.text for _, notice in self.notices.notices],
        }

    def screenshot(self) -> Path:
        """Save the window as PNG and its state beside it; return where."""
        path = self.folder() / time.strftime("screenshot-%Y%m%d-%H%M%S.png")
        if not self.grab().toImage().save(str(path)):  # a pixmap would be packed while the decoder waits
            self.notices.add(Notice(f"the screenshot could not be written to {path}: is the disk full?"))
            return path
        state = json.dumps(self.state(), indent=2, default=str, ensure_ascii=False)
        path.with_suffix(".json").write_text(nameless(state), encoding="utf-8")
        self.say(f"saved {path}")
        return path

    def folder(self) -> Path:
        """Return where screenshots are saved."""
        return Path.cwd()

    def close_at_once(self) -> None:
        """Close without a question."""
        self.close()

    def let_go(self) -> None:
        """Close, and delete all in it now: PyQt crashes now and then over windows that it finds at the exit."""
        self.close_at_once()
        self.deleteLater()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.DeferredDelete)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Keep where the window was."""
        self.keep(geometry=bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)


def open_dialog(dialog: QDialog) -> None:
    """Show a dialog and let nobody wait for it; it is gone once it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
