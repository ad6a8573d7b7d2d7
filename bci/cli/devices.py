"""`bci devices`: what is known of devices and their streams."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from rich.table import Table

    from bci.devices import DeviceProfile

__all__ = ["Devices", "main"]

DESCRIPTION = """List device profiles: how a stream is understood where it does not say so itself.

examples:
  bci devices                    all that are known
  bci devices emotivpro          everything that one says
  bci devices my-cap.toml        a lab's own, as bci calibrate-delay writes it
  bci devices --json             the same as JSON, for scripts

bci live takes the profile that a stream's name or columns tell, or that of --device."""


@dataclass(frozen=True)
class Devices:
    """Options of `bci devices`."""

    device: tyro.conf.Positional[str | None] = None
    """Show this one: a name, or a TOML file."""
    json: bool = False
    """Write JSON."""


def main(argv: list[str]) -> int:
    """Run `bci devices`."""
    options = tyro.cli(Devices, args=argv, prog="bci devices", description=DESCRIPTION)
    from rich.console import Console

    from bci.device_files import known_devices, load_device

    profiles = known_devices() if options.device is None else (load_device(options.device),)
    if options.json:
        told = [profile.model_dump(mode="json") for profile in profiles]
        sys.stdout.write(json.dumps({"schema": 1, "devices": told}, indent=2) + "\n")
    else:
        Console().print(_list(profiles) if options.device is None else _one(profiles[0]))
    return 0


def _list(profiles: Sequence["DeviceProfile"]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "what", "its streams", "delay")
    for column in table.columns:
        column.overflow = "fold"
    for profile in profiles:
        cells = (profile.name, profile.title, ", ".join(profile.streams) or "-", str(profile.delay))
        table.add_row(*map(Text, cells))
    return table


def _one(profile: "DeviceProfile") -> "Table":
    """Every field that says something."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    said = profile.model_dump(exclude={"delay"}, exclude_defaults=True)
    for name, value in said.items():
        table.add_row(Text(name.replace("_", " ")), Text(_in_words(value)))
    table.add_row(Text("delay"), Text(f"{profile.delay}"))
    if profile.delay.source:
        table.add_row("", Text(profile.delay.source))
    return table


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{pattern} is {role}" for pattern, role in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)
