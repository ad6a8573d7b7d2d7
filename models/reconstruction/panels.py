"""Panels: EEG, the true picture in a green frame, the generated one, and what that is taken for.

The three concepts that the generated picture is nearest to have frames of gold, silver and bronze; the true one
among them has a tick.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.reconstruction.naming import Named
from models.reconstruction.pairs import Pairs, Pixels

__all__ = ["Guess", "Panel", "contact_sheet", "draw_panel", "make_panels"]

SIDE = 160
"""Of a picture on a panel, pixels."""
FRAME, GAP, LINE = 6, 10, 18
INK, PAPER, GREEN = (30, 30, 30), (255, 255, 255), (0, 150, 60)
MEDALS = ((212, 175, 55), (160, 165, 170), (176, 112, 58))
CHANNELS = 16
"""Traces, at most; of more channels some, evenly spaced."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Guess:
    """A concept that a generated picture is taken for: a picture of it, its name, whether it is the truth."""

    picture: Pixels
    name: str
    right: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown of one trial.

    Parameters
    ----------
    signal
        (n_channels, n_times) microvolts, None where it is not at hand.
    true, generated
        (side, side, 3) each.
    name
        Of the true concept.
    guesses
        Nearest first; may be empty.
    """

    signal: NDArray[np.float32] | None
    true: Pixels
    generated: Pixels
    name: str
    guesses: tuple[Guess, ...]


def make_panels(pairs: Pairs, rows: NDArray[np.int64], generated: Pixels, named: Named | None) -> list[Panel]:
    """Gather what panels of some trials show.

    Parameters
    ----------
    pairs
        Trials.
    rows
        (m,) of them.
    generated
        (n, side, side, 3) of all trials.
    named
        What all generated pictures are taken for, None if nobody said.
    """
    true = pairs.pictures(pairs.shown[rows], SIDE)
    signals = [None] * len(rows) if pairs.signals is None else pairs.signals(rows)
    return [
        Panel(
            signal=signals[at],
            true=true[at],
            generated=generated[row],
            name=pairs.names[pairs.concepts[row]],
            guesses=() if named is None else _guesses(pairs, named.best[row], int(pairs.concepts[row])),
        )
        for at, row in enumerate(rows.tolist())
    ]


def _guesses(pairs: Pairs, best: NDArray[np.int64], truth: int) -> tuple[Guess, ...]:
    first = np.array([np.flatnonzero(pairs.owner == concept)[0] for concept in best])
    pictures = pairs.pictures(first, SIDE)
    return tuple(
        Guess(picture, pairs.names[concept], concept == truth)
        for picture, concept in zip(pictures, best.tolist(), strict=True)
    )


# -------------------------------------------------------------------------------------------------------- drawing


def draw_panel(panel: Panel) -> Pixels:
    """Draw a panel as pixels (height, width, 3); panels with as many guesses are of one size."""
    cells = [
        _cell(_traces(panel.signal), "EEG", None),
        _cell(panel.true, panel.name, GREEN),
        _cell(panel.generated, "generated", None),
        *(
            _cell(guess.picture, guess.name, medal, tick=guess.right)
            for guess, medal in zip(panel.guesses, MEDALS, strict=False)
        ),
    ]
    return np.concatenate(cells, axis=1)


def contact_sheet(panels: Sequence[Panel]) -> Pixels:
    """Lay panels out in two columns on one sheet (height, width, 3)."""
    drawn = [draw_panel(panel) for panel in panels]
    drawn += [np.full_like(drawn[0], PAPER[0])] * (len(drawn) % 2)
    return np.concatenate([np.concatenate(row, axis=1) for row in zip(drawn[::2], drawn[1::2], strict=True)])


def _cell(picture: Pixels, caption: str, frame: Colour | None, *, tick: bool = False) -> Pixels:
    outer = SIDE + 2 * FRAME
    cell = Image.new("RGB", (outer + GAP, outer + LINE + GAP), PAPER)
    if frame is not None:
        cell.paste(frame, (0, 0, outer, outer))
    scaled = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    cell.paste(scaled, (FRAME, FRAME))
    draw = ImageDraw.Draw(cell)
    draw.text((FRAME, outer + 2), caption, fill=INK, font=_font())
    if tick:
        _tick(draw, outer)
    return np.asarray(cell)


def _tick(draw: ImageDraw.ImageDraw, outer: int) -> None:
    """Draw a tick in a green disc at the upper right."""
    x, y, r = outer - 18, 18, 13
    draw.ellipse((x - r, y - r, x + r, y + r), fill=GREEN, outline=PAPER, width=2)
    draw.line(((x - 6, y), (x - 2, y + 5), (x + 7, y - 6)), fill=PAPER, width=3)


def _traces(signal: NDArray[np.float32] | None) -> Pixels:
    """Draw channels one below the other, each centred, all on one scale."""
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    if signal is not None:
        draw = ImageDraw.Draw(image)
        chosen = signal[np.linspace(0, len(signal) - 1, min(len(signal), CHANNELS)).astype(np.int64)]
        centred = chosen - chosen.mean(axis=1, keepdims=True)
        step = SIDE / len(centred)
        large = float(np.percentile(np.abs(centred), 95))
        scale = step / max(large, 1e-6)  # microvolts: silence stays a line
        x = np.linspace(0, SIDE - 1, centred.shape[1])
        for number, trace in enumerate(centred):
            y = (number + 0.5) * step - trace * scale / 2
            draw.line(np.stack([x, y], axis=1).ravel().tolist(), fill=INK, width=1)
    return np.asarray(image)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(13)
