"""Colours by what they mean: the one file of the dashboard that names any.

Categories are told apart by the hues of Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened on light ground
until they stand out; maps are perceptually uniform and colour-blind safe (Kovesi 2015, arXiv:1509.03700). `PAIRS`
lists what is drawn on what, for the contrast that WCAG 2.2 asks for (https://www.w3.org/TR/WCAG22/).
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["DARK", "GRAPHICS", "LIGHT", "PAIRS", "TEXT", "THEMES", "Theme"]

TEXT, GRAPHICS = 4.5, 3.0
"""Contrast ratios that text and graphics need at least."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A colour, as #rrggbb, for each role.

    Parameters
    ----------
    name
        What the theme is called.
    ground, panel, raised
        Behind everything; of a pane; of what stands out of it: buttons, cards, fields.
    line
        Borders, axes and ticks.
    text, muted
        Words that matter, and words beside them.
    accent
        What is chosen, in focus, or the present moment.
    on_accent
        Words on it.
    good, warning, bad
        States; always beside a word or a shape that says the same.
    chance
        What nothing but luck reaches.
    truth
        What was shown.
    trace
        Signals.
    lost
        Signals that are stale or missing.
    categories
        Eight colours for what has no order.
    map
        Name of a colour map of pyqtgraph for what has one.
    diverging
        Name of a colour map for what has a sign.
    """

    name: Literal["dark", "light"]
    ground: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    warning: str
    bad: str
    chance: str
    truth: str
    trace: str
    lost: str
    categories: tuple[str, ...]
    map: str
    diverging: str


DARK = Theme(
    name="dark",
    ground="#0e1217",
    panel="#161b22",
    raised="#222a35",
    line="#6f7b8a",
    text="#e8edf3",
    muted="#a9b4c2",
    accent="#56b4e9",
    on_accent="#0b1016",
    good="#35c28f",
    warning="#e69f00",
    bad="#ff7a59",
    chance="#b3a1d6",
    truth="#f0e442",
    trace="#9fd3f2",
    lost="#8a94a3",
    categories=("#e69f00", "#56b4e9", "#1fb487", "#f0e442", "#4f9fe0", "#f0733a", "#d68fb8", "#c9d1db"),
    map="CET-CBL1",
    diverging="CET-CBD1",
)

LIGHT = Theme(
    name="light",
    ground="#e9edf1",
    panel="#ffffff",
    raised="#f1f4f7",
    line="#6c7683",
    text="#12181f",
    muted="#4c5866",
    accent="#0067a8",
    on_accent="#ffffff",
    good="#00704f",
    warning="#8a5a00",
    bad="#b83a00",
    chance="#6a4fa3",
    truth="#7a6a00",
    trace="#0b5c94",
    lost="#6f7883",
    categories=("#a86f00", "#1f83bd", "#00805c", "#857a00", "#0067a8", "#c04f00", "#a84f82", "#3c4651"),
    map="CET-CBL1",
    diverging="CET-CBD1",
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

_WORDS = ("text", "muted", "accent", "good", "warning", "bad", "chance", "truth")
_SHAPES = ("line", "trace", "lost")
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((role, under, TEXT) for role in _WORDS for under in ("ground", "panel", "raised")),
    *((role, under, GRAPHICS) for role in _SHAPES for under in ("ground", "panel", "raised")),
    *(("categories", under, GRAPHICS) for under in ("panel", "raised")),
    ("on_accent", "accent", TEXT),
)
"""(role drawn, role under it, contrast that it needs at least)."""
