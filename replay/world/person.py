"""How one person of a world differs from others: where the sources lie, when they answer, what noise there is.

Pictures, and what each component reads of them, are the same for all. Person 0 is the one whom the rest of the
spec describes; all others are drawn round that one, each from a seed of their own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replay.world.spec import NoiseSpec, PeopleSpec, WorldSpec

__all__ = ["Person", "person_of", "seeds"]

Array = NDArray[np.float64]

_STREAM = 5


def seeds(spec: WorldSpec, *parts: int) -> tuple[int, ...]:
    """Return what seeds a part of a world that everybody has for themselves; person 0 adds nothing to it."""
    return (spec.seed, *parts, *((spec.person,) if spec.person else ()))


def person_of(spec: WorldSpec, stream: int) -> "Person | None":
    """Return how a part of a person's world differs from that of person 0; None if it is that one."""
    if not spec.person:
        return None
    rng = np.random.default_rng((spec.seed, _STREAM, stream, spec.person))
    return Person(spec.people, rng, pace=float(np.exp(spec.people.pace * rng.standard_normal())))


@dataclass(frozen=True, slots=True)
class Person:
    """Draws what is a person's own, always in the same order.

    Parameters
    ----------
    spec
        How large the differences are.
    rng
        This person's.
    pace
        How late all responses are, 1 on average.
    """

    spec: PeopleSpec
    rng: np.random.Generator
    pace: float

    def moved(self, azimuth: Array, elevation: Array) -> tuple[Array, Array]:
        """Move dipoles (n,) in radians."""
        shift = np.deg2rad(self.spec.place) * self.rng.standard_normal((2, len(azimuth)))
        return azimuth + shift[0], elevation + shift[1]

    def turned(self, moments: Array) -> Array:
        """Turn the moments of dipoles (n, 3)."""
        turned: Array = moments + self.spec.turn * self.rng.standard_normal(moments.shape)
        return turned

    def timed(self, latency: Array) -> Array:
        """Shift latencies (n,) in seconds: all by the person's own pace, each a little more."""
        timed: Array = latency * self.pace + self.spec.timing * self.rng.standard_normal(len(latency))
        return timed

    def amplitudes(self, n: int) -> Array:
        """Return by what the amplitude of each of n components is multiplied."""
        amplitudes: Array = np.exp(self.spec.amplitude * self.rng.standard_normal(n))
        return amplitudes

    def activity(self, n: int) -> Array:
        """Return by what each of n dipoles of the background is multiplied, (n, 1)."""
        activity: Array = np.exp(self.spec.activity * self.rng.standard_normal((n, 1)))
        return activity

    def noise(self, spec: NoiseSpec) -> NoiseSpec:
        """Return the levels of a person's own noise, and where their alpha lies."""
        names = ("background_uv", "white_uv", "alpha_uv", "line_uv", "drift_uv", "blink_uv", "blinks_per_minute")
        factors = np.exp(self.spec.noise * self.rng.standard_normal(len(names)))
        levels = {name: getattr(spec, name) * float(factor) for name, factor in zip(names, factors, strict=True)}
        return spec.model_copy(update={**levels, "alpha_hz": spec.alpha_hz / self.pace})
