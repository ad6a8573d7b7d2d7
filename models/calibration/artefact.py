"""The artefact of a calibration: a folder beside the bundle, named by the hash of what is in it.

`calibration.safetensors` holds the matrix that epochs are multiplied by and the decoder's arrays, if it has one of
its own; `calibration.json` the rest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from bci.errors import FormatError, MismatchError
from bci.participant import check_code
from bci.specs import Frozen
from bci.storage import load_json, load_tensors, new_folder, save_json, save_tensors
from bci.types import read_only
from bci.wilson import wilson
from models.bundle import Bundle
from models.config import DecoderConfig
from models.whitening import whitening_id

__all__ = ["FOLDER", "Calibration", "Check", "calibrations", "check_belongs", "described", "find", "load", "save"]

FOLDER = "calibrations"
"""Folder of a bundle in which its calibrations are."""

WEIGHTS = "weights/"

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Check(Frozen):
    """How a decoder did on the last block of a labelled calibration, to which nothing of it had been fitted."""

    n: Annotated[int, Field(ge=1)]
    """Events of the block."""
    hits: Count
    """Of the calibrated decoder: the truth is the best of all concepts."""
    uncalibrated: Count
    """Of the bundle as it was trained, on the same events."""
    candidates: Annotated[int, Field(ge=2)]
    """Concepts that were ranked."""
    chance: Share
    """Share of the block that was the concept shown most often before it; 1 / candidates if that is more."""
    floor: Share
    """What the lower end of the accuracy's interval must exceed."""

    @property
    def accuracy(self) -> float:
        """Share of the block that the calibrated decoder named."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        interval = wilson(self.hits, self.n)
        assert interval is not None  # noqa: S101 (there is at least one event)
        return interval

    @property
    def passed(self) -> bool:
        """Whether the accuracy is good enough to be used live."""
        return self.interval[0] > self.floor


@dataclass(frozen=True)
class Calibration:
    """What a few minutes of a person have come to.

    Parameters
    ----------
    bundle, preprocess
        Id of the bundle, and hash of its preprocessing.
    bank
        Id of the bank that labelled events were ranked against.
    person
        Code of the person, None if none was given.
    date
        When, ISO 8601 in UTC.
    seconds, events
        How much was used: seconds of signal, and labelled events, 0 without labels.
    left_out
        Channel -> why its signal is not used.
    matrix
        (C, C) float64 that epochs are multiplied by: whitening, or alignment (`bci.preprocess.scale_epochs`).
    method
        How the decoder was fitted; `unlabelled` if it was not.
    decoder, weights, temperature
        The decoder that replaces the bundle's; None, empty and None if it stays.
    check
        Accuracy on the last block; None without labels.
    forced
        Whether it may be used live although it did not pass its check.
    note
        What was chosen while it was fitted.
    """

    bundle: str
    preprocess: str
    bank: str
    person: str | None
    date: str
    seconds: float
    events: int
    left_out: Mapping[str, str]
    matrix: NDArray[np.float64]
    method: Literal["unlabelled", "classical", "fine-tune"] = "unlabelled"
    decoder: DecoderConfig | None = None
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    temperature: float | None = None
    check: Check | None = None
    forced: bool = False
    note: str = ""

    @cached_property
    def id(self) -> str:
        """First 8 hex digits of the SHA-256 of all of it."""
        told = described(self)
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode())
        for name, array in sorted(_tensors(self).items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:8]

    @property
    def usable(self) -> bool:
        """Whether a session may use it."""
        return self.check is None or self.check.passed or self.forced


class _Told(Frozen):
    """What `calibration.json` says."""

    schema_: Annotated[int, Field(alias="schema")]
    id: str
    bundle: str
    preprocess: str
    bank: str
    person: str | None
    date: str
    seconds: Annotated[float, Field(ge=0)]
    events: Count
    left_out: dict[str, str]
    matrix_id: str
    method: Literal["unlabelled", "classical", "fine-tune"]
    decoder: DecoderConfig | None
    temperature: Annotated[float, Field(gt=0)] | None
    check: Check | None
    forced: bool
    note: str


def save(folder: Path, calibration: Calibration) -> Path:
    """Write a calibration beside its bundle, and return its own folder.

    Parameters
    ----------
    folder
        Of the bundle.

    Raises
    ------
    OutputError
        If nothing may be written there.
    """
    own = folder / FOLDER / calibration.id
    if not (own / "calibration.json").exists():
        new_folder(own)
        save_tensors(own / "calibration.safetensors", _tensors(calibration), {"id": calibration.id})
        save_json(own / "calibration.json", {"id": calibration.id, **described(calibration)})
    return own


def load(own: Path) -> Calibration:
    """Read a calibration from its folder and check that it is whole.

    Raises
    ------
    FormatError
        If a file is missing, damaged or of a higher schema, or does not belong to the other.
    """
    path = own / "calibration.json"
    try:
        told = _Told.model_validate(load_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FormatError(f"{path} is no valid calibration: {where}: {first['msg']}") from None
    tensors, _ = load_tensors(own / "calibration.safetensors")
    if "matrix" not in tensors:
        raise FormatError(f"{own / 'calibration.safetensors'} holds no calibration: 'matrix' is missing")
    weights = {name.removeprefix(WEIGHTS): read_only(a) for name, a in tensors.items() if name.startswith(WEIGHTS)}
    own_parts = {name: getattr(told, name) for name in _Told.model_fields if name not in _NOT_FIELDS}
    calibration = Calibration(**own_parts, matrix=read_only(tensors["matrix"]), weights=weights)
    if calibration.id != told.id:
        raise FormatError(
            f"{own}: expected calibration {told.id}, its files are those of {calibration.id}: copy it again"
        )
    return calibration


def calibrations(folder: Path) -> Iterator[Calibration]:
    """Yield the calibrations beside a bundle, the oldest first.

    Raises
    ------
    FormatError
        If one is damaged.
    """
    found = [load(path.parent) for path in (folder / FOLDER).glob("*/calibration.json")]
    yield from sorted(found, key=lambda calibration: (calibration.date, calibration.id))


def find(folder: Path, name: str, bundle: Bundle) -> Calibration:
    """Return the calibration of an id, or the newest one for `latest`, and check that it belongs to the bundle.

    Raises
    ------
    MismatchError
        If there is none, it belongs to another bundle, or it did not pass its check.
    FormatError
        If it is damaged.
    """
    found = {calibration.id: calibration for calibration in calibrations(folder)}
    if not found:
        raise MismatchError(f"{folder} has no calibration: make one with bci calibrate {folder}")
    name = next(reversed(found)) if name == "latest" else name
    if name not in found:
        raise MismatchError(
            f"expected latest, none or a calibration of {folder}: {', '.join(found)}; got {name!r}"
        )
    check_belongs(found[name], bundle)
    return found[name]


def check_belongs(calibration: Calibration, bundle: Bundle) -> None:
    """Refuse a calibration that was made with another bundle, or is not good enough.

    Raises
    ------
    MismatchError
        Saying which, and what to do.
    """
    if calibration.bundle != bundle.id or calibration.preprocess != bundle.preprocess.digest:
        raise MismatchError(
            f"calibration {calibration.id} was made with bundle {calibration.bundle} (preprocessing "
            f"{calibration.preprocess[:8]}), this is {bundle.id} ({bundle.preprocess.digest[:8]}): calibrate anew"
        )
    check = calibration.check
    if check is not None and not calibration.usable:
        low, high = check.interval
        raise MismatchError(
            f"calibration {calibration.id} is below its floor: {check.accuracy:.1%} [{low:.1%}, {high:.1%}] of "
            f"{check.n} events, and its lower end must exceed {check.floor:.1%}: record more, or calibrate with "
            "--force"
        )


_NOT_FIELDS = ("schema_", "id", "matrix_id")


def described(calibration: Calibration) -> dict[str, Any]:
    """Return all of a calibration but its arrays, as it stands in JSON.

    Raises
    ------
    ConfigError
        If the person is no code.
    """
    if calibration.person is not None:
        check_code(calibration.person)
    return {
        "bundle": calibration.bundle,
        "preprocess": calibration.preprocess,
        "bank": calibration.bank,
        "person": calibration.person,
        "date": calibration.date,
        "seconds": round(calibration.seconds, 3),
        "events": calibration.events,
        "left_out": dict(calibration.left_out),
        "matrix_id": whitening_id(calibration.matrix),
        "method": calibration.method,
        "decoder": None if calibration.decoder is None else calibration.decoder.model_dump(mode="json"),
        "temperature": calibration.temperature,
        "check": None if calibration.check is None else calibration.check.model_dump(mode="json"),
        "forced": calibration.forced,
        "note": calibration.note,
    }


def _tensors(calibration: Calibration) -> dict[str, NDArray[Any]]:
    weights = {WEIGHTS + name: array for name, array in calibration.weights.items()}
    return {"matrix": calibration.matrix, **weights}
