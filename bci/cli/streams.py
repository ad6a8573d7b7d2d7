"""`bci streams`: the LSL streams in sight."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tyro

if TYPE_CHECKING:
    from rich.table import Table

    from bci.stream_monitor import Observed

__all__ = ["Streams", "main"]

DESCRIPTION = """List the LSL streams in sight, with state and measured rate, until Ctrl-C. A stream that goes out
of sight is listed as lost for ten seconds.

examples:
  bci streams             a live table
  bci streams --once      look once, for three seconds
  bci streams --json      the same as JSON, for scripts

Measuring means listening: streams of samples are opened while the table is up."""

ONCE = 3.0  # s
REFRESH = 0.5  # s


@dataclass(frozen=True)
class Streams:
    """Options of `bci streams`."""

    json: bool = False
    """Look once and write JSON."""
    once: bool = False
    """Look once and write a table."""
    network: bool = False
    """Look at the whole network, not at this computer alone."""


def main(argv: list[str]) -> int:
    """Run `bci streams`."""
    options = tyro.cli(Streams, args=argv, prog="bci streams", description=DESCRIPTION)
    from bci.lsl import configure
    from bci.stream_monitor import StreamMonitor

    configure(network=options.network)
    monitor = StreamMonitor()
    try:
        if options.json:
            sys.stdout.write(json.dumps(_as_json(monitor.watch(ONCE)), indent=2) + "\n")
        elif options.once:
            _print(monitor.watch(ONCE))
        else:
            _live(monitor)
    finally:
        monitor.close()
    return 0


def _live(monitor: Any) -> None:
    from contextlib import suppress

    from rich.live import Live

    with Live(_table([])) as live, suppress(KeyboardInterrupt):
        while True:
            live.update(_table(monitor.watch(REFRESH)))


def _print(streams: Sequence["Observed"]) -> None:
    from rich.console import Console

    Console().print(_table(streams))


def _table(streams: Sequence["Observed"]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "type", "ch", "rate", "measured", "state", "source id", "host")
    for column in table.columns:
        column.overflow = "fold"
    for seen in streams:
        stream = seen.stream
        nominal = f"{stream.sfreq:g} Hz" if stream.sfreq else "events"
        measured = f"{seen.rate:.1f} Hz" if seen.rate is not None else "-"
        state = f"{seen.state}: {seen.reason}" if seen.reason else str(seen.state)
        cells = (
            stream.name,
            stream.type,
            str(stream.n_channels),
            nominal,
            measured,
            state,
            stream.source_id,
            stream.host,
        )
        table.add_row(*map(Text, cells))
    if not streams:
        table.add_row("no stream in sight", *[""] * 7)
    return table


def _as_json(streams: Sequence["Observed"]) -> dict[str, Any]:
    return {
        "schema": 1,
        "streams": [
            {
                "name": seen.stream.name,
                "type": seen.stream.type,
                "source_id": seen.stream.source_id,
                "host": seen.stream.host,
                "channels": seen.stream.n_channels,
                "sfreq": seen.stream.sfreq,
                "measured": seen.rate,
                "state": str(seen.state),
                "reason": seen.reason,
                "uid": seen.stream.uid,
            }
            for seen in streams
        ],
    }
