"""Our own continuous recordings on disk: FIF, which MNE and every tool that reads FIF can open.

Format: https://mne.tools/stable/documentation/implementation.html. Samples are stored as they are, float32
microvolts with a calibration of 1e-6 to volts, so that writing and reading back gives the same bits. Markers are
annotations; what FIF has no place for (gaps, kinds, units, reference, provenance, sources of markers) is JSON in
the description.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bci.errors import FormatError, OutputError
from bci.segments import segments_of
from bci.storage import SCHEMA, check_schema
from bci.types import Channel, Recording

__all__ = ["Header", "decode_marker", "parse_header", "save_recording"]

_SUFFIX = "_raw.fif"
_LONGEST = 2**23  # samples: FIF keeps onsets as float32 seconds, exact to half a sample up to here
_VOLTS = 1e-6
_BOUNDARY = "BAD boundary"
_SPECIAL = ("bad", "edge", "boundary", "new segment")
_MNE_TYPES = ("eeg", "eog", "ecg", "emg")


@dataclass(frozen=True, slots=True)
class Header:
    """What the description of one of our files says beyond FIF.

    Parameters
    ----------
    n_times
        Number of samples when it was written; if the file has another, somebody cut it, and `segments` no longer
        hold.
    segments, channels, reference, provenance
        As in `Recording`.
    sources
        Of each marker, (sample, value), who told it; empty where that is not known.
    """

    n_times: int
    segments: tuple[tuple[int, float], ...]
    channels: tuple[Channel, ...]
    reference: str | None
    provenance: dict[str, Any]
    sources: dict[tuple[int, str], str]


def save_recording(path: Path, recording: Recording) -> None:
    """Write a recording as FIF; `replay.readers.open_recording` reads it back.

    Data come back bit by bit, as do segments, channels and the reference; markers of one sample come back in
    the order of their values, equal ones once; of the provenance comes back what JSON can say. The beginning of
    each segment but the first is annotated `BAD boundary` for other tools.

    Parameters
    ----------
    path
        Where to; the name must end in `_raw.fif`, as MNE has it, and the file must not exist yet.
    recording
        At most 2**23 samples (9 hours at 250 Hz).

    Raises
    ------
    OutputError
        If the name is another, the file exists, or the recording is too long.
    FormatError
        If the segments of the recording contradict each other.
    """
    _check_place(path)
    if len(recording.data) > _LONGEST:
        raise OutputError(
            f"expected at most {_LONGEST} samples, got {len(recording.data)}, in which FIF would misplace "
            "markers: write it in pieces"
        )
    from mne import Annotations, create_info  # noqa: PLC0415
    from mne.io import RawArray  # noqa: PLC0415

    kinds = [channel.kind if channel.kind in _MNE_TYPES else "misc" for channel in recording.channels]
    info = create_info(list(recording.labels), recording.sfreq, kinds)
    units = np.array([_VOLTS if channel.unit == "microvolts" else 1.0 for channel in recording.channels])
    for entry, unit in zip(info["chs"], units, strict=True):
        entry["cal"] = unit
    info["description"] = _header(recording)
    raw = RawArray(recording.data.T * units[:, np.newaxis], info, verbose="error")
    samples, texts = _annotations(recording)
    raw.set_annotations(Annotations(np.array(samples) / recording.sfreq, np.zeros(len(samples)), texts))
    raw.save(path, fmt="single", verbose="error")


def parse_header(description: str | None, path: Path) -> Header | None:
    """Read the description of a FIF file, None if we did not write it.

    Raises
    ------
    FormatError
        If it is ours, but of a higher schema or damaged.
    """
    try:
        body = json.loads(description or "").get("bci")
    except (ValueError, AttributeError):
        return None
    if not isinstance(body, dict):
        return None
    check_schema(body, path)
    try:
        return Header(
            n_times=int(body["n_times"]),
            segments=tuple((int(first), float(start)) for first, start in body["segments"]),
            channels=tuple(Channel(label, kind, unit) for label, kind, unit in body["channels"]),
            reference=body["reference"],
            provenance=dict(body["provenance"]),
            sources={(int(sample), value): source for sample, value, source in body.get("sources", ())},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: its description is damaged, expected what bci writes: {error!r}") from None


def decode_marker(text: str) -> str:
    """Return the marker that an annotation of one of our files stands for."""
    return str(json.loads(text)) if text.startswith('"') else text


def _encode_marker(value: str) -> str:
    """Printable ASCII as it is; the rest, and what FIF or MNE treat specially, as JSON without braces."""
    special = value.lower().startswith(_SPECIAL) or set(value) & set('"\\{&')
    if value and value.isascii() and value.isprintable() and not special:
        return value
    return json.dumps(value).replace("{", "\\u007b").replace("&", "\\u0026")


def _annotations(recording: Recording) -> tuple[list[int], list[str]]:
    breaks = [(segment.first, _BOUNDARY) for segment in segments_of(recording)[1:]]
    markers = [(sample, _encode_marker(value)) for sample, value in recording.markers]
    entries: Sequence[tuple[int, str]] = sorted([*breaks, *markers], key=lambda entry: entry[0])
    return [sample for sample, _ in entries], [text for _, text in entries]


def _header(recording: Recording) -> str:
    body = {
        "schema": SCHEMA,
        "n_times": len(recording.data),
        "segments": recording.segments,
        "channels": [(channel.label, channel.kind, channel.unit) for channel in recording.channels],
        "reference": recording.reference,
        "provenance": dict(recording.provenance),
        "sources": [(*told, source) for told, source in zip(recording.markers, recording.sources, strict=False)],
    }
    return json.dumps({"bci": body}, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return str(value)


def _check_place(path: Path) -> None:
    if not path.name.endswith(_SUFFIX):
        raise OutputError(f"expected a name that ends in {_SUFFIX}, got {path.name}: rename it")
    if path.exists():
        raise OutputError(f"{path} exists already: choose another name or remove it")
