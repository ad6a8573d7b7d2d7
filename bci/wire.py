"""A decision on the wire and in `decisions.jsonl`: one line of JSON, schema 1."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bci.errors import FormatError, MismatchError
from bci.storage import SCHEMA
from bci.types import Decision, DecoderSpec, Evidence, Marker, Ranking, SourceState, Status, read_only
from bci.verdict import STAGES

__all__ = ["NAMED", "Header", "decode", "encode", "parse"]

NAMED = 5
"""Concepts that a line names; fewer only if there are fewer."""
LONGEST = 2**16  # characters of a line that is read

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Header:
    """What a line tells beside the decision itself.

    Parameters
    ----------
    decoder
        Concepts and identifiers, for decisions that do not say what made them.
    hide_truth
        Leave truth and rank out: a participant may see the screen.
    """

    decoder: DecoderSpec
    hide_truth: bool = False


def encode(decision: Decision, header: Header) -> str:
    """Return the decision as one line of JSON (no newline)."""
    spec = decision.decoder or header.decoder
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "seq": decision.seq,
        "marker": None if decision.marker is None else decision.marker.value,
        "onset": decision.onset,
        "status": str(decision.status),
        "reason": decision.reason,
        **({} if header.hide_truth else _truth(decision, spec)),
        "n": len(spec.concepts),
        "group": decision.group,
        "n_avg": 1,
        "top": [] if decision.ranking is None else _top(decision.ranking, spec),
        "p_kind": spec.p_kind,
        "evidence": None if decision.evidence is None else _evidence(decision.evidence, spec),
        "latency_ms": _ms(decision.latency),
        "stages_ms": {stage: _ms(decision.stages[stage]) for stage in STAGES},
        "model": spec.model,
        "bank": spec.bank,
        "preprocess": spec.preprocess[:8],
        "calibration": spec.calibration,
        "mask": list(decision.mask),
        "source_state": str(decision.source_state),
        "source_reason": decision.source_reason,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _truth(decision: Decision, spec: DecoderSpec) -> Mapping[str, Any]:
    name = None if decision.truth is None else spec.concepts[decision.truth]
    return {"truth": name, "rank": None if decision.ranking is None else decision.ranking.truth_rank}


def _top(ranking: Ranking, spec: DecoderSpec) -> list[dict[str, Any]]:
    return [
        {"concept": spec.concepts[index], "index": int(index), "score": float(score), "p": float(p)}
        for index, score, p in zip(ranking.indices, ranking.scores, ranking.probabilities, strict=True)
    ]


def _evidence(evidence: Evidence, spec: DecoderSpec) -> dict[str, Any]:
    told = {"n": evidence.n, "sure": evidence.sure, "stopped": evidence.stopped}
    return told | {"top": _top(evidence.ranking, spec)}


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 4)


# -------------------------------------------------------------------------------------------- the way back


class _Strict(BaseModel):
    """What is read of a line: nothing is converted, and no number is infinite; what else it says is left alone."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class _Named(_Strict):
    concept: str
    index: int
    score: Annotated[float, Field(ge=-3e38, le=3e38)]  # what float32 holds
    p: Annotated[float, Field(ge=0, le=1)]


class _Summed(_Strict):
    n: Annotated[int, Field(ge=1)]
    sure: bool
    stopped: bool
    top: Annotated[tuple[_Named, ...], Field(strict=False, min_length=1)]


class _Line(_Strict):
    seq: Annotated[int, Field(ge=0)]
    marker: str | None
    onset: float
    status: str
    reason: str
    truth: str | None = None
    rank: Annotated[int, Field(ge=0)] | None = None
    n: int
    group: str | None
    top: Annotated[tuple[_Named, ...], Field(strict=False)]
    evidence: _Summed | None = None
    bank: str
    latency_ms: float
    stages_ms: dict[str, float]
    source_state: str
    source_reason: str = ""
    mask: Annotated[tuple[str, ...], Field(strict=False)] = ()


_STATUS = {str(status): status for status in Status}
_STATE = {str(state): state for state in SourceState}


def decode(line: str, concepts: Sequence[str], bank: str = "") -> Decision:
    """Read a line that `encode` wrote.

    Parameters
    ----------
    line
        From anywhere: it is not trusted.
    concepts
        What was ranked, in order.
    bank
        Identifier of the bank that these are of; empty: it is not known.

    Returns
    -------
    decision
        As far as the line tells: its ranking has no embedding (`(0,)` float32), its marker no source and no
        arrival, and what was hidden is unknown. `encode` makes the same line of it.

    Raises
    ------
    FormatError
        If the line is longer than 64 Ki characters, is no such line, speaks of other concepts, or has a higher
        schema.
    MismatchError
        If it speaks of another bank, as after a switch of the decoder.
    """
    try:
        told = _Line.model_validate(parse(line, LONGEST, "a decision"))
    except ValidationError as error:
        first = error.errors()[0]
        raise _refused(f"{first['loc'][0]}: {first['msg']}") from None
    if bank and told.bank != bank:
        raise MismatchError(f"it ranks bank {told.bank} now, and its stream describes {bank}: look at it there")
    if told.n != len(concepts):
        raise _refused(f"it ranks {told.n} concepts, and {len(concepts)} were announced")
    return Decision(
        seq=told.seq,
        marker=None if told.marker is None else Marker(told.onset, told.marker),
        onset=told.onset,
        truth=None if told.truth is None else _index(told.truth, concepts),
        group=told.group,
        status=_known(told.status, _STATUS),
        reason=told.reason,
        ranking=_ranking(told, concepts),
        evidence=None if told.evidence is None else _summed(told.evidence, told.n, concepts),
        stages=MappingProxyType(_stages(told)),
        latency=told.latency_ms / 1e3,
        source_state=_known(told.source_state, _STATE),
        source_reason=told.source_reason,
        mask=told.mask,
    )


def parse(text: str, longest: int, what: str) -> dict[str, Any]:
    """Read a JSON object that came over the wire.

    Raises
    ------
    FormatError
        If it is longer than so many characters, is no JSON object, or has a higher schema than ours.
    """
    if len(text) > longest:
        raise FormatError(
            f"expected {what} of at most {longest} characters, got {len(text)}: is it written by bci?"
        )
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"expected {what} as JSON: {error}") from None
    schema = body.get("schema") if isinstance(body, dict) else None
    if type(schema) is not int:
        raise FormatError(f"expected {what} with a schema number, got {repr(schema)[:40]}: is it written by bci?")
    if schema > SCHEMA:
        raise FormatError(f"{what} has schema {schema}, this version reads up to {SCHEMA}: update bci-live")
    return dict(body)


def _ranking(told: _Line, concepts: Sequence[str]) -> Ranking | None:
    if not told.top:
        if told.rank is not None:
            raise _refused(f"the truth has rank {told.rank}, and nothing was ranked")
        return None
    if told.rank is not None and (told.truth is None or told.rank >= told.n):
        raise _refused(f"rank {told.rank} of the truth {told.truth!r} among {told.n} concepts")
    return _ranked(told.top, told.n, concepts, told.rank)


def _summed(told: _Summed, n: int, concepts: Sequence[str]) -> Evidence:
    return Evidence(told.n, _ranked(told.top, n, concepts, None), told.sure, told.stopped)


def _ranked(top: Sequence[_Named], n: int, concepts: Sequence[str], truth_rank: int | None) -> Ranking:
    if len(top) != min(NAMED, n):
        raise _refused(f"it names {len(top)} of {n} concepts instead of {NAMED}")
    for named in top:
        if not 0 <= named.index < n or concepts[named.index] != named.concept:
            raise _refused(f"{named.concept!r} is not concept {named.index} of those announced")
    return Ranking(
        indices=read_only(np.array([named.index for named in top], np.int64)),
        scores=read_only(np.array([named.score for named in top], np.float32)),
        probabilities=read_only(np.array([named.p for named in top], np.float32)),
        embedding=read_only(np.zeros(0, np.float32)),
        truth_rank=truth_rank,
        n_concepts=n,
    )


def _stages(told: _Line) -> dict[str, float]:
    if set(told.stages_ms) != set(STAGES):
        raise _refused(f"{len(told.stages_ms)} stages that are not {', '.join(STAGES)}")
    return {stage: told.stages_ms[stage] / 1e3 for stage in STAGES}


def _index(name: str, concepts: Sequence[str]) -> int:
    try:
        return concepts.index(name)
    except ValueError:
        raise _refused(f"the truth {name!r} is none of the concepts announced") from None


def _known(name: str, names: Mapping[str, _T]) -> _T:
    if name not in names:
        raise _refused(f"{name!r} is none of {', '.join(names)}")
    return names[name]


def _refused(why: str) -> FormatError:
    return FormatError(f"expected a decision that fits its stream: {why[:200]}")
