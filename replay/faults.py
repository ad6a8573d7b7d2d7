"""What is to go wrong while a recording is played: specified in TOML, drawn by `replay.spoil`."""

import tomllib
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bci.config import find_config, parse, read_toml
from bci.errors import ConfigError
from bci.specs import Frozen

__all__ = ["ChannelFaults", "FaultSpec", "MarkerFaults", "Spells", "StampFaults", "read_faults"]

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


class Spells(Frozen):
    """Something that happens now and then, for a while."""

    per_minute: NotNegative = 0.0
    """How often, on average; when is drawn."""
    seconds: tuple[NotNegative, NotNegative]
    """How long it lasts, at least and at most."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.seconds[1] < self.seconds[0]:
            raise ValueError(f"expected seconds = [shortest, longest], got {list(self.seconds)}")
        return self


class Gaps(Spells):
    """Samples that are never sent."""

    seconds: tuple[NotNegative, NotNegative] = (0.1, 2.0)
    filled: Share = 0.0
    """Share of them in which the device invents samples, if it has a column `Interpolate` to say so."""


class Restarts(Spells):
    """The sender is killed and started again, under the same source id."""

    seconds: tuple[NotNegative, NotNegative] = (1.0, 3.0)


class Hangs(Spells):
    """The sender sends nothing, then all at once."""

    seconds: tuple[NotNegative, NotNegative] = (3.0, 30.0)


class Bursts(Spells):
    """The network holds packets up, and they arrive together."""

    seconds: tuple[NotNegative, NotNegative] = (0.05, 0.3)


class NotNumbers(Spells):
    """Values that are not finite."""

    seconds: tuple[NotNegative, NotNegative] = (0.01, 0.5)
    labels: tuple[str, ...] = ()
    """Of the channels that have them."""


class StampFaults(Frozen):
    """What is wrong with the times that are sent."""

    jitter: NotNegative = 0.0
    """Stamps are early or late by up to this, seconds."""
    jitter_of: Literal["packet", "sample"] = "packet"
    drift_ppm: float = 0.0
    """How much too slow the crystal of the amplifier is, parts per million: samples are taken further apart."""
    declared_rate: Annotated[float, Field(gt=0)] | None = None
    """Nominal rate that is declared instead of the true one, Hz."""

    @property
    def stretch(self) -> float:
        """True seconds in a second of the amplifier."""
        return 1 + self.drift_ppm * 1e-6


class MarkerFaults(Frozen):
    """What is wrong with markers; shares are of all of them."""

    duplicated: Share = 0.0
    lost: Share = 0.0
    late: Share = 0.0
    """Heard `late_s` after their time, which stays true."""
    late_s: tuple[NotNegative, NotNegative] = (0.1, 5.0)
    early: Share = 0.0
    """Heard `early_s` before their time, which stays true."""
    early_s: tuple[NotNegative, NotNegative] = (0.1, 1.0)
    strays_per_minute: NotNegative = 0.0
    """Markers for data that are never sent: their times are a minute wrong, either way."""
    die_after: Annotated[float, Field(gt=0)] | None = None
    """The marker stream ends after so many seconds, while samples flow on."""
    paired: bool = False
    """Each event is told twice: in the stream NAME-triggers by a number at its time, and in NAME-markers by
    its label, up to `apart` seconds later."""
    apart: NotNegative = 0.03
    lost_triggers: Share = 0.0
    doubled_triggers: Share = 0.0
    """A trigger told twice, 2 ms apart."""
    lost_labels: Share = 0.0


class ChannelFaults(Frozen):
    """What happens to channels, named by their labels, from `since` on."""

    since: NotNegative = 0.0
    flat: tuple[str, ...] = ()
    railed: tuple[str, ...] = ()
    noisy: tuple[str, ...] = ()
    """Full of line noise, 50 Hz."""
    factor: Annotated[float, Field(gt=0)] = 1.0
    """All values are multiplied by this: the sender changed its unit."""


class FaultSpec(Frozen):
    """What goes wrong, and how often; by default nothing does."""

    gaps: Gaps = Gaps()
    restarts: Restarts = Restarts()
    hangs: Hangs = Hangs()
    bursts: Bursts = Bursts()
    not_numbers: NotNumbers = NotNumbers()
    chunk: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    """Samples a packet, at least and at most; the length of each is drawn."""
    stamps: StampFaults = StampFaults()
    markers: MarkerFaults = MarkerFaults()
    channels: ChannelFaults = ChannelFaults()
    twin: bool = False
    """A second stream of the same name is there."""


def read_faults(spec: str) -> FaultSpec:
    """Read faults from TOML: a file, one of `configs/faults` by its name, or text with `;` between its lines.

    Raises
    ------
    ConfigError
        If it is none of them.
    """
    if "=" not in spec:
        path = find_config(spec, "faults")
        return parse(FaultSpec, read_toml(path), str(path))
    try:
        return parse(FaultSpec, tomllib.loads(spec.replace(";", "\n")), "--faults")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"--faults: expected TOML such as 'gaps.per_minute = 2', got {spec!r}: {error}"
        ) from None
