"""Trials for training and evaluation, cut from recordings by the very code that cuts them live."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.epochs import Epocher
from bci.errors import FormatError, MismatchError
from bci.preprocess import Preprocessor
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Channel, Epoch, Recording, StreamSpec, TrialSet, read_only
from replay.spherical_splines import interpolation_matrix
from replay.spill import gather, join

__all__ = ["crop_trials", "cut_epochs", "cut_trials", "take", "unscaled"]

_TRIALS_AT_ONCE = 256


def unscaled(spec: PreprocessSpec) -> PreprocessSpec:
    """Return the spec without its last step, which needs a matrix that is fitted on training trials alone."""
    return spec.model_copy(update={"scale": "none", "whitening": "none", "clip": None})


def cut_epochs(
    recording: Recording,
    preprocess: PreprocessSpec,
    events: EventSpec,
    concepts: Sequence[str],
    left_out: Collection[str] = (),
) -> Iterator[Epoch]:
    """Yield one epoch for each event of a recording, in order; one without data where the window is incomplete.

    Epochs are in microvolts, baseline removed, not scaled. Channels of the recording that are left out are made up
    from the others.
    """
    clock = VirtualClock()
    source = ArraySource(recording, chunk=4096, clock=clock)
    epocher = Epocher(
        source.spec,
        unscaled(preprocess),
        events,
        QualitySpec(),
        concepts,
        clock,
        interpolate=interpolation_matrix,
    )
    epocher.preprocessor.leave_out(left_out)
    while (batch := source.pull(0.0)) is not None:
        yield from epocher.feed(batch)
    yield from epocher.finish()


def cut_trials(
    recordings: Iterable[Recording],
    preprocess: PreprocessSpec,
    events: EventSpec,
    concepts: Sequence[str],
    images: Sequence[NDArray[np.int64]] | None = None,
    left_out: Collection[str] = (),
) -> TrialSet:
    """Cut the trials of known concept out of recordings.

    Parameters
    ----------
    recordings
        In the order in which their trials are wanted; each is let go when it is cut.
    preprocess, events
        As live.
    concepts
        Names; trials of anything else are left out.
    images
        For each recording the picture of each event, (n_events,) in order.
    left_out
        Labels of channels whose signal is not to be used; they are made up from the others.

    Returns
    -------
    trials
        Epochs in microvolts, baseline removed, not scaled.

    Raises
    ------
    FormatError
        If there is no complete trial of a known concept.
    """
    told: list[_Told] = []
    read: list[_Source] = []

    def epochs() -> Iterator[NDArray[np.float32]]:
        for at, recording in enumerate(recordings):
            read.append((dict(recording.provenance), recording.reference))
            shown = None if images is None else images[at]
            for data, trial in _trials(recording, at, preprocess, events, concepts, shown, left_out):
                told.append(trial)
                yield data

    cut = epochs()
    if (first := next(cut, None)) is None:
        raise FormatError(
            f"no complete trial of {', '.join(list(concepts)[:5])} in {len(read)} recordings: check "
            "events.lock, events.concepts and events.time_from against the markers"
        )
    return _trial_set(join(itertools.chain([first], cut)), told, read, preprocess, concepts)


_Source = tuple[dict[str, Any], str | None]
"""Provenance and reference of a recording."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a complete epoch of a known concept."""

    concept: int
    image: int
    groups: Mapping[str, str | float]


def _trial_set(
    data: NDArray[np.float32],
    told: Sequence[_Told],
    read: Sequence[_Source],
    preprocess: PreprocessSpec,
    concepts: Sequence[str],
) -> TrialSet:
    references = {reference for _, reference in read}
    return TrialSet(
        data=read_only(data),
        sfreq=preprocess.sfreq,
        tmin=preprocess.tmin,
        channels=_channels(preprocess),
        concept_names=tuple(concepts),
        concepts=read_only(np.array([trial.concept for trial in told], np.int64)),
        images=read_only(np.array([trial.image for trial in told], np.int64)),
        groups={
            name: read_only(np.array([trial.groups[name] for trial in told]))
            for name in ("subject", "session", "recording", "repetition", "onset")
        },
        provenance={
            "recordings": [provenance for provenance, _ in read],
            "reference": references.pop() if len(references) == 1 else None,
            "unit": "microvolts, not scaled",
        },
    )


def _trials(
    recording: Recording,
    at: int,
    preprocess: PreprocessSpec,
    events: EventSpec,
    concepts: Sequence[str],
    images: NDArray[np.int64] | None,
    left_out: Collection[str],
) -> Iterator[tuple[NDArray[np.float32], _Told]]:
    """Yield the epochs (n_channels, n_times) of a recording, the `at`-th of all, and what is told of them.

    What its provenance does not name has this number.
    """
    names: dict[str, str | float] = {
        name: str(recording.provenance.get(name, at)) for name in ("subject", "session", "recording")
    }
    shown: Counter[int] = Counter()
    for number, epoch in enumerate(cut_epochs(recording, preprocess, events, concepts, left_out)):
        if epoch.truth is None or epoch.data is None:
            continue
        image = _picture(epoch, events) if images is None else int(images[number])
        onset = epoch.onset - recording.segments[0][1]
        groups = {**names, "repetition": shown[epoch.truth], "onset": onset}
        yield epoch.data, _Told(epoch.truth, image, groups)
        shown[epoch.truth] += 1


def _picture(epoch: Epoch, events: EventSpec) -> int:
    """Return the picture that a marker numbers, -1 if it numbers none."""
    if events.pictures_from is None or epoch.marker is None or not epoch.marker.value.isdecimal():
        return -1
    return int(epoch.marker.value) - events.pictures_from


def crop_trials(trials: TrialSet, spec: PreprocessSpec) -> TrialSet:
    """Preprocess trials that exist only as epochs, each one alone; not scaled.

    The trials may be mapped and larger than memory: they are read some at a time, and the result, float32, lies in
    a temporary file if it is large.

    Raises
    ------
    MismatchError
        If `spec` is not in epoch mode, or wants a window that the epochs do not hold.
    FormatError
        If an epoch holds NaN or infinity.
    """
    if spec.mode != "epoch":
        raise MismatchError('these data exist only as epochs: set preprocess.mode = "epoch"')
    stream = StreamSpec("trials", "EEG", "", trials.sfreq, trials.channels, trials.provenance.get("reference"))
    preprocessor = Preprocessor(unscaled(spec), stream, interpolation_matrix)
    first, n = preprocessor.block(-round(trials.tmin * trials.sfreq))
    n_times = trials.data.shape[2]
    if first < 0 or first + n > n_times:
        raise MismatchError(
            f"expected epochs that hold {spec.tmin:g} to {spec.tmax:g} s and the baseline; they hold "
            f"{trials.tmin:g} to {trials.tmin + n_times / trials.sfreq:g} s"
        )

    def crop(at: int) -> NDArray[np.float32]:
        epoch = preprocessor.finish(preprocessor.pick(trials.data[at].T)[first : first + n])
        if not np.isfinite(epoch).all():
            raise FormatError(f"trial {at}: expected numbers, got NaN or infinity: copy the file again")
        return epoch

    blocks = (
        np.stack([crop(at) for at in range(start, min(start + _TRIALS_AT_ONCE, len(trials)))])
        for start in range(0, len(trials), _TRIALS_AT_ONCE)
    )
    data = gather(blocks, (len(trials), len(spec.channels), spec.n_times))
    return replace(trials, data=data, sfreq=spec.sfreq, tmin=spec.tmin, channels=_channels(spec))


def take(trials: TrialSet, index: NDArray[np.int64]) -> TrialSet:
    """Return some of the trials, in the order given."""
    return replace(
        trials,
        data=read_only(trials.data[index]),
        concepts=read_only(trials.concepts[index]),
        images=read_only(trials.images[index]),
        groups={name: read_only(column[index]) for name, column in trials.groups.items()},
    )


def _channels(spec: PreprocessSpec) -> tuple[Channel, ...]:
    return tuple(Channel(label) for label in spec.channels)
