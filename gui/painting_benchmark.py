"""What generated pictures cost decisions: the same session with their pane in front and behind, in turn."""

from dataclasses import dataclass

import numpy as np
from PyQt6.QtWidgets import QApplication

from bci.conductor import Conductor, Phase
from bci.errors import SessionError
from bci.painting import ATTENTION
from gui.benchmark import Milliseconds, Onlooker, latencies, percentiles, running, spin
from gui.settings import Settings
from gui.window import Window

__all__ = ["PaintingCost", "measure_painting"]

TURN = 30.0
"""Seconds that the pane is in front, then as long behind another one."""
SETTLING = ATTENTION + 3.0
"""Seconds after which nothing of the turn before goes on."""
FRONT, BEHIND = "ReconstructionPane", "AccuracyPane"
"""Tabs of one place in the preset `Debug`."""


@dataclass(frozen=True, slots=True)
class PaintingCost:
    """What was measured.

    Parameters
    ----------
    minutes
        Of both together.
    latency_ms
        Of decisions, `behind` and `front`; and the `difference` of each percentile.
    painted, superseded
        Pictures, and decisions that another one replaced before they were painted.
    painting_ms
        What the latest picture of each turn took, in its own process.
    decisions, dropped
        Of the whole run.
    """

    minutes: float
    latency_ms: dict[str, Milliseconds]
    painted: int
    superseded: int
    painting_ms: Milliseconds
    decisions: int
    dropped: int


def measure_painting(conductor: Conductor, minutes: float) -> PaintingCost:
    """Measure a session that is about to run, whose decisions are painted while somebody looks.

    Raises
    ------
    SessionError
        If the session does not run to the end of the measurement, or no picture is made.
    """
    app = QApplication(["bci"])
    conductor.prepare()
    viewed = running(conductor)
    window = Window(Onlooker(conductor), Settings())
    window.show()
    spin(app, SETTLING)
    window.arrange("Debug")
    assert window.workspace is not None  # noqa: S101 (the session runs)
    taken: dict[str, list[np.ndarray]] = {BEHIND: [], FRONT: []}
    painting, made = viewed.painting, []
    for _ in range(max(1, round(minutes * 60 / (2 * TURN)))):
        for pane in (BEHIND, FRONT):
            window.workspace.docks[pane].raise_()
            spin(app, SETTLING)
            taken[pane].append(latencies(viewed, lambda: spin(app, TURN)))
        if painting is not None and painting.latest is not None:
            made.append(painting.latest.seconds)
    decided = viewed.snapshot().decided
    ran = conductor.status().phase is Phase.RUNNING
    window.let_go()
    conductor.close()
    conductor.raise_error()
    if not ran or painting is None or not made:
        raise SessionError("expected pictures until the end; the session ended before, or none was made")
    behind, front = (percentiles(np.concatenate(taken[pane])) for pane in (BEHIND, FRONT))
    return PaintingCost(
        minutes=minutes,
        latency_ms={
            "behind": behind,
            "front": front,
            "difference": {name: round(front[name] - behind[name], 3) for name in front},
        },
        painted=painting.n_painted,
        superseded=painting.superseded,
        painting_ms=percentiles(np.array(made)),
        decisions=len(decided),
        dropped=int((~decided.ranked).sum()),
    )
