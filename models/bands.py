"""Frequency bands by name, as options take them."""

from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["BANDS", "Bands"]

Frequency = Annotated[float, Field(gt=0)]


def _ordered(bands: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    for name, (low, high) in bands.items():
        if high <= low:
            raise ValueError(f"expected band {name} = [low, high] with low < high, got {[low, high]}")
    return bands


Bands = Annotated[dict[str, tuple[Frequency, Frequency]], Field(min_length=1), AfterValidator(_ordered)]
"""Name -> lowest and highest frequency, Hz; a frequency at the upper edge is not in the band."""

BANDS: dict[str, tuple[float, float]] = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""The usual names; where each ends differs from author to author."""
