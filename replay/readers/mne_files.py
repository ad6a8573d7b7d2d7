"""BrainVision, EDF, BDF, FIF and EEGLAB files, through MNE (https://mne.tools).

Volts become microvolts, trigger channels and annotations become markers, and whatever interrupts the recording
becomes a gap, so that no epoch reaches across it:

- annotations `BAD...` that last: their samples are left out;
- `boundary` (EEGLAB), `BAD boundary` (MNE) and a later `New Segment` (BrainVision): samples are missing there, as
  many as the annotation lasts; where it does not say, one.
"""

import struct
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError, StreamError
from bci.roles import Role, check_range, role_of
from bci.triggers import TriggerDecoder
from bci.types import Channel, Recording
from replay.readers.brainvision_header import common_reference, declared_samples, header_channels
from replay.readers.cuts import Cut, Span, place, segments, spans
from replay.readers.provenance import describe
from replay.recording_file import Header, decode_marker, parse_header
from replay.spill import gather

__all__ = ["read_mne"]

_SAMPLES_AT_ONCE = 2**15
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
    ConfigParserError,
)
"""What MNE raises for files that are damaged, incomplete or of a kind that it does not read."""

_VOLT = 107  # FIFF_UNIT_V
_CHECKED = 60.0  # s of data whose range must fit the unit
_HANDED_ON = (Role.EEG, Role.EOG, Role.AUX)
_NO_MARKER = ("bad", "edge boundary", "boundary", "new segment")
_COMPOSITE = ("STI101", "STI 014", "STI014")
"""Trigger channels of Elekta that hold the bits of all others."""


def read_mne(path: Path, events: Iterable[tuple[float, str]] | None = None) -> Recording:
    """Read one recording through MNE.

    Parameters
    ----------
    path
        `.vhdr` (its `.vmrk` and data file beside it), `.edf`, `.bdf`, `.fif` or `.set`.
    events
        (seconds since the beginning of the file, value) of the markers, instead of those in the file.

    Returns
    -------
    Recording
        All channels but triggers; voltages in microvolts, other quantities in SI units; in a temporary file if
        it is large. Markers are annotations
        (without the `Stimulus/` of BrainVision) and the onsets of trigger channels; one inside an interruption
        goes to the last sample before it, so that its epoch meets the gap. Time starts at 0 with the file. What
        MNE warns of stands in `provenance["caveats"]`.

    Raises
    ------
    FormatError
        If the file is damaged or incomplete, has no EEG channel, or holds NaN.
    """
    raw, warned = _open(path)
    header = parse_header(raw.info["description"], path)
    whole = header is not None and header.n_times == raw.n_times and raw.first_samp == 0
    left = spans([] if whole else _cuts(raw), int(raw.n_times))
    if not left:
        raise FormatError(f"{path}: expected samples, got none that are not marked bad: nothing is left to read")
    columns = _columns(path, raw, header)
    data = _data(path, raw, columns, left)
    channels = tuple(column.channel for column in columns if column.role in _HANDED_ON)
    if header is None:
        _check(path, data, channels, raw.info["sfreq"])
    markers = place(_markers(path, raw, header, columns) if events is None else _at_samples(raw, events), left)
    return Recording(
        data=data,
        sfreq=float(raw.info["sfreq"]),
        segments=header.segments if header and whole else segments(left, raw.info["sfreq"]),
        markers=markers,
        channels=channels,
        reference=header.reference if header else common_reference(header_channels(path)),
        provenance=_provenance(path, header, warned),
        sources=_sources(header, markers) if whole else (),
    )


def _sources(header: Header | None, markers: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Return who told each marker, as far as that was written down."""
    return tuple(header.sources.get(marker, "") for marker in markers) if header and header.sources else ()


# ------------------------------------------------------------------------------------------------ opening


def _open(path: Path) -> tuple[Any, tuple[str, ...]]:
    """MNE's Raw, nothing loaded yet, and what MNE warned of."""
    if path.stat().st_size == 0:
        raise FormatError(f"{path}: expected a recording, got an empty file; copy it again")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            raw = _opener(path)(path, verbose="warning")
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise FormatError(f"{path} is damaged or incomplete, MNE cannot read it: {reason}") from None
    _check_length(path, int(raw.n_times))
    return raw, tuple(" ".join(str(warning.message).split()) for warning in caught)


def _check_length(path: Path, n_times: int) -> None:
    """Refuse a BrainVision data file that was cut: of a vectorised one MNE would mix up the channels."""
    declared = declared_samples(path)
    if n_times == 0 or (declared is not None and declared != n_times):
        expected = "samples" if declared is None else f"{declared} samples, as its header says"
        raise FormatError(f"{path}: expected {expected}, got {n_times} in its data file; copy it again")


def _opener(path: Path) -> Callable[..., Any]:
    from functools import partial  # noqa: PLC0415

    from mne import io  # noqa: PLC0415 (seconds that other formats need not wait for)

    by_suffix: dict[str, Callable[..., Any]] = {
        ".vhdr": io.read_raw_brainvision,
        ".edf": partial(io.read_raw_edf, infer_types=True),
        ".bdf": partial(io.read_raw_bdf, infer_types=True),
        ".set": io.read_raw_eeglab,
    }
    opener: Callable[..., Any] = by_suffix.get(path.suffix.lower(), io.read_raw_fif)
    return opener


def _provenance(path: Path, header: Header | None, warned: Sequence[str]) -> dict[str, Any]:
    if header is None:
        return describe(path, *warned)
    caveats = [*header.provenance.get("caveats", []), *warned]
    return {**header.provenance, "caveats": caveats} if caveats else header.provenance


# ------------------------------------------------------------------------------------------------ channels


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the file: where it stands, what it is for, and the factor from MNE's unit."""

    index: int
    channel: Channel
    role: Role
    gain: float


def _columns(path: Path, raw: Any, header: Header | None) -> list[_Column]:
    """All columns, in order."""
    known = {channel.label: channel for channel in header.channels} if header else {}
    declared = header_channels(path)
    columns = []
    for index, (label, kind) in enumerate(zip(raw.ch_names, raw.get_channel_types(), strict=True)):
        in_volts = int(raw.info["chs"][index]["unit"]) == _VOLT
        # BrainVision declares no types, and MNE calls `misc` what has no position there
        untyped = label in declared and declared[label].in_volts
        columns.append(_column(index, label, "eeg" if untyped else kind, in_volts or untyped, known.get(label)))
    return columns


def _column(index: int, label: str, kind: str, in_volts: bool, known: Channel | None) -> _Column:
    if kind == "stim":
        return _Column(index, Channel(label, "stim", "unknown"), Role.TRIGGER, 1.0)
    role = role_of(label, kind)
    channel = known or Channel(label, str(role), "microvolts" if in_volts else "unknown")
    handed_on = Role.AUX if known else role  # what we wrote ourselves has no service columns left
    return _Column(index, channel, handed_on, 1e6 if channel.unit == "microvolts" else 1.0)


# ------------------------------------------------------------------------------------------------ samples


def _data(path: Path, raw: Any, columns: Sequence[_Column], left: Sequence[Span]) -> NDArray[np.float32]:
    """(n_times, n_channels) samples of all spans, read piece by piece."""
    used = [column for column in columns if column.role in _HANDED_ON]
    pieces = (_numbers(path, raw, used, first, stop) for first, stop in _pieces(left))
    return gather(pieces, (sum(map(len, left)), len(used)))


def _numbers(path: Path, raw: Any, columns: Sequence[_Column], first: int, stop: int) -> NDArray[np.float32]:
    """(n_times, n_columns) values, checked."""
    values = _read(path, raw, columns, first, stop).astype(np.float32)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise FormatError(
            f"{path}: expected numbers everywhere, got {values[row, column]} in channel "
            f"{columns[column].channel.label} at sample {first + row}: annotate the stretch as BAD or leave the "
            "file out"
        )
    return values


def _pieces(left: Sequence[Span]) -> Iterator[tuple[int, int]]:
    for span in left:
        for first in range(span.first, span.stop, _SAMPLES_AT_ONCE):
            yield first, min(first + _SAMPLES_AT_ONCE, span.stop)


def _read(path: Path, raw: Any, columns: Sequence[_Column], first: int, stop: int) -> NDArray[np.float64]:
    """(n_times, n_columns) values, voltages in microvolts."""
    try:
        values = raw.get_data(picks=[column.index for column in columns], start=first, stop=stop, verbose="error")
    except _DAMAGE as error:
        raise FormatError(
            f"{path} is damaged or cut short, MNE cannot read samples {first} to {stop}: {error}; copy it again"
        ) from None
    return np.asarray(values.T * [column.gain for column in columns], np.float64)


def _check(path: Path, data: NDArray[np.float32], channels: Sequence[Channel], sfreq: float) -> None:
    """Refuse files without EEG, and values that contradict their unit."""
    if not any(channel.kind == "eeg" for channel in channels):
        labels = ", ".join(channel.label for channel in channels)
        raise FormatError(f"{path}: expected EEG channels, got {labels[:200]}: choose another file")
    try:
        check_range(data[: round(_CHECKED * sfreq)], channels)
    except StreamError as error:
        raise FormatError(f"{path}: {error}") from None


# ------------------------------------------------------------------------------------------------ interruptions


def _annotations(raw: Any) -> Iterator[tuple[int, int, str]]:
    """(sample, number of samples, description) of all annotations that begin inside the file."""
    notes = raw.annotations
    samples = raw.time_as_index(notes.onset, use_rounding=True, origin=notes.orig_time)
    if notes.orig_time is None:  # without a date, MNE counts onsets from sample 0, which is not the file's first
        samples = samples - raw.first_samp
    lengths = np.rint(np.nan_to_num(notes.duration) * raw.info["sfreq"]).astype(int)
    for sample, length, text in zip(samples, lengths, notes.description, strict=True):
        if 0 <= sample < raw.n_times:
            yield int(sample), int(length), str(text)


def _cuts(raw: Any) -> list[Cut]:
    found = []
    for sample, length, text in _annotations(raw):
        low = text.lower()
        if low == "boundary" or (low.startswith("new segment") and sample > 0):
            found.append(Cut(sample, sample, max(1, length)))
        elif low.startswith("bad") and length == 0:
            found.append(Cut(sample, sample, 1))
        elif low.startswith("bad"):
            found.append(Cut(sample, sample + length))
    return found


# ------------------------------------------------------------------------------------------------ markers


def _markers(path: Path, raw: Any, header: Header | None, columns: Sequence[_Column]) -> list[tuple[int, str]]:
    """(sample in the file, value) of the markers that the file itself holds."""
    return [*_annotated(raw, header), *_triggers(path, raw, columns)]


def _at_samples(raw: Any, events: Iterable[tuple[float, str]]) -> Iterator[tuple[int, str]]:
    """(sample in the file, value) of events that lie in it."""
    for seconds, value in events:
        sample = round(seconds * raw.info["sfreq"])
        if 0 <= sample < raw.n_times:
            yield sample, value


def _annotated(raw: Any, header: Header | None) -> Iterator[tuple[int, str]]:
    """(sample in the file, value) of the annotations that are markers."""
    for sample, _, text in _annotations(raw):
        if not text.lower().startswith(_NO_MARKER):
            yield sample, decode_marker(text) if header else text.removeprefix("Stimulus/")


def _triggers(path: Path, raw: Any, columns: Sequence[_Column]) -> Iterator[tuple[int, str]]:
    """(sample in the file, value) of the onsets in the trigger channels."""
    mask = 0xFFFF if path.suffix.lower() == ".bdf" else -1  # the upper bits of BioSemi tell of the amplifier
    for column in _trigger_columns(columns):
        decoder = TriggerDecoder()
        for first, stop in _pieces([Span(0, int(raw.n_times), 0)]):
            words = np.rint(_read(path, raw, [column], first, stop)[:, 0]).astype(np.int64) & mask
            yield from ((onset.sample, str(onset.value)) for onset in decoder.feed(words, first))


def _trigger_columns(columns: Sequence[_Column]) -> list[_Column]:
    triggers = {column.channel.label: column for column in columns if column.role is Role.TRIGGER}
    composite = [triggers[name] for name in _COMPOSITE if name in triggers]
    return composite[:1] or list(triggers.values())
