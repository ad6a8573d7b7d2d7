"""The synthetic world: EEG whose truth is known, with an oracle that tells how well it can be decoded at all."""

from replay.world.oracle import LeakAlarm, Oracle, leak_alarm
from replay.world.record import Schedule
from replay.world.spec import WorldSpec
from replay.world.world import World, build_world, load_world

__all__ = [
    "LeakAlarm",
    "Oracle",
    "Schedule",
    "World",
    "WorldSpec",
    "build_world",
    "leak_alarm",
    "load_world",
]
