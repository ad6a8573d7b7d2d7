"""A plot in the colours of the theme: axes with units, nothing that a mouse could move by accident."""

import pyqtgraph as pg
from PyQt6.QtGui import QColor

from gui.theme import Theme

__all__ = ["Plot"]


class Plot(pg.PlotWidget):
    """For what changes a few times a second; signals have a painter of their own, see `gui.trace_pane`.

    Parameters
    ----------
    theme
        Its colours.
    x, y
        What the axes show, with the unit.
    """

    def __init__(self, theme: Theme, x: str, y: str) -> None:
        super().__init__(enableMenu=False)
        menu = self.getPlotItem().ctrlMenu  # which pyqtgraph makes all the same, and would leave behind
        menu.setParent(self, menu.windowFlags())
        self._labels = {"bottom": x, "left": y}
        for side in self._labels:
            self.getAxis(side).setSIPrefixEnableRanges(())  # milliseconds stay milliseconds
            self.getAxis(side).showLabel()
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.getPlotItem().setContentsMargins(2, 6, 8, 2)
        self.paint(theme)

    def paint(self, theme: Theme) -> None:
        """Take on the colours of a theme; what lies in the plot is its owner's to repaint."""
        self.setBackground(QColor(theme.panel))
        for side, label in self._labels.items():
            axis = self.getAxis(side)
            axis.setPen(QColor(theme.line))
            axis.setTextPen(QColor(theme.muted))
            labelled = axis.label.isVisible()
            axis.setLabel(label, color=theme.muted)  # which shows it
            axis.showLabel(labelled)

    def show_labels(self, *, shown: bool) -> None:
        """Show what the axes are of, or leave the room to what lies in the plot."""
        for side in self._labels:
            self.getAxis(side).showLabel(shown)
