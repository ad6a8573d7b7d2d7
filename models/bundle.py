"""The bundle: a trained decoder as a folder, with all that decides what it computes and how far to trust it.

`model.safetensors` holds weights (the image projection included), `bank.safetensors` the default bank,
`bundle.json` the rest. Torch is not needed to read one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from bci.bank import Bank, load_bank, save_bank
from bci.errors import FormatError, MismatchError
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.storage import load_json, load_tensors, new_folder, save_json, save_tensors
from bci.types import DecoderSpec, read_only
from models.bank_map import with_map
from models.config import ExperimentConfig
from models.whitening import whitening_id

__all__ = [
    "BANK",
    "Bundle",
    "Personal",
    "calibration_for",
    "check_bank",
    "decoder_spec",
    "load_bundle",
    "save_bundle",
    "softmax_temperature",
]

BANK = "bank.safetensors"
"""File of the bundle's own bank."""
WEIGHTS = "weights/"
"""Prefix of the network's arrays in `model.safetensors`."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Whose calibration a bundle has taken in, see `models.calibration.applied`.

    Parameters
    ----------
    id
        Of the calibration.
    bundle
        Id of the bundle as it was trained.
    left_out
        Channels whose signal this person's sessions do without.
    facts
        What screens tell of it: person, method, date, accuracy.
    """

    id: str
    bundle: str
    left_out: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A trained decoder.

    Parameters
    ----------
    config
        The experiment it was trained by; preprocessing, events and quality among it.
    weights
        Arrays by name, as the decoder's `fit` returned them.
    bank
        What it ranks against unless another bank is given.
    centre
        (D,) float32 mean of the unit-norm training prototypes, subtracted if the bank's key says `centred-unit`.
    temperature
        Of the softmax over cosines, as trained.
    reference
        Recording reference of the training data, None if unknown.
    whitening
        (C, C) float64 matrix fitted on training epochs, or None; of a person, see `bci.preprocess.scale_epochs`.
    covariance
        (C, C) float64 mean covariance of the training epochs, squared microvolts, which a person's are aligned
        with; None where they are whitened, or an earlier version trained.
    personal
        The person's calibration that is in it, None in one as it was trained.
    calibration
        Temperature and discount fitted to trials that were left out, and what they belong to, see
        `models.probabilities`; None while probabilities are raw.
    provenance
        Where the training data come from.
    card
        Protocol card: protocol, trials, concepts, subjects, recordings used and held out, seeds, candidates,
        window, causal or not, date.
    """

    config: ExperimentConfig
    weights: Mapping[str, NDArray[Any]]
    bank: Bank
    centre: NDArray[np.float32]
    temperature: float
    reference: str | None = None
    whitening: NDArray[np.float64] | None = None
    covariance: NDArray[np.float64] | None = None
    personal: Personal | None = None
    calibration: Mapping[str, Any] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """First 8 hex digits of the SHA-256 of the decoder's config, the weights and the centre, as trained."""
        if self.personal is not None:
            return self.personal.bundle
        digest = hashlib.sha256(self.config.decoder.model_dump_json().encode())
        for name, array in sorted({**self.weights, "centre": self.centre}.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:8]

    @property
    def preprocess(self) -> PreprocessSpec:
        """How raw microvolts become what it sees."""
        return self.config.preprocess

    @property
    def events(self) -> EventSpec:
        """Which markers make an event."""
        return self.config.events

    @property
    def quality(self) -> QualitySpec:
        """When an epoch is flagged."""
        return self.config.quality

    @property
    def synthetic(self) -> bool:
        """Whether what it was trained on was made up: then so is the data that it is for."""
        return self.config.data.reader == "world" or bool(self.provenance.get("synthetic"))

    @property
    def channels(self) -> tuple[str, ...]:
        """Labels that it expects, in its order."""
        return self.preprocess.channels

    @cached_property
    def whitening_id(self) -> str | None:
        """First 8 hex digits of the SHA-256 of the whitening matrix; None without one."""
        return None if self.whitening is None else whitening_id(self.whitening)


def decoder_spec(bundle: Bundle, bank: Bank) -> DecoderSpec:
    """Return what a bundle expects and ranks if it is used with a bank."""
    spec = bundle.preprocess
    return DecoderSpec(
        channels=bundle.channels,
        sfreq=spec.sfreq,
        n_times=spec.n_times,
        preprocess=spec.digest,
        concepts=bank.names,
        model=bundle.id,
        bank=bank.id,
        calibration=None if bundle.personal is None else bundle.personal.id,
        p_kind="raw" if calibration_for(bundle, bank) is None else "calibrated",
    )


def calibration_for(bundle: Bundle, bank: Bank, n_candidates: int | None = None) -> Mapping[str, Any] | None:
    """Return the bundle's calibration if it is of single trials of this decoder, this bank and as many concepts.

    Parameters
    ----------
    n_candidates
        How many of the bank's concepts compete, by default all.

    Returns
    -------
    calibration
        None if there is none that belongs: then probabilities are raw.
    """
    calibration = bundle.calibration or {}
    belongs = {"bank": bank.id, "n": n_candidates or len(bank.names), "k": 1}
    made_by = {"model": bundle.id, "whitening": bundle.whitening_id}
    if any(calibration.get(key) != value for key, value in belongs.items()):
        return None
    return calibration if all(calibration.get(key, value) == value for key, value in made_by.items()) else None


def softmax_temperature(bundle: Bundle, bank: Bank) -> float:
    """Return the temperature of the softmax over scores: that calibrated for the bank, or else the trained one."""
    calibration = calibration_for(bundle, bank)
    return bundle.temperature if calibration is None else float(calibration["temperature"])


def check_bank(bundle: Bundle, bank: Bank) -> None:
    """Refuse a bank whose vectors mean something else than those the decoder was trained on.

    Raises
    ------
    MismatchError
        Naming the fields of the key that differ.
    """
    if differing := bundle.bank.key.differences(bank.key):
        raise MismatchError(f"the bank does not fit the decoder: {differing}; embed its concepts the same way")
    if bank.prototypes.shape[1] != bundle.bank.prototypes.shape[1]:
        raise MismatchError(
            f"the bank does not fit the decoder: expected vectors of length {bundle.bank.prototypes.shape[1]}, "
            f"got {bank.prototypes.shape[1]}"
        )


def save_bundle(folder: Path, bundle: Bundle) -> None:
    """Write a bundle.

    Raises
    ------
    OutputError
        If the folder is not empty.
    """
    new_folder(folder)
    tensors: dict[str, NDArray[Any]] = {WEIGHTS + name: array for name, array in bundle.weights.items()}
    tensors["centre"] = bundle.centre
    matrices = {"whitening": bundle.whitening, "covariance": bundle.covariance}
    tensors |= {name: matrix for name, matrix in matrices.items() if matrix is not None}
    save_tensors(folder / "model.safetensors", tensors, {"id": bundle.id})
    # rankings need prototypes alone; training pictures can be many
    save_bank(folder / BANK, with_map(replace(bundle.bank, images=None, owner=None)))
    save_json(folder / "bundle.json", _describe(bundle))


def _describe(bundle: Bundle) -> dict[str, Any]:
    config = bundle.config.model_dump(mode="json")
    spec = bundle.preprocess
    return {
        "id": bundle.id,
        "bank": bundle.bank.id,
        "channels": list(bundle.channels),
        "reference": bundle.reference,
        "sfreq": spec.sfreq,
        "window": [spec.tmin, spec.tmax],
        "whitening_id": bundle.whitening_id,
        "temperature": bundle.temperature,
        "calibration": bundle.calibration,
        "decoder": config.pop("decoder"),
        "preprocess": config.pop("preprocess"),
        "preprocess_hash": spec.digest,
        "events": config.pop("events"),
        "quality": config.pop("quality"),
        "experiment": config,
        "provenance": dict(bundle.provenance),
        "card": dict(bundle.card),
    }


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and check that it is whole.

    Raises
    ------
    FormatError
        If a file is missing, damaged or of a higher schema, or does not belong to the others.
    MismatchError
        If the preprocessing of this version computes another hash from the stored spec than the bundle holds.
    """
    if not (folder / "bundle.json").is_file():
        raise FormatError(f"expected a bundle, a folder with bundle.json; {folder} has none")
    body = load_json(folder / "bundle.json")
    config = _config(body, folder / "bundle.json")
    _check_digest(config.preprocess, body.get("preprocess_hash"), folder)
    tensors, _ = load_tensors(folder / "model.safetensors")
    if "centre" not in tensors:
        raise FormatError(f"{folder / 'model.safetensors'} holds no decoder of this kind: 'centre' is missing")
    weights = {name.removeprefix(WEIGHTS): read_only(a) for name, a in tensors.items() if name.startswith(WEIGHTS)}
    bundle = Bundle(
        config=config,
        weights=weights,
        bank=load_bank(folder / BANK),
        centre=read_only(tensors["centre"]),
        temperature=_number(body, "temperature", folder),
        reference=body.get("reference"),
        whitening=_matrix(tensors, "whitening"),
        covariance=_matrix(tensors, "covariance"),
        calibration=body.get("calibration"),
        provenance=body.get("provenance", {}),
        card=body.get("card", {}),
    )
    _check_parts(bundle, body, folder)
    return bundle


def _matrix(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float64] | None:
    return read_only(tensors[name]) if name in tensors else None


def _check_parts(bundle: Bundle, body: Mapping[str, Any], folder: Path) -> None:
    """Refuse files that do not belong together, and a description that contradicts them or itself."""
    if bundle.id != body.get("id"):
        raise FormatError(
            f"{folder}: expected the weights of bundle {body.get('id')}, got those of {bundle.id}; "
            "its files do not belong together: copy it again"
        )
    described = _describe(bundle)
    for name in ("bank", "whitening_id", "channels", "sfreq", "window"):
        if described[name] != body.get(name):
            raise FormatError(
                f"{folder}: bundle.json says {name} = {body.get(name)}, its files say {described[name]}; "
                "they do not belong together: copy it again"
            )


def _config(body: Mapping[str, Any], path: Path) -> ExperimentConfig:
    parts = {name: body.get(name) for name in ("preprocess", "events", "quality")}
    experiment = body.get("experiment")
    if not isinstance(experiment, dict):
        raise FormatError(f"{path} is no bundle: expected a table 'experiment', got {experiment!r}")
    try:
        return ExperimentConfig.model_validate({**experiment, **parts, "decoder": body.get("decoder")})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FormatError(f"{path} is no valid bundle: {where}: {first['msg']}") from None


def _check_digest(spec: PreprocessSpec, stored: object, folder: Path) -> None:
    if spec.digest != stored:
        raise MismatchError(
            f"{folder} was trained with preprocessing {str(stored)[:8]}, this version computes "
            f"{spec.digest[:8]} from its spec: train it again with this version, or use the version that made it"
        )


def _number(body: Mapping[str, Any], key: str, folder: Path) -> float:
    value = body.get(key)
    if not isinstance(value, int | float) or not value > 0:
        raise FormatError(f"{folder / 'bundle.json'}: expected a positive number under {key!r}, got {value!r}")
    return float(value)
