"""From raw microvolts to what the decoder sees: one frozen spec, one code path, live and in training.

Order: gain, pick and interpolate channels, notch, causal band, decimation, reference, [cut], baseline, scale.
Filters are Butterworth second-order sections run forward in float64, started at the first sample's steady state
so that an offset of thousands of microvolts leaves no transient. The result does not depend on how the samples
were chunked, bit for bit, up to the cut.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci import causal_filter
from bci.errors import MismatchError, StreamError
from bci.montage import match
from bci.picking import Interpolator, Picking, pick_channels
from bci.specs import PreprocessSpec
from bci.types import SampleChunk, StreamSpec

__all__ = ["Preprocessor", "Stretch", "decimation", "scale_epochs"]

Samples = NDArray[np.float64]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Preprocessed samples without a gap inside.

    Parameters
    ----------
    data
        (n, n_channels) float64.
    first
        Index of the first one at the rate of the ring.
    broken
        Samples were lost just before; filters were restarted.
    """

    data: Samples
    first: int
    broken: bool


def decimation(spec: PreprocessSpec, sfreq: float) -> int:
    """Return how many samples of the stream make one of the decoder.

    Raises
    ------
    MismatchError
        If the ratio is no whole number, or frequencies above half the new rate are not filtered out.
    """
    ratio = sfreq / spec.sfreq
    factor = round(ratio)
    if factor < 1 or abs(ratio - factor) > 1e-6 * factor:
        raise MismatchError(
            f"expected a stream at a whole multiple of {spec.sfreq:g} Hz, the decoder's rate; got {sfreq:g} Hz"
        )
    if factor > 1 and (spec.lowpass is None or spec.lowpass > 0.4 * spec.sfreq):
        raise MismatchError(
            f"going from {sfreq:g} to {spec.sfreq:g} Hz needs a low-pass of at most {0.4 * spec.sfreq:g} Hz, "
            f"got {spec.lowpass}: set preprocess.lowpass"
        )
    return factor


class Preprocessor:
    """A `PreprocessSpec` at work on one stream.

    Parameters
    ----------
    spec
        What to do.
    stream
        What comes in.
    interpolate
        How to make up channels; needed only if some are missing, or are left out later.

    Raises
    ------
    MismatchError
        If channels are missing, or the rate does not fit.
    StreamError
        If an average reference is asked for and the stream does not say what its reference is.
    """

    def __init__(self, spec: PreprocessSpec, stream: StreamSpec, interpolate: Interpolator | None = None) -> None:
        self.spec = spec
        self.stream = stream
        self.factor = decimation(spec, stream.sfreq)
        self._interpolate = interpolate
        self.picking = pick_channels(spec, stream, interpolate)
        self._left_out: tuple[str, ...] = ()
        self._divisor = self._reference_divisor()
        low, high = spec.baseline or (spec.tmin, spec.tmax)
        self._extent = min(spec.tmin, low), max(spec.tmax, high)
        self._sos = causal_filter.sections(
            stream.sfreq,
            notch=spec.notch,
            highpass=spec.highpass,
            lowpass=spec.lowpass,
            notch_quality=spec.notch_quality,
            highpass_order=spec.highpass_order,
            lowpass_order=spec.lowpass_order,
        )
        self._state: Samples | None = None
        self._expected: int | None = None  # index of the next sample, if none is missing
        self._cut_off = False  # the last samples were no numbers, or other channels
        self._warned = False
        self._continuous = spec.mode == "continuous"
        self.ring_factor = self.factor if self._continuous else 1
        """Samples of the stream per sample of the ring."""

    # -------------------------------------------------------------------------------- channels

    @property
    def interpolated(self) -> tuple[str, ...]:
        """Channels that are made up from the others."""
        return self.picking.made_up

    def pick(self, data: NDArray[np.float32]) -> Samples:
        """Turn the stream's channels (n, n_stream) into the decoder's (n, n_channels), times the gain."""
        picked = self.picking(data)
        picked *= self.spec.gain
        return picked

    def without(self, labels: Collection[str]) -> Picking:
        """Return how channels are picked if these of the stream's are left out; changes nothing, on any thread.

        Those of `leave_out` are left out as well.

        Raises
        ------
        MismatchError
            If the stream has no such channel, or those that are left cannot make up for it.
        """
        return pick_channels(self.spec, self.stream, self._interpolate, {*labels, *self._left_out})

    def leave_out(self, labels: Collection[str]) -> None:
        """Do without these channels for good, from the first sample on, as far as the stream has them.

        Raises
        ------
        MismatchError
            If the others cannot make up for them.
        """
        there = self.stream.labels
        if names := [there[at] for at in match(there, tuple(labels)) if at is not None]:
            self._left_out = tuple(names)
            self.adopt(self.without(()))

    def adopt(self, picking: Picking) -> None:
        """Pick channels otherwise from the next sample on; filters start anew there, as after a gap."""
        self.picking = picking
        self._cut_off = True

    def passes(self, frequency: float) -> float:
        """Return which share of the power at a frequency in Hz the filters let through."""
        return causal_filter.power_gain(self._sos, frequency, self.stream.sfreq)

    # -------------------------------------------------------------------------------- sample by sample

    def feed(self, chunk: SampleChunk) -> Iterator[Stretch]:
        """Yield what a chunk becomes; samples that are not finite count as missing."""
        picked = self.pick(chunk.data)
        if not len(picked):
            return
        lost = (
            self._cut_off or (self._expected is not None and chunk.seq != self._expected) or chunk.gap_before > 0
        )
        self._expected = chunk.seq + len(picked)
        good = np.asarray(np.isfinite(picked).all(axis=1))
        if not good.all():
            self._warn(picked)
        for start, stop in _runs(good):
            broken = lost or start > 0
            lost = False
            yield self._run(picked[start:stop], chunk.seq + start, broken=broken)
        self._cut_off = not good[-1]
        if self._cut_off:
            yield self._run(picked[:0], chunk.seq + len(picked), broken=True)  # what was awaited will not come

    def _warn(self, picked: Samples) -> None:
        """Say once which channels break windows."""
        if not self._warned:
            bad = np.flatnonzero(~np.isfinite(picked).all(axis=0))
            names = ", ".join(self.spec.channels[i] for i in bad[:5]) + (", ..." if len(bad) > 5 else "")
            _LOG.warning("%s: no numbers in %s; windows with such samples are gaps", self.stream.name, names)
        self._warned = True

    def _run(self, samples: Samples, seq: int, *, broken: bool) -> Stretch:
        if not self._continuous:
            return Stretch(samples, seq, broken)
        if broken:
            self._state = None
        filtered = self._filter(samples)
        skip = -seq % self.factor
        kept = np.ascontiguousarray(filtered[skip :: self.factor])
        return Stretch(self._refer(kept), (seq + skip) // self.factor, broken)

    def _filter(self, samples: Samples) -> Samples:
        if self._sos is None or not len(samples):
            return samples
        from scipy.signal import sosfilt  # noqa: PLC0415 (1.3 s to import, not needed to print a help page)

        if self._state is None:
            self._state = causal_filter.steady_state(self._sos, samples[0])
        filtered, self._state = sosfilt(self._sos, samples, axis=0, zi=self._state)
        return filtered

    # -------------------------------------------------------------------------------- epoch by epoch

    def block(self, onset: int) -> tuple[int, int]:
        """Return which samples of the ring an epoch needs, baseline included.

        Parameters
        ----------
        onset
            Index of the onset at the rate of the stream.

        Returns
        -------
        first, n
            Index of the first sample at the rate of the ring, and how many.
        """
        start, stop = self.extent()
        rate = self.stream.sfreq / self.ring_factor
        # whole-number arithmetic: a tie between two ring samples is decided the same way everywhere
        nearest = (2 * onset + self.ring_factor) // (2 * self.ring_factor)
        first = nearest + round(start * rate)
        return first, round((stop - start) * self.spec.sfreq) * (self.factor // self.ring_factor)

    @property
    def last(self) -> float:
        """Time of the last sample that an epoch needs, seconds after the onset."""
        return self.extent()[1] - 1 / self.spec.sfreq

    def finish(self, block: Samples) -> NDArray[np.float32]:
        """Turn the samples of `block` into an epoch (n_channels, n_times), baseline removed, not yet scaled."""
        if not self._continuous:
            block = self._filter_alone(block)
        start, _ = self.extent()
        rate = self.spec.sfreq
        at = round((self.spec.tmin - start) * rate)
        epoch = block[at : at + self.spec.n_times]
        if self.spec.baseline is not None:
            low, high = (round((edge - start) * rate) for edge in self.spec.baseline)
            epoch = epoch - block[low:high].mean(axis=0)
        return np.ascontiguousarray(epoch.T, dtype=np.float32)

    def _filter_alone(self, block: Samples) -> Samples:
        self._state = None
        filtered = self._filter(block)
        self._state = None
        return self._refer(np.ascontiguousarray(filtered[:: self.factor]))

    def extent(self) -> tuple[float, float]:
        """Return from when until when an epoch reaches, baseline included, seconds after its onset."""
        return self._extent

    # -------------------------------------------------------------------------------- reference

    def _reference_divisor(self) -> int | None:
        """Number of channels in the average, the implicit reference counted; None if nothing is subtracted."""
        if self.spec.reference == "recorded" or self.stream.reference == "average":
            return None
        if self.stream.reference is None:
            raise StreamError(
                f"an average reference needs to know what {self.stream.name!r} was recorded against, and the "
                f"stream does not say: give it with --stream-reference LABEL"
            )
        implicit = match(self.spec.channels, (self.stream.reference,))[0] is None
        return len(self.spec.channels) + int(implicit)

    def _refer(self, samples: Samples) -> Samples:
        if self._divisor is None:
            return samples
        return np.asarray(samples - samples.sum(axis=1, keepdims=True) / self._divisor)


def scale_epochs(
    epochs: NDArray[np.float32], spec: PreprocessSpec, whitening: NDArray[np.floating] | None
) -> NDArray[np.float32]:
    """Apply the last steps: align with the training data if need be, scale, then clip.

    Parameters
    ----------
    epochs
        (n, n_channels, n_times), as `Preprocessor.finish` leaves them.
    spec
        What to do.
    whitening
        (n_channels, n_channels), needed if `spec.scale` is `whiten`. Beside another scale it is a person's
        alignment, which comes before that scale.

    Returns
    -------
    scaled
        (n, n_channels, n_times) float32.
    """
    if whitening is not None:
        epochs = np.matmul(whitening.astype(np.float32, copy=False), epochs)
    elif spec.scale == "whiten":
        raise MismatchError("the decoder whitens its epochs, but its whitening matrix is missing")
    if spec.scale == "rms":
        rms = np.sqrt(np.mean(np.square(epochs, dtype=np.float64), axis=(1, 2), keepdims=True))
        epochs = (epochs / np.maximum(rms, np.finfo(np.float32).tiny)).astype(np.float32)
    return epochs if spec.clip is None else np.clip(epochs, -spec.clip, spec.clip)


def _runs(good: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield [start, stop) of the stretches that are good throughout."""
    if good.all():
        yield 0, len(good)
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield int(start), int(stop)
