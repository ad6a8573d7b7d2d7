"""What a session says of itself in the description of its decision stream, and how that is read elsewhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bci.errors import ConfigError, FormatError
from bci.specs import RandomisationSpec
from bci.storage import SCHEMA
from bci.types import Channel, DecoderSpec, StreamSpec
from bci.viewing import About
from bci.wire import parse

__all__ = ["CHILDREN", "Announced", "announce", "understand"]

CHILDREN = ("model", "bank", "preprocess", "concepts", "about")
"""Values under `desc`."""
LONGEST = 2**22  # characters of one of them
LONGEST_WHY = 200  # characters of what is wrong: it may quote what was sent
MOST_OF_A_BLOCK = 10**6  # times that a block may show a concept

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Announced:
    """What a session elsewhere said: what stays the same while it runs, and the order it declared, if any."""

    about: About
    order: RandomisationSpec | None


def announce(
    decoder: DecoderSpec, about: About | None = None, order: RandomisationSpec | None = None
) -> dict[str, str]:
    """Return the values under `desc`; pictures of concepts and where the session is written stay at home.

    Raises
    ------
    ConfigError
        If names and categories of the concepts are too many to be sent.
    """
    told = {
        "model": decoder.model,
        "bank": decoder.bank,
        "preprocess": decoder.preprocess,
        "concepts": json.dumps(decoder.concepts, ensure_ascii=False),
    }
    if about is not None:
        told["about"] = json.dumps(_facts(about, order), ensure_ascii=False)
    if (longest := max(map(len, told.values()))) > LONGEST:
        raise ConfigError(
            f"expected a description of at most {LONGEST} characters to send, got {longest} for "
            f"{len(decoder.concepts)} concepts: rank against a smaller bank"
        )
    return told


def _facts(about: About, order: RandomisationSpec | None) -> dict[str, Any]:
    stream = about.stream
    return {
        "schema": SCHEMA,
        "stream": {
            "name": stream.name,
            "type": stream.type,
            "source_id": stream.source_id,
            "sfreq": stream.sfreq,
            "reference": stream.reference,
            "device": stream.device,
            "delay": stream.delay,
            "channels": [[channel.label, channel.kind, channel.unit] for channel in stream.channels],
        },
        "channels": about.decoder.channels,
        "sfreq": about.decoder.sfreq,
        "n_times": about.decoder.n_times,
        "decoder_name": about.decoder_name,
        "vision_model": about.vision_model,
        "window": about.window,
        "budget": about.budget,
        "filters": about.filters,
        "trained_on": about.trained_on,
        "interpolated": about.interpolated,
        "synthetic": about.synthetic,
        "mismatch": about.mismatch,
        "categories": about.categories,
        "positions": None if about.positions is None else [_place(place) for place in about.positions.tolist()],
        "calibration": None if about.calibration is None else dict(about.calibration),
        "personal": None if about.personal is None else dict(about.personal),
        "paradigm": about.paradigm,
        "stopping": about.stopping,
        "randomisation": None if order is None else order.model_dump(mode="json"),
        "hide_truth": about.hide_truth,
    }


def _place(place: list[float]) -> list[float] | None:
    return None if np.isnan(place).any() else [round(at, 4) for at in place]


# ---------------------------------------------------------------------------------------------- the way back


class _Strict(BaseModel):
    """What is read: nothing is converted, no number is infinite; what else is said is left alone."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


_Rate = Annotated[float, Field(gt=0, le=1e6)]
_Seconds = Annotated[float, Field(ge=-3600, le=3600)]
_Place = Annotated[float, Field(ge=-100, le=100)]  # radii of the head


class _Stream(_Strict):
    name: str
    type: str
    source_id: str
    sfreq: _Rate
    reference: str | None
    device: str
    delay: Annotated[float, Field(ge=-1, le=2)]
    channels: Annotated[tuple[tuple[str, str, str], ...], Field(min_length=1, max_length=4096)]


class _Facts(_Strict):
    stream: _Stream
    channels: tuple[str, ...]
    sfreq: _Rate
    n_times: Annotated[int, Field(gt=0, le=10**9)]
    decoder_name: str
    vision_model: str
    window: tuple[_Seconds, _Seconds]
    budget: _Seconds
    filters: str
    trained_on: str
    interpolated: tuple[str, ...]
    synthetic: bool
    mismatch: str | None = None
    categories: tuple[str, ...]
    positions: tuple[tuple[_Place, _Place] | None, ...] | None
    calibration: dict[str, Any] | None
    personal: dict[str, Any] | None = None
    paradigm: str | None
    stopping: str | None = None
    randomisation: RandomisationSpec | None
    hide_truth: bool


_CONCEPTS: TypeAdapter[tuple[str, ...]] = TypeAdapter(
    Annotated[tuple[str, ...], Field(min_length=1)], config=ConfigDict(strict=True)
)
_FACTS = TypeAdapter(_Facts)


def understand(told: Mapping[str, str], origin: str) -> Announced:
    """Read what `announce` wrote.

    Parameters
    ----------
    told
        The values under `desc`, from anywhere: they are not trusted.
    origin
        What the session is to be called, in words.

    Raises
    ------
    FormatError
        If something is missing, is not what it should be, or has a higher schema.
    """
    if missing := [child for child in CHILDREN if not told.get(child)]:
        raise FormatError(
            f"expected a decision stream that describes its session, got one without {', '.join(missing)}: "
            "update bci-live there"
        )
    if (longest := max(len(told[child]) for child in CHILDREN)) > LONGEST:
        raise FormatError(
            f"expected a description of at most {LONGEST} characters, got {longest}: is it written by bci?"
        )
    parse(told["about"], LONGEST, "the description of a session")
    facts = _read(_FACTS, told["about"])
    concepts = _read(_CONCEPTS, told["concepts"])
    _check(facts, concepts)
    decoder = DecoderSpec(
        channels=facts.channels,
        sfreq=facts.sfreq,
        n_times=facts.n_times,
        preprocess=told["preprocess"],
        concepts=concepts,
        model=told["model"],
        bank=told["bank"],
        calibration=None if facts.personal is None else str(facts.personal.get("id")),
    )
    # what is hidden does not come over the wire, so nothing can be bet on
    return Announced(_about(facts, decoder, origin), None if facts.hide_truth else facts.randomisation)


def _about(facts: _Facts, decoder: DecoderSpec, origin: str) -> About:
    return About(
        origin=origin,
        stream=StreamSpec(
            name=facts.stream.name,
            type=facts.stream.type,
            source_id=facts.stream.source_id,
            sfreq=facts.stream.sfreq,
            channels=tuple(Channel(*channel) for channel in facts.stream.channels),
            reference=facts.stream.reference,
            device=facts.stream.device,
            delay=facts.stream.delay,
        ),
        decoder=decoder,
        decoder_name=facts.decoder_name,
        vision_model=facts.vision_model,
        window=facts.window,
        budget=facts.budget,
        filters=facts.filters,
        trained_on=facts.trained_on,
        interpolated=facts.interpolated,
        synthetic=facts.synthetic,
        mismatch=facts.mismatch,
        categories=facts.categories,
        positions=None if facts.positions is None else _positions(facts.positions),
        calibration=facts.calibration,
        personal=facts.personal,
        paradigm=facts.paradigm,
        stopping=facts.stopping,
        hide_truth=facts.hide_truth,
    )


def _positions(places: Sequence[tuple[float, float] | None]) -> NDArray[np.float32]:
    return np.array([(np.nan, np.nan) if place is None else place for place in places], np.float32)


def _check(facts: _Facts, concepts: tuple[str, ...]) -> None:
    """Refuse what fits no session, though each fact by itself may stand."""
    _expect_equally_many("concepts", concepts, "categories", facts.categories or concepts)
    channels = facts.stream.channels
    _expect_equally_many(
        "channels", channels, "positions", channels if facts.positions is None else facts.positions
    )
    if len(set(concepts)) != len(concepts):
        raise FormatError("expected every concept of a session once, got some twice")
    shares = {} if facts.randomisation is None else facts.randomisation.shares
    if not shares.keys() <= set(concepts) or max(shares.values(), default=1) > MOST_OF_A_BLOCK:
        raise FormatError(
            f"expected an order of the concepts of the session, each at most {MOST_OF_A_BLOCK} times, got another"
        )


def _expect_equally_many(name: str, those: Sequence[object], others: str, these: Sequence[object]) -> None:
    if len(those) != len(these):
        raise FormatError(
            f"expected a description of a session with as many {others} as {name}, "
            f"got {len(these)} and {len(those)}"
        )


def _read(adapter: TypeAdapter[_T], text: str) -> _T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}: " if first["loc"] else ""
        raise FormatError(f"expected the description of a session: {where}{first['msg'][:LONGEST_WHY]}") from None
