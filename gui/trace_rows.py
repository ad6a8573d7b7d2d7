"""The rows of the picture: the lanes of the canvas, their labels in the gutter, and the bars of their scales."""

from math import ceil

import numpy as np

from bci.types import StreamSpec
from gui.channel_list import Choice
from gui.theme import Theme
from gui.trace_canvas import TraceCanvas
from gui.trace_gutter import Gutter, Row, Scale, ScaleBars, unit_of
from gui.trace_lanes import Lanes
from gui.trace_scalings import Scalings
from gui.trace_view import View

__all__ = ["TraceRows"]

LOWEST = 2.0
"""Pixels from lane to lane at least; where there is less room, channels are left out evenly."""
FEWEST = 20
"""Samples that scales are fitted to at least."""


class TraceRows:
    """Keeps three widgets in step.

    Parameters
    ----------
    theme
        Their colours.
    stream
        What is shown.

    Attributes
    ----------
    canvas, gutter, scales
        The widgets.
    scalings
        Units from lane to lane; `lay` makes them seen.
    stride
        One of so many channels is shown.
    """

    def __init__(self, theme: Theme, stream: StreamSpec) -> None:
        channels = stream.channels
        self.canvas, self.gutter, self.scales = TraceCanvas(theme, len(channels)), Gutter(theme), ScaleBars(theme)
        self.scalings = Scalings(channels)
        self.stride = 1
        self._channels, self._sfreq = channels, stream.sfreq
        self._tried = 0  # end of the samples that scales were fitted to, or could not be
        self._choice, self._centred = Choice(), True
        self._labelled: tuple[Choice, bytes, bytes] | None = None

    def lay(self, choice: Choice, view: View) -> None:
        """Give each channel that is shown its lane."""
        self._choice, self._centred = choice, view.centred
        _, height = self.canvas.pixels
        ratio = self.canvas.devicePixelRatioF()
        chosen = np.array(choice.shown(self._channels), np.int64)
        self.stride = ceil(len(chosen) * LOWEST * ratio / height) or 1
        shown = chosen[:: self.stride]
        kinds = self.scalings.of[shown]
        pitch = height / max(1, len(shown)) * (-1 if view.inverted else 1)
        gains = (pitch / self.scalings.units).astype(np.float32)
        self.canvas.lanes = Lanes(shown, gains[kinds], height)
        self.canvas.faint = np.array([self._channels[i].label in choice.bad for i in shown], np.bool_)
        self.canvas.recentre(centred=view.centred)
        present = [(*self.scalings.kinds[kind], float(gains[kind]) / ratio) for kind in np.unique(kinds)]
        self.scales.show_scales([Scale(kind, unit_of(unit), gain) for kind, unit, gain in present])

    def label(self, *, clips: bool) -> None:
        """Write the labels, if one has something new to say; there is nothing clipped unless `clips`."""
        shown, flags = self.canvas.lanes.channels, self.canvas.sweep.clipped
        clipped = np.logical_or.reduce(flags, axis=0) if clips else flags[0]
        key = (self._choice, shown.tobytes(), clipped.tobytes())
        if key != self._labelled:
            self._labelled = key
            labels = [(self._channels[index].label, bool(clipped[index])) for index in shown]
            self.gutter.show_rows([Row(label, label in self._choice.bad, clips) for label, clips in labels])

    def fit_new(self) -> bool:
        """Fit scales that were not yet, once a second has come since the last try; say whether any was."""
        sweep = self.canvas.sweep
        enough = max(self._sfreq, FEWEST)
        if self.scalings.known or sweep.end - max(sweep.first, self._tried) <= enough:
            return False
        self._tried = sweep.end
        return self.fit(anew=False)

    def fit(self, *, anew: bool = True) -> bool:
        """Fit all scales to what is shown, or the unknown ones alone; say whether there was a signal to fit to."""
        sweep = self.canvas.sweep
        spread = sweep.spread(sweep.middle() if self._centred else np.zeros_like(self.canvas.centre))
        bad = [channel.label in self._choice.bad for channel in self._channels]
        return self.scalings.fit(np.where(bad, np.float32(0), spread), anew=anew)

    def kind_at(self, lane: int) -> int | None:
        """Return the number of the kind of a lane's channel, None if there is no such lane."""
        shown = self.canvas.lanes.channels
        return int(self.scalings.of[shown[lane]]) if 0 <= lane < len(shown) else None
