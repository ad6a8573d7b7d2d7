"""Markers that the trigger channels of a recording tell already: a receiver finds them there."""

from bci.roles import Role, role_of
from bci.segments import segments_of
from bci.triggers import TriggerDecoder
from bci.types import Recording

__all__ = ["told_by_triggers"]

_SAMPLES_AT_ONCE = 2**18


def told_by_triggers(recording: Recording) -> frozenset[tuple[int, str]]:
    """Return the (sample, value) which a receiver of the stream makes of its trigger channels.

    They are decoded as the live path does it (`bci.triggers`), values as the text of whole numbers. Sent as marker
    strings too, each event would be told twice.
    """
    told: set[tuple[int, str]] = set()
    for column, channel in enumerate(recording.channels):
        if role_of(channel.label, channel.kind) is not Role.TRIGGER:
            continue
        decoder = TriggerDecoder()
        for segment in segments_of(recording):
            if segment.gap_before:
                decoder.reset()
            for first in range(segment.first, segment.stop, _SAMPLES_AT_ONCE):
                words = recording.data[first : min(first + _SAMPLES_AT_ONCE, segment.stop), column]
                told |= {(onset.sample, str(onset.value)) for onset in decoder.feed(words, first)}
    return frozenset(told)
