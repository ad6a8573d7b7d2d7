"""Where a decision comes from: encoder, bank, montage, preprocessing, calibration; and what does not fit."""

from collections.abc import Collection, Iterator, Mapping
from html import escape
from typing import Any, ClassVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout

from bci.montage import canonical
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.pane import Pane, tint
from gui.sheet import MARGIN, Item
from gui.theme import Theme

__all__ = ["ProvenancePane", "missing"]

LONG = 20
"""Letters of a fact from which on it may be broken."""


class ProvenancePane(Pane):
    """A strip of facts that wraps; its words can be selected and copied."""

    title: ClassVar[str] = "Provenance"
    help: ClassVar[str] = "What decodes, what it was trained on, and whether what comes in is the same."
    rate: ClassVar[float] = 1.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self._about, self._made_up = viewed.about, viewed.about.interpolated
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._label.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._label.setMinimumWidth(1)  # as narrow as the pane; else what is right of it could not be seen
        self._label.setAccessibleName(self.title)
        self._label.setAutoFillBackground(True)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._tell()

    def refresh(self, snapshot: Snapshot) -> None:
        """Show the facts again if they have changed."""
        if self.viewed.about is not self._about or snapshot.mask != self._made_up:
            self._about, self._made_up = self.viewed.about, snapshot.mask
            self._tell()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        super().set_theme(theme)
        self._tell()

    def _tell(self) -> None:
        tint(self._label, QPalette.ColorRole.Window, self.theme.panel)
        told = (self._written(name, item) for name, item in _facts(self._about, self._made_up, self.theme))
        self._label.setText("&nbsp;&nbsp;&nbsp; ".join(told))

    def _written(self, name: str, item: Item) -> str:
        """Name and value stay in one line, unless the value is long."""
        weight = "bold" if item.bold else "normal"
        text = escape(item.text) if len(item.text) > LONG else escape(item.text).replace(" ", "&nbsp;")
        value = f'<span style="color:{item.colour}; font-weight:{weight}">{text}</span>'
        label = escape(name).replace(" ", "&nbsp;")
        space = " " if len(item.text) > LONG else "&nbsp;"
        return f'<span style="color:{self.theme.muted}">{label}</span>{space}{value}' if name else value


def missing(about: About, made_up: Collection[str]) -> tuple[str, ...]:
    """Return which of the decoder's channels the stream lacks, and nobody makes up."""
    there = {canonical(label) for label in (*about.stream.labels, *made_up)}
    return tuple(label for label in about.decoder.channels if canonical(label) not in there)


def _facts(about: About, made_up: Collection[str], theme: Theme) -> Iterator[tuple[str, Item]]:
    """Each fact with its label, what does not fit in the colour and the word for it."""
    decoder = about.decoder
    if about.synthetic:
        yield "", Item("◆ synthetic data", theme.warning, bold=True)
    if about.mismatch:
        yield "", Item(f"✕ MISMATCH: {about.mismatch}", theme.bad, bold=True)
    yield "source", Item(about.origin, theme.text)
    yield "device", Item(_device(about), theme.text)
    yield "encoder", Item(f"{about.decoder_name} {decoder.model}", theme.text)
    yield "person", Item(_personal(about), theme.text)
    yield "bank", Item(f"{about.vision_model}, {len(about.concepts)} concepts, {decoder.bank}", theme.text)
    yield "montage", _montage(about, made_up, theme)
    yield "preprocessing", _preprocessing(about, theme)
    yield "decoder's filters", Item(about.filters, theme.text)
    yield "window", Item(f"{about.window[0]:g} to {about.window[1]:g} s at {decoder.sfreq:g} Hz", theme.text)
    yield "budget", Item(f"{about.budget * 1e3:g} ms", theme.text)
    yield "probabilities", Item(_calibration(about), theme.text)


def _device(about: About) -> str:
    delay = about.stream.delay
    return f"{about.stream.device}, {delay * 1e3:g} ms subtracted" if delay else about.stream.device


def _montage(about: About, made_up: Collection[str], theme: Theme) -> Item:
    gone, n = missing(about, made_up), len(about.decoder.channels)
    if gone:
        return Item(f"✕ {len(gone)} of {n} channels MISSING: {', '.join(gone)}", theme.bad, bold=True)
    if made_up:
        return Item(f"▲ {len(made_up)} of {n} channels interpolated: {', '.join(made_up)}", theme.warning)
    return Item(f"✓ all {n} channels", theme.text)


def _preprocessing(about: About, theme: Theme) -> Item:
    now, then = about.decoder.preprocess[:8], about.trained_on[:8]
    if about.decoder.preprocess == about.trained_on:
        return Item(f"✓ as in training, {now}", theme.text)
    return Item(f"✕ DIFFERENT from training: {now} now, {then} then", theme.bad, bold=True)


def _personal(about: About) -> str:
    return "not calibrated" if about.personal is None else f"calibration {_told(about.personal)}"


def _calibration(about: About) -> str:
    return "uncalibrated" if not about.calibration else f"calibrated: {_told(about.calibration)}"


def _told(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in facts.items())


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
