"""A person's recording as their device would send it: heard and decoded as live, on virtual time."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from bci.clock import VirtualClock
from bci.config import parse
from bci.errors import ConfigError
from bci.offline import decode_all
from bci.specs import EventSpec, Frozen
from bci.types import Decision, Recording
from models.bundle import Bundle
from models.epocher import make_epocher
from models.runtime import load_decoder
from replay.dialects import DIALECTS, NAMES, usual_delay
from replay.dialects.speech import Device
from replay.scripted_source import ScriptedSource

__all__ = ["Streamed", "as_told", "decide_all", "heard", "ranks_of"]


class Streamed(Frozen):
    """By which device a person's signals come."""

    device: str
    """Dialect that is spoken, see `replay.dialects`."""
    events: Mapping[str, Any] = Field(default_factory=dict)
    """Keys of `EventSpec` that replace the bundle's, as where a trigger tells the time and a program the label."""


def heard(recording: Recording, streamed: Streamed, clock: VirtualClock) -> ScriptedSource:
    """Play a recording in a device's dialect, its stamps as late as its profile says.

    Raises
    ------
    ConfigError
        If there is no such device.
    """
    if streamed.device not in DIALECTS:
        raise ConfigError(f"expected a device of {', '.join(DIALECTS)}; got {streamed.device!r}")
    name = NAMES[streamed.device]
    device = Device(name, name, usual_delay(streamed.device))
    return ScriptedSource(DIALECTS[streamed.device](recording, device), clock)


def as_told(bundle: Bundle, streamed: Streamed) -> Bundle:
    """Return a bundle that takes its events as the device's streams tell them."""
    told = {**bundle.events.model_dump(), **streamed.events}
    events = parse(EventSpec, told, f"events of {streamed.device}")
    return replace(bundle, config=bundle.config.model_copy(update={"events": events}))


def decide_all(recording: Recording, streamed: Streamed, bundle: Bundle, bank: Bank) -> list[Decision]:
    """Decode all events of a recording that a device sends.

    Parameters
    ----------
    bundle
        As trained or calibrated, with the events of the device's streams.
    """
    clock = VirtualClock()
    source, decoder = heard(recording, streamed, clock), load_decoder(bundle, bank)
    return decode_all(source, make_epocher(bundle, decoder, source.spec, clock), decoder, clock)


def ranks_of(decisions: list[Decision], n_concepts: int) -> NDArray[np.int64]:
    """Return the rank of the truth of every event that has one; without a ranking, behind all others."""
    known = [decision.ranking for decision in decisions if decision.truth is not None]
    ranks = [n_concepts if ranking is None else ranking.truth_rank for ranking in known]
    return np.array(ranks, np.int64)
