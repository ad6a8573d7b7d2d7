"""Devices as they speak on the Lab Streaming Layer: pure functions from a recording to all that they would send.

`bci replay --device NAME` plays it over LSL; tests hear it on virtual time.
"""

from collections.abc import Callable
from functools import partial

from bci.device_files import known_devices
from bci.types import Recording
from replay.dialects.acticham import acticham
from replay.dialects.emotivpro import emotivpro
from replay.dialects.generic import generic
from replay.dialects.muse import muse
from replay.dialects.speech import Device, Speech

__all__ = ["DIALECTS", "NAMES", "Dialect", "usual_delay"]

Dialect = Callable[[Recording, Device], Speech]

DIALECTS: dict[str, Dialect] = {
    "generic": generic,
    "emotivpro": emotivpro,
    "acticham": acticham,
    "acticham-strings": partial(acticham, sampled=False),
    "muse": muse,
}

NAMES = {
    "generic": "bci-replay",
    "emotivpro": "EmotivDataStream-EEG",
    "acticham": "actiCHamp-00000",
    "acticham-strings": "actiCHamp-00000",
    "muse": "Muse-0000",
}
"""What devices call their EEG stream."""


def usual_delay(dialect: str) -> float:
    """Return by how much the stamps of a device are late as its profile says, in seconds."""
    named = {profile.name: profile.delay.seconds for profile in known_devices()}
    return named.get(dialect.removesuffix("-strings"), 0.0)
