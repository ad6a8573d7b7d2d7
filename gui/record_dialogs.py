"""What the operator adds to the record: a note, a stretch in which something was wrong. Decoding goes on."""

from collections.abc import Callable

from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from bci.journal import LONGEST

__all__ = ["ExcludeDialog", "NoteDialog"]

NO_NAMES = "It stays in the session's folder and in its recording: name nobody."
HEADLINE = (
    "Decisions go on, and those in it still count in the headline: what they came to could be the reason. "
    "They are left out of accepted-only figures."
)
SECONDS, MOST = 10.0, 3600.0


class NoteDialog(QDialog):
    """A line for the journal.

    Parameters
    ----------
    parent
        Its window.
    write
        Called with what was typed.
    """

    def __init__(self, parent: QWidget, write: Callable[[str], None]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Note")
        self.setAccessibleName("Note")
        self.resize(480, 0)
        self.field = QLineEdit()
        self.field.setMaxLength(LONGEST)
        self.field.setPlaceholderText("what happened")
        self.field.setAccessibleName("Text of the note")
        self.buttons = _buttons(self, "Write")
        _lay_out(self, NO_NAMES, self.field, self.buttons)
        self.accepted.connect(lambda: write(self.field.text()))
        self.field.textChanged.connect(self._enable)
        self._enable("")

    def _enable(self, text: str) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert ok is not None  # noqa: S101 (it was made)
        ok.setEnabled(bool(text.strip()))


class ExcludeDialog(QDialog):
    """A stretch that ends or begins now.

    Parameters
    ----------
    parent
        Its window.
    exclude
        Called with its start and stop, seconds from now.
    """

    def __init__(self, parent: QWidget, exclude: Callable[[float, float], None]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Exclude a stretch")
        self.setAccessibleName("Exclude a stretch")
        self.when = QComboBox()
        self.when.addItems(["the last", "the next"])
        self.when.setAccessibleName("Which stretch")
        self.seconds = QDoubleSpinBox()
        self.seconds.setRange(0.1, MOST)
        self.seconds.setValue(SECONDS)
        self.seconds.setDecimals(1)
        self.seconds.setSuffix(" s")
        self.seconds.setAccessibleName("Length")
        chosen = QWidget()
        form = QFormLayout(chosen)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self.when, self.seconds)
        self.buttons = _buttons(self, "Exclude")
        _lay_out(self, HEADLINE, chosen, self.buttons)
        self.accepted.connect(lambda: exclude(*self._stretch()))

    def _stretch(self) -> tuple[float, float]:
        seconds = self.seconds.value()
        return (0.0, seconds) if self.when.currentIndex() else (-seconds, 0.0)


def _buttons(dialog: QDialog, text: str) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert ok is not None  # noqa: S101 (it was made)
    ok.setText(text)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons


def _lay_out(dialog: QDialog, words: str, *widgets: QWidget) -> None:
    label = QLabel(words)
    label.setWordWrap(True)
    layout = QVBoxLayout(dialog)
    for widget in (label, *widgets):
        layout.addWidget(widget)
