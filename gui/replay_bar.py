"""Controls of a file that is decoded in this process: play, pause, scrub, step to the next event, speed."""

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from bci.player import Player
from gui.numbers import clock
from gui.theme import Theme

__all__ = ["ReplayBar"]

RATES = (0.5, 1.0, 2.0, 5.0, 10.0)
STEPS = 10_000
"""Positions of the slider."""


class ReplayBar(QWidget):
    """A scrub bar.

    Parameters
    ----------
    player
        What plays the file.
    theme
        Its colours.
    """

    def __init__(self, player: Player, theme: Theme) -> None:
        super().__init__()
        self._player = player
        self.setAccessibleName("Replay")
        self.play = _button("Pause", "Let time stand still, or pass on", self._toggle)
        self.back = _button("Previous event", "Go to the event before", lambda: player.step(-1))
        self.ahead = _button("Next event", "Go to the next event", lambda: player.step(1))
        self.slider = _Slider(player, theme)
        self.slider.actionTriggered.connect(lambda _: self._seek(self.slider.sliderPosition()))
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Seconds of recording in a second")
        self.speed.addItems([f"{rate:g} x" for rate in RATES])
        self.speed.setCurrentIndex(RATES.index(1.0))
        self.speed.currentIndexChanged.connect(lambda index: player.set_speed(RATES[index]))
        self._clock = QLabel()
        self._clock.setAccessibleName("Position")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        for button in (self.back, self.play, self.ahead):
            layout.addWidget(button)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._clock)
        layout.addWidget(self.speed)
        self.refresh()

    def refresh(self) -> None:
        """Show where the file is."""
        position, duration = self._player.position, self._player.duration
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)  # noqa: FBT003 (Qt's own)
            self.slider.setValue(round(position / duration * STEPS))
            self.slider.blockSignals(False)  # noqa: FBT003
        self._clock.setText(f"{clock(position)} of {clock(duration)}")
        text = "Pause" if self._player.playing else "Play"
        if text != self.play.text():
            self.play.setText(text)
            self.play.setAccessibleName(text)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.slider.theme = theme
        self.slider.update()

    def _toggle(self) -> None:
        if self._player.playing:
            self._player.pause()
        else:
            if self._player.at_end:
                self._player.seek(0.0)
            self._player.resume()
        self.refresh()

    def _seek(self, step: int) -> None:
        self._player.seek(step / STEPS * self._player.duration)


class _Slider(QSlider):
    """A slider with a tick for every event."""

    def __init__(self, player: Player, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.theme = theme
        self.setRange(0, STEPS)
        self.setPageStep(STEPS // 20)
        self.setAccessibleName("Place in the file")
        self._places = player.marker_times / player.duration

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Draw ticks, one a pixel at most, under the handle."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style = self.style()
        inset = 0 if style is None else style.pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self) // 2
        room = self.width() - 2 * inset
        for x in {inset + round(place * room) for place in self._places}:
            painter.drawLine(x, self.height() - 4, x, self.height())
        painter.end()
        super().paintEvent(event)


def _button(text: str, tip: str, handler: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda _: handler())
    return button
