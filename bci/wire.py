"""A decision on the wire and in `decisions.jsonl`: one line of JSON, schema 1."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bci.storage import SCHEMA
from bci.types import Decision, DecoderSpec, Ranking
from bci.verdict import STAGES

__all__ = ["Header", "encode"]


@dataclass(frozen=True, slots=True)
class Header:
    """What is the same for all decisions of a session.

    Parameters
    ----------
    decoder
        Concepts and identifiers.
    p_kind
        `raw` or `calibrated`: what the probabilities are.
    calibration
        Identifier of the person's calibration, None if there is none.
    mask
        Channels that are made up from the others.
    hide_truth
        Leave truth and rank out: a participant may see the screen.
    """

    decoder: DecoderSpec
    p_kind: str = "raw"
    calibration: str | None = None
    mask: tuple[str, ...] = ()
    hide_truth: bool = False


def encode(decision: Decision, header: Header) -> str:
    """Return the decision as one line of JSON (no newline)."""
    spec = header.decoder
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
        "p_kind": header.p_kind,
        "latency_ms": _ms(decision.latency),
        "stages_ms": {stage: _ms(decision.stages[stage]) for stage in STAGES},
        "model": spec.model,
        "bank": spec.bank,
        "preprocess": spec.preprocess[:8],
        "calibration": header.calibration,
        "mask": list(header.mask),
        "source_state": str(decision.source_state),
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


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 4)
