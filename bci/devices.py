"""How the LSL stream of a device is to be understood, where it does not say so itself.

A device speaks a dialect: what its columns are, how triggers stand in them, how late its stamps are. A profile
writes that down; `configs/devices` holds those that are known, and a lab writes its own beside its data.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bci.specs import Frozen

__all__ = ["GENERIC", "Delay", "DeviceProfile", "recognise"]

RoleName = Literal["eeg", "eog", "aux", "impedance", "trigger", "counter", "interpolated", "timestamp"]


class Delay(Frozen):
    """How much later than the brain, or the screen, a device's stamps are: a constant."""

    seconds: Annotated[float, Field(ge=-1, le=2)] = 0.0
    """Subtracted from the times of samples, and of what the device itself stamps with them."""
    interval: tuple[float, float] | None = None
    """In which it lies, with 95 % confidence; seconds."""
    source: str = ""
    """Where the figure comes from."""

    def __str__(self) -> str:
        if self.interval is None:
            return f"{self.seconds * 1e3:g} ms"
        low, high = self.interval
        return f"{self.seconds * 1e3:.2f} ms [{low * 1e3:.2f}, {high * 1e3:.2f}]"


class DeviceProfile(Frozen):
    """The dialect of a device. All patterns are regular expressions for the whole of a name, in any case."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    title: str
    """What device, through what program."""
    streams: tuple[str, ...] = ()
    """Names of its EEG stream, by which it is recognised."""
    columns: tuple[str, ...] = ()
    """Labels by which it is recognised under any other name: the stream has every one of them."""
    roles: dict[str, RoleName] = Field(default_factory=dict)
    """Label -> what the column is for, where `bci.roles` would take it for something else."""
    unit: str = ""
    """Of channels that declare none; by default microvolts."""
    reference: str | None = None
    """Against which it records, if the stream does not say."""
    words: Literal["learnt", "held", "onset"] = "learnt"
    """Sampled triggers: `held` for as long as the word lies on the port; `onset` only where it begins; `learnt`
    means held until the first -1, which devices send between onsets."""
    counter_values: Annotated[int, Field(ge=2)] | None = None
    """How many values its sample counter has until it starts again; by default learnt."""
    markers: tuple[str, ...] = ()
    """Names of marker streams in which it tells its triggers, with its own stamps. Left alone where its EEG stream
    has a trigger channel, which tells of the same."""
    contact_quality: tuple[str, ...] = ()
    """Names of the stream in which it tells of electrodes and battery, as EmotivPRO does."""
    delay: Delay = Delay()

    @model_validator(mode="after")
    def _patterns(self) -> Self:
        for pattern in (*self.streams, *self.roles, *self.markers, *self.contact_quality):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return self

    def sends_markers(self, stream: str) -> bool:
        """Whether a marker stream of this name is the device's own."""
        return _matches(stream, self.markers)

    def sends_contact_quality(self, stream: str) -> bool:
        """Whether a stream of this name tells of its electrodes."""
        return _matches(stream, self.contact_quality)

    def named(self, stream: str) -> bool:
        """Whether its EEG stream has such a name."""
        return _matches(stream, self.streams)

    def fits(self, labels: Sequence[str]) -> bool:
        """Whether a stream with these columns can only be one of its own."""
        known = {label.strip().lower() for label in labels}
        return bool(self.columns) and known.issuperset(column.lower() for column in self.columns)


GENERIC = DeviceProfile(name="generic", title="any device whose stream speaks for itself")
"""What is assumed of a device that nobody described."""


def recognise(stream: str, labels: Sequence[str], profiles: Iterable[DeviceProfile]) -> DeviceProfile:
    """Return the profile of a stream by its name, else by its columns, else `GENERIC`.

    Parameters
    ----------
    stream
        Its name.
    labels
        Of its columns, as it declares them.
    """
    profiles = tuple(profiles)
    by_name = (profile for profile in profiles if profile.named(stream))
    by_columns = (profile for profile in profiles if profile.fits(labels))
    return next(by_name, None) or next(by_columns, GENERIC)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in patterns)
