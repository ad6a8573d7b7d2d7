"""What the classical decoders see of an epoch: some channels, filtered, one stretch of it, averaged in bins.

All of it happens inside the epoch and forward in time, so that decoders with different filters, baselines and
windows can share one preprocessed window, live as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from bci.errors import ConfigError
from bci.specs import Frozen, PreprocessSpec
from models.config import DecoderConfig

__all__ = ["FeatureOptions", "Features", "PartOptions", "fitting"]

Floats = NDArray[np.float64]
Positive = Annotated[float, Field(gt=0)]
Stretch = tuple[float, float]

HIGHPASS_ORDER, LOWPASS_ORDER = 2, 4
"""Of the Butterworth filters."""


class PartOptions(Frozen):
    """Which part of an epoch a decoder looks at.

    Stretches are [start, end) in seconds after the onset; what of them an epoch does not hold is left out.
    """

    channels: tuple[str, ...] = ()
    """Labels, or patterns such as `PO*`; empty takes all channels."""
    window: Stretch | None = None
    """Stretch to keep; None keeps all."""

    @field_validator("window", "baseline", check_fields=False)
    @classmethod
    def _ordered(cls, stretch: Stretch | None, info: ValidationInfo) -> Stretch | None:
        if stretch is not None and stretch[1] <= stretch[0]:
            raise ValueError(f"expected {info.field_name} = [start, end] with start < end, got {list(stretch)}")
        return stretch


class FeatureOptions(PartOptions):
    """How a part of an epoch is filtered and averaged: first the filters, then baseline, window and bins."""

    highpass: Positive | None = None
    """Causal high-pass, Hz, on top of that of the recording; its state starts at the first sample of the epoch, as
    if all before had been equal to it."""
    lowpass: Positive | None = None
    """Causal low-pass, Hz; its state starts in the same way."""
    baseline: Stretch | None = None
    """Stretch whose mean is subtracted per channel."""
    bin: Annotated[float, Field(ge=0)] = 0.03125
    """Seconds that are averaged to one value, without overlap; 0 keeps every sample."""


@dataclass(frozen=True)
class Features:
    """`FeatureOptions` at work on the epochs of one preprocessing.

    Parameters
    ----------
    options
        What to look at.
    spec
        How the epochs were cut.
    """

    options: FeatureOptions
    spec: PreprocessSpec

    def __call__(self, epochs: NDArray[np.float32]) -> Floats:
        """Return one row per epoch, (n, channels x bins), of epochs (n, C, T)."""
        return self.binned(epochs).reshape(len(epochs), -1)

    def binned(self, epochs: NDArray[np.float32]) -> Floats:
        """Return the averages (n, channels, bins) of epochs (n, C, T)."""
        signals = epochs[:, self._channels]
        if self._weights is None:
            return signals[:, :, self._window].astype(np.float64)
        return np.asarray(signals @ self._weights)

    @property
    def n_channels(self) -> int:
        """How many channels it looks at."""
        return len(self._channels)

    @property
    def step(self) -> float:
        """Seconds from one bin to the next."""
        return self._width / self.spec.sfreq

    @property
    def _width(self) -> int:
        """Samples of a bin."""
        return max(1, round(self.options.bin * self.spec.sfreq))

    @cached_property
    def _channels(self) -> NDArray[np.intp]:
        labels, patterns = self.spec.channels, self.options.channels
        if not patterns:
            return np.arange(len(labels))
        if not (chosen := _matching(patterns, labels)):
            raise ConfigError(f"channels: expected some of {', '.join(labels)}; {', '.join(patterns)} match none")
        return np.array(chosen, np.intp)

    @cached_property
    def _weights(self) -> Floats | None:
        """(T, bins) what each sample adds to each bin: all steps are linear, so they are one matrix.

        None where samples are only left out.
        """
        baseline = self.options.baseline
        if self._filter is None and baseline is None and self._width == 1:
            return None
        signals = self._filtered(np.eye(self.spec.n_times))
        if baseline is not None:
            signals = signals - signals[:, self._samples(baseline)].mean(axis=1, keepdims=True)
        return _box_means(signals[:, self._window], self._width)

    @cached_property
    def _window(self) -> slice:
        return slice(None) if self.options.window is None else self._samples(self.options.window)

    def _samples(self, stretch: Stretch) -> slice:
        samples = _samples_of(stretch, self.spec)
        if samples.start >= samples.stop:
            raise ConfigError(
                f"expected a stretch within {self.spec.tmin:g} to {self.spec.tmax:g} s, the decoder's window; "
                f"got {stretch[0]:g} to {stretch[1]:g} s"
            )
        return samples

    def _filtered(self, signals: Floats) -> Floats:
        """Filter signals (n, T) forward in time, each from the steady state for its first sample."""
        if self._filter is None:
            return signals
        from scipy.signal import sosfilt  # noqa: PLC0415 (1.3 s to import)

        sections, steady = self._filter
        state = steady[:, None, :] * signals[None, :, :1]
        return np.asarray(sosfilt(sections, signals, axis=1, zi=state)[0])

    @cached_property
    def _filter(self) -> tuple[Floats, Floats] | None:
        """Second-order sections (n, 6) and their steady state (n, 2) for a signal of ones."""
        highpass, lowpass = self.options.highpass, self.options.lowpass
        sections = []
        if highpass is not None:
            sections.append(_butterworth(HIGHPASS_ORDER, "highpass", highpass, self.spec.sfreq))
        if lowpass is not None:
            sections.append(_butterworth(LOWPASS_ORDER, "lowpass", lowpass, self.spec.sfreq))
        if not sections:
            return None
        from scipy.signal import sosfilt_zi  # noqa: PLC0415 (as above)

        cascade = np.concatenate(sections)
        return cascade, np.asarray(sosfilt_zi(cascade))


@cache
def _butterworth(order: int, kind: Literal["highpass", "lowpass"], cutoff: float, sfreq: float) -> Floats:
    from scipy.signal import butter  # noqa: PLC0415 (1.3 s to import)

    if cutoff >= sfreq / 2:
        raise ConfigError(f"{kind}: expected less than {sfreq / 2:g} Hz, got {cutoff:g} Hz")
    return np.asarray(butter(order, cutoff, kind, fs=sfreq, output="sos"))


def fitting(decoder: DecoderConfig, spec: PreprocessSpec) -> DecoderConfig:
    """Return a decoder, its members too, without the choices of which other epochs hold nothing.

    Controls and curves train the same decoder on fewer channels or on another window: a choice of channels or of a
    stretch that is not there then stands for all there is.
    """
    return decoder.model_copy(update={"options": _fitting(decoder.options, spec)})


def _fitting(options: Mapping[str, Any], spec: PreprocessSpec) -> dict[str, Any]:
    kept = {key: value for key, value in options.items() if _holds(spec, key, value)}
    for key in ("members", "candidates"):
        if key in kept:
            kept[key] = [_fitting_member(each, spec) for each in kept[key]]
    return kept | ({"decoder": _fitting_member(kept["decoder"], spec)} if "decoder" in kept else {})


def _fitting_member(member: Mapping[str, Any], spec: PreprocessSpec) -> dict[str, Any]:
    return {**member, "options": _fitting(member.get("options", {}), spec)}


def _holds(spec: PreprocessSpec, key: str, value: Any) -> bool:
    if key == "channels":
        return bool(_matching(value, spec.channels))
    if key in ("baseline", "window") and value is not None:
        samples = _samples_of(value, spec)
        return bool(samples.start < samples.stop)
    return True


def _matching(patterns: Sequence[str], labels: Sequence[str]) -> list[int]:
    return [i for i, label in enumerate(labels) if any(fnmatchcase(label, pattern) for pattern in patterns)]


def _samples_of(stretch: Stretch, spec: PreprocessSpec) -> slice:
    """Samples of a stretch that an epoch holds; none if it ends before it starts."""
    first, last = (min(max(round((edge - spec.tmin) * spec.sfreq), 0), spec.n_times) for edge in stretch)
    return slice(first, last)


def _box_means(signals: Floats, width: int) -> Floats:
    """Means over non-overlapping boxes of `width` samples, what is left over dropped: (n, T // width)."""
    n, n_times = signals.shape
    width = min(width, n_times)
    whole = signals[:, : n_times // width * width]
    return np.asarray(whole.reshape(n, -1, width).mean(axis=2))
