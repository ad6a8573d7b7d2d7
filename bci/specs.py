"""What is read from files and decides how signals become epochs and epochs become events.

Only the standard library and pydantic are imported here, so that the command line starts at once.
"""

import hashlib
import json
import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "PREPROCESS_VERSION",
    "BadChannelPolicy",
    "EventSpec",
    "EvidenceSpec",
    "Frozen",
    "Normalisation",
    "PreprocessSpec",
    "QualitySpec",
    "RandomisationSpec",
]

PREPROCESS_VERSION = 1
"""Raised whenever `bci.preprocess` computes anything differently from the same spec."""

Positive = Annotated[float, Field(gt=0)]
Normalisation = Literal["none", "unit", "centred-unit"]
"""Of vectors after loading: nothing, unit norm, or the mean over prototypes subtracted as well."""


class Frozen(BaseModel):
    """Base of everything that is read from TOML or JSON: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PreprocessSpec(Frozen):
    """How raw microvolts become what a decoder sees, in the order of the fields.

    The same spec drives the live path and training; `digest` names it.
    """

    mode: Literal["continuous", "epoch"] = "continuous"
    """`epoch`: filters restart at every epoch, for data that exist only as epochs."""
    gain: float = 1.0
    """Every sample is multiplied by this first."""
    channels: tuple[str, ...]
    """Labels that the decoder expects, in its order."""
    missing: Literal["refuse", "interpolate"] = "refuse"
    """What to do if the stream lacks some of them: refuse, or spherical splines from the others."""
    notch: Positive | None = None
    """Line frequency to remove, Hz."""
    notch_quality: Positive = 30.0
    """Notch frequency over its -3 dB bandwidth."""
    highpass: Positive | None = None
    """Butterworth high-pass, Hz."""
    highpass_order: Annotated[int, Field(ge=1, le=8)] = 2
    lowpass: Positive | None = None
    """Butterworth low-pass, Hz."""
    lowpass_order: Annotated[int, Field(ge=1, le=8)] = 4
    sfreq: Positive
    """Rate after decimation, Hz: the stream's rate divided by a whole number."""
    reference: Literal["recorded", "average"] = "recorded"
    """`average`: subtract the mean over all channels, the recording reference counted as a zero channel."""
    tmin: float = 0.0
    """Start of the window, seconds after the onset."""
    tmax: float
    """End of the window (exclusive), seconds after the onset."""
    baseline: tuple[float, float] | None = None
    """Stretch whose mean is subtracted per channel, seconds after the onset, end exclusive."""
    scale: Literal["none", "rms", "whiten"] = "none"
    """`rms`: each epoch is divided by its own root mean square; `whiten`: multiplied by a stored matrix."""
    whitening: Literal["none", "channel", "ledoit-wolf"] = "none"
    """How the matrix is computed from training epochs: per-channel standard deviation, or full covariance."""
    clip: Positive | None = None
    """Bound on the absolute value of the result."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tmax <= self.tmin:
            raise ValueError(f"expected tmax > tmin, got tmin = {self.tmin}, tmax = {self.tmax}")
        if self.baseline is not None and self.baseline[1] <= self.baseline[0]:
            raise ValueError(f"expected baseline = [start, end] with start < end, got {list(self.baseline)}")
        if (self.scale == "whiten") != (self.whitening != "none"):
            raise ValueError(
                f'scale = "whiten" and a whitening method go together, got scale = "{self.scale}", '
                f'whitening = "{self.whitening}"'
            )
        if len(set(self.channels)) != len(self.channels):
            raise ValueError(f"expected every channel once, got {list(self.channels)}")
        return self

    @property
    def n_times(self) -> int:
        """Number of samples of an epoch."""
        return round((self.tmax - self.tmin) * self.sfreq)

    @property  # not cached: a copy with other fields would inherit it
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the spec and the version of the code that obeys it."""
        body = {"version": PREPROCESS_VERSION, **self.model_dump(mode="json")}
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class RandomisationSpec(Frozen):
    """How a paradigm draws the concept that is shown next: what "above chance" is measured against."""

    kind: Literal["independent", "blocks"]
    """`independent`: each is drawn anew; `blocks`: each block shows every concept a fixed number of times."""
    shares: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Concept -> its share, or how often a block shows it; empty: all of the bank alike, once a block."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "blocks" and any(share != int(share) for share in self.shares.values()):
            raise ValueError(f"a block shows a concept a whole number of times, got {self.shares}")
        return self


class EventSpec(Frozen):
    """Which markers make an event, and what they say was shown.

    A marker that matches `lock` and none of `ignore` makes exactly one event. `concepts` translates its value
    into the name of a concept; a value that is not in the table is taken as the name itself.
    """

    mode: Literal["locked", "sliding"] = "locked"
    lock: tuple[str, ...] = (".*",)
    """Regular expressions; the whole value must match one."""
    ignore: tuple[str, ...] = ("", "0", "-1")
    """Values that never make an event."""
    concepts: dict[str, str] = Field(default_factory=dict)
    """Marker value -> concept name."""
    pictures_from: int | None = None
    """Marker values number the bank's pictures, and the first has this number: see `bci.bank.numbered`."""
    time_from: str | None = None
    """Source of the markers that tell the time, where two sources tell of one event."""
    label_from: str | None = None
    """Source of the markers that tell the label."""
    pair_within: Positive = 0.1
    """How far apart, in seconds, the two may be."""
    step: Positive | None = None
    """Sliding mode: seconds between windows."""
    hold: Positive = 0.5
    """Sliding mode: a concept counts as shown from its marker on for this long, seconds."""
    group: str | None = None
    """Regular expression whose part `(?P<group>...)` names the presentation that an event repeats; the whole value
    must match, other events stand alone. `(?P<group>.+)`: all events of one value are repeats of one presentation,
    as where a picture returns again and again. What stands in a part `(?P<concept>...)` is looked up in `concepts`
    instead of the whole value: `(?P<group>[0-9]+)/(?P<concept>.+)`. All events of a group show the same thing."""
    randomisation: RandomisationSpec | None = None
    """How concepts follow each other; without it nobody says "above chance"."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for pattern in self.lock:
            _compiled(pattern, "events.lock")
        if self.group is not None and "group" not in _compiled(self.group, "events.group").groupindex:
            raise ValueError(f"events.group: expected a part (?P<group>...) in {self.group!r}, found none")
        if (self.time_from is None) != (self.label_from is None):
            raise ValueError("time_from and label_from go together: name both marker sources or none")
        if (self.mode == "sliding") != (self.step is not None):
            raise ValueError('mode = "sliding" and step (seconds between windows) go together')
        if self.mode == "sliding" and self.group is not None:
            raise ValueError("windows of the sliding mode repeat nothing: leave events.group out")
        return self


def _compiled(pattern: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{where}: {pattern!r} is no regular expression: {error}") from None


class EvidenceSpec(Frozen):
    """When repeats of one presentation have told enough."""

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Evidence suffices when the most probable concept is wrong with at most this probability."""
    at_most: Annotated[int, Field(ge=1)] = 80
    """After so many repeats no more evidence is taken in, whether or not it suffices."""


BadChannelPolicy = Literal["flag", "make-up", "ignore"]
"""What is done live about a channel that is flat, saturated or full of line noise."""


class QualitySpec(Frozen):
    """When an epoch is flagged as an artifact; it is decoded all the same."""

    peak_to_peak: Positive | None = None
    """Flag epochs in which any channel spans more, microvolts."""
    flat: Positive | None = None
    """Flag epochs in which any channel spans less, microvolts."""
    bad_channels: BadChannelPolicy = "flag"
    """Live, a channel that is flat, saturated or full of line noise: flag the epochs that meet it, make it up from
    the others until it is good again, or take no notice. It decides nothing about training and evaluation."""
