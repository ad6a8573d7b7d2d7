"""What a synthetic world is: a cap, pictures, a presentation, a brain that answers and a head that makes noise.

Only the standard library and pydantic are imported here, so that the command line starts at once.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bci.specs import Frozen

__all__ = ["EvokedSpec", "NoiseSpec", "PeopleSpec", "PictureSpec", "PresentationSpec", "WorldSpec"]

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class PictureSpec(Frozen):
    """Concepts, gathered in categories, and the pictures round each of them, as vectors."""

    dim: Count = 128
    """Dimension of the picture vectors; more than `EvokedSpec.components`, so that the EEG tells only a part."""
    decay: NotNegative = 0.5
    """The variance of the j-th principal axis of picture space falls as j to the power of minus this."""
    categories: Count = 27
    """THINGS has 27 higher-level categories."""
    category_share: Share = 0.3
    """Share of the variance between concepts that lies between categories."""
    scatter: NotNegative = 0.5
    """Standard deviation of the pictures round their concept; that between concepts is 1."""
    train_concepts: Count = 1654
    test_concepts: Count = 200
    pictures: Count = 10
    """Pictures of each concept."""
    test_pictures: Count | None = None
    """Of each test concept; None means as many."""
    test: Literal["unseen-concepts", "new-pictures"] = "unseen-concepts"
    """Test concepts are others than the training concepts, or the same with other pictures."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.test == "new-pictures" and self.train_concepts != self.test_concepts:
            raise ValueError(
                'test = "new-pictures" tests the training concepts: expected test_concepts = '
                f"{self.train_concepts}, got {self.test_concepts}"
            )
        return self


class PresentationSpec(Frozen):
    """How the pictures follow each other."""

    soa: Positive = 0.2
    """Stimulus onset asynchrony, seconds; a whole number of samples."""
    train_events: Count = 12_000
    test_events: Count = 1_000
    """How many events a recording has if nobody asks for another number."""
    trigger: Literal["none", "sampled"] = "none"
    """`sampled`: one more channel, as an actiCHamp sends it: the code at the sample where the word changes (0 when
    the pulse ends), -1 at all others."""


class EvokedSpec(Frozen):
    """How the brain answers a picture."""

    components: Count = 24
    snr: NotNegative
    """Of a single trial: root mean square of what distinguishes the responses to concepts (over concepts, channels
    and 60-600 ms), divided by that of the 1/f background (over channels)."""
    decay: NotNegative = 0.5
    """The amplitude of the k-th component falls as k to the power of minus this."""
    common_uv: NotNegative = 4.0
    """Largest amplitude of the response that all pictures share, microvolts."""


class NoiseSpec(Frozen):
    """What else the electrodes pick up; amplitudes in microvolts, before the amplifier's filters."""

    background_uv: Positive = 10.0
    """Root mean square over channels of the 1/f background."""
    slope: Annotated[float, Field(ge=0, le=3)] = 1.2
    """The power density of the background falls as the frequency to the power of minus this."""
    white_uv: Positive = 1.5
    """Root mean square of the white floor, from 0 Hz to half the sampling rate."""
    alpha_uv: NotNegative = 6.0
    """Root mean square of each alpha source at the electrode where it is strongest."""
    alpha_hz: Positive = 10.0
    line_uv: NotNegative = 3.0
    """Root mean square of the line noise at the electrode where it is strongest."""
    line_hz: Positive = 50.0
    drift_uv: NotNegative = 20.0
    """Root mean square of slow drifts, over channels."""
    blink_uv: NotNegative = 120.0
    """Peak of a blink at the electrode where it is strongest."""
    blinks_per_minute: NotNegative = 12.0
    offset_uv: NotNegative = 0.0
    """Constant offset of every channel."""


class PeopleSpec(Frozen):
    """How people differ from person 0, whom the other tables describe; standard deviations."""

    place: NotNegative = 10.0
    """Of where a component's dipole lies, degrees of azimuth and of elevation."""
    turn: NotNegative = 0.35
    """Of where it points, per axis, the length of a radial dipole being 1."""
    pace: NotNegative = 0.07
    """Of the logarithm of how late all responses are, and of how slow alpha is."""
    timing: NotNegative = 0.01
    """Of the latency of each component on top of that, seconds."""
    amplitude: NotNegative = 0.3
    """Of the logarithm of each component's amplitude."""
    activity: NotNegative = 0.8
    """Of the logarithm of the amplitude of each dipole in the background."""
    noise: NotNegative = 0.2
    """Of the logarithm of each level of the noise."""


class WorldSpec(Frozen):
    """A synthetic world, as one TOML file describes it."""

    name: str
    title: str = ""
    seed: Annotated[int, Field(ge=0)]
    """Of pictures, topographies and time courses; recordings have a seed of their own."""
    channels: Annotated[tuple[str, ...], Field(min_length=2)]
    """Labels, all in `montage`."""
    reference: str
    """Label of the recording reference, in `montage` too."""
    montage: str = "easycap-M1"
    """Name of a montage that MNE knows."""
    sfreq: Positive
    """Hz."""
    pictures: PictureSpec = PictureSpec()
    presentation: PresentationSpec = PresentationSpec()
    evoked: EvokedSpec
    noise: NoiseSpec = NoiseSpec()
    person: Annotated[int, Field(ge=0)] = 0
    """Whose head it is. Person 0 is the one described here; others share pictures and what is read of them."""
    people: PeopleSpec = PeopleSpec()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        samples = self.presentation.soa * self.sfreq
        if abs(samples - round(samples)) > 1e-6:
            raise ValueError(f"expected soa to be a whole number of samples, got {samples:g} at {self.sfreq:g} Hz")
        if self.pictures.dim < self.evoked.components:
            raise ValueError(
                f"expected pictures.dim of at least evoked.components = {self.evoked.components}, "
                f"got {self.pictures.dim}"
            )
        for what in ("alpha_hz", "line_hz"):
            if getattr(self.noise, what) >= self.sfreq / 2:
                raise ValueError(f"expected noise.{what} below half the sampling rate, {self.sfreq / 2:g} Hz")
        if len(set(self.channels)) != len(self.channels) or self.reference in self.channels:
            raise ValueError("expected every channel once, and the reference not among them")
        return self

    @property
    def soa_samples(self) -> int:
        """Samples from one onset to the next."""
        return round(self.presentation.soa * self.sfreq)
