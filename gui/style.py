"""The theme as Qt wants it: a palette and a style sheet that both follow from the roles."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont, QPalette
from PyQt6.QtWidgets import QApplication

from gui.theme import DARK, LIGHT, THEMES, Theme

__all__ = ["apply", "theme_of"]

_ROLES = {
    QPalette.ColorRole.Window: "ground",
    QPalette.ColorRole.Base: "panel",
    QPalette.ColorRole.AlternateBase: "raised",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.PlaceholderText: "muted",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Link: "accent",
}

_SHEET = """
QMainWindow::separator {{ background: {ground}; width: 6px; height: 6px; }}
QDockWidget {{ color: {muted}; font-weight: 600; }}
QDockWidget::title {{ background: {ground}; padding: 3px 8px; text-align: left; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: {ground}; color: {muted}; padding: 4px 10px; border-bottom: 2px solid {ground}; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QStatusBar, QMenuBar {{ background: {ground}; color: {text}; border: none; }}
QToolBar {{ background: transparent; border: none; spacing: 3px; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {line}; }}
QMenu::item:selected, QMenuBar::item:selected {{ background: {accent}; color: {on_accent}; }}
QPushButton, QToolButton, QComboBox, QLineEdit, QSpinBox, QDoubleSpinBox {{
    background: {raised}; color: {text}; border: 1px solid {line}; border-radius: 4px; padding: 3px 10px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {accent}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QSpinBox:focus {{
    border: 2px solid {accent}; padding: 2px 9px; }}
QToolBar QToolButton {{ padding: 2px 6px; }}
QToolBar QToolButton:focus {{ padding: 1px 5px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {lost}; border-color: {raised}; }}
QPushButton:checked, QToolButton:checked {{ background: {accent}; color: {on_accent}; }}
QPushButton[primary="true"] {{
    background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {raised}; color: {lost}; border-color: {raised}; }}
QHeaderView::section {{ background: {raised}; color: {muted}; border: none; padding: 4px 8px; }}
QTableView, QListView, QTreeView {{
    background: {panel}; color: {text}; border: 1px solid {line}; gridline-color: {raised}; }}
QTableView::item {{ padding: 0 8px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QScrollBar {{ background: {panel}; border: none; }}
QScrollBar:vertical {{ width: 10px; }}
QScrollBar:horizontal {{ height: 10px; }}
QScrollBar::handle {{ background: {line}; border-radius: 3px; margin: 2px; min-width: 24px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: none; width: 0; height: 0; }}
"""


def theme_of(setting: str, app: QApplication) -> Theme:
    """Return the theme that a setting means; `system` is what the desktop asks for now."""
    if setting in THEMES:
        return THEMES[setting]
    hints = app.styleHints()
    return LIGHT if hints is not None and hints.colorScheme() == Qt.ColorScheme.Light else DARK


def apply(app: QApplication, theme: Theme, points: int) -> None:
    """Give the whole application its colours and the size of its font."""
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, QColor(getattr(theme, name)))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.lost))
    font = QFont(app.font())
    font.setPointSize(points)
    app.setFont(font)
    app.setPalette(palette)
    roles = {name: getattr(theme, name) for name in (*_ROLES.values(), "line", "lost", "panel")}
    app.setStyleSheet(_SHEET.format(**roles))
