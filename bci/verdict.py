"""From flags to one status, and from stamps to stages: how a decision is written down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from bci.types import Flag, Stamps, Status

__all__ = ["STAGES", "Passage", "settle"]

STAGES = ("arrive", "epoch", "queue", "decode", "publish")
"""From the arrival of a window's last sample to the hands of the sinks."""


def settle(flags: Iterable[Flag]) -> tuple[Status, str]:
    """Return the gravest status and all reasons: `gap > dropped > artifact > late > ok`."""
    ordered = sorted(flags, key=lambda flag: -flag.status)
    status = ordered[0].status if ordered else Status.OK
    return status, "; ".join(flag.reason for flag in ordered)


@dataclass(frozen=True, slots=True)
class Passage:
    """When an epoch passed which point, from its arrival to the sinks; seconds on the LSL clock."""

    stamps: Stamps
    taken: float
    decoded: float
    published: float

    @property
    def latency(self) -> float:
        """Seconds from the later of (last sample, marker) to the sinks."""
        return self.published - self.stamps.arrived

    @property
    def stages(self) -> Mapping[str, float]:
        """Seconds spent in each of `STAGES`; they add up to `latency`."""
        points = (
            self.stamps.arrived,
            self.stamps.ringed,
            self.stamps.cut,
            self.taken,
            self.decoded,
            self.published,
        )
        spent = (after - before for before, after in pairwise(points))
        return MappingProxyType(dict(zip(STAGES, spent, strict=True)))
