"""A session in words and figures: beside a screenshot, in a bug report, at its end."""

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from PyQt6.QtCore import PYQT_VERSION_STR, qVersion
from PyQt6.QtGui import QScreen

from bci.nameless import nameless
from bci.viewing import About, Viewed
from gui.meter import Meter

__all__ = ["conclusion", "decoder_state", "diagnostics", "session_state"]


def decoder_state(about: About) -> dict[str, Any]:
    """Return what decodes."""
    return {
        "decoder": about.decoder_name,
        "model": about.decoder.model,
        "bank": about.decoder.bank,
        "synthetic": about.synthetic,
    }


def session_state(viewed: Viewed) -> dict[str, Any]:
    """Return how a session stands."""
    about, snapshot = viewed.about, viewed.snapshot()
    return {
        "origin": about.origin,
        "stream": asdict(about.stream),
        **decoder_state(about),
        "mismatch": about.mismatch,
        "source": snapshot.state,
        "samples": snapshot.samples,
        "decisions": len(snapshot.decided),
        "e_value": snapshot.e_value,
    }


def diagnostics(meter: Meter, screen: QScreen | None, state: Mapping[str, Any]) -> str:
    """Return versions, session and speed, a fact a line."""
    facts = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "qt": f"{qVersion()}, PyQt {PYQT_VERSION_STR}",
        "screen": "" if screen is None else f"{screen.size().width()} x {screen.size().height()}",
        **dict(_slots(meter)),
        "state": json.dumps(state, default=str),
    }
    return nameless("\n".join(f"{name}: {value}" for name, value in facts.items()))


def _slots(meter: Meter) -> Iterator[tuple[str, str]]:
    for slot in meter.slots:
        half, most = (meter.percentile(slot, percent) * 1e3 for percent in (50, 99))
        yield f"slot {slot}, p50 / p99", f"{half:.2f} / {most:.2f} ms"


def conclusion(summary: Mapping[str, Any], viewed: Viewed | None) -> str:
    """Say what a session came to, and where everything is."""
    folder = None if viewed is None else viewed.about.folder
    where = "" if folder is None else f"; everything is in {nameless(str(folder))}"
    return f"The session ended ({summary.get('ended', '')}): {summary.get('events', 0)} events{where}"
