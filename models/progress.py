"""How far a training is, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["OnProgress", "Progress", "silent"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is.

    Parameters
    ----------
    step, steps
        Steps done, and in all.
    loss
        Of the last batch; None where no loss goes down step by step.
    """

    step: int
    steps: int
    loss: float | None = None


OnProgress = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report to nobody."""
