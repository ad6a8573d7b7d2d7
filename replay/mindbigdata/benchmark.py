"""How fast the text is converted, beside merely splitting its lines and making numbers of them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bci.memory import anonymous_memory
from replay.mindbigdata.arrays import LENGTH
from replay.mindbigdata.convert import convert
from replay.mindbigdata.rows import CHANNELS, NO_DIGIT
from replay.mindbigdata.writer import LEVELS, STEP, event_lines

__all__ = ["ConversionSpeed", "measure"]

BROKEN_EVERY = 997  # rows; a prime, so that all channels have some
ONE_IN = 100  # events without a digit
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class ConversionSpeed:
    """What was measured.

    Parameters
    ----------
    megabytes, rows, broken
        Of the text: size in 10^6 bytes, lines, and lines that are no rows.
    seconds, rows_per_s
        Of the conversion.
    bare_rows_per_s
        Of splitting and making numbers, half of the lines before the conversion and half after it.
    ratio
        Of both rates.
    anon_mb
        Largest anonymous memory while it converted, MiB; None where the system does not tell.
    complete
        Events with all channels.
    """

    megabytes: float
    rows: int
    broken: int
    seconds: float
    rows_per_s: float
    bare_rows_per_s: float
    ratio: float
    anon_mb: float | None
    complete: int


def measure(folder: Path, n_events: int) -> ConversionSpeed:
    """Write a text of noise, convert it, and split it.

    Parameters
    ----------
    folder
        Where there is room for the text and, a third as large, its arrays.
    n_events
        Of 14 rows each.
    """
    source = folder / "EP1.01.txt"
    _write_noise(source, n_events)
    n_rows = n_events * len(CHANNELS)
    before = _bare(source, 0, n_rows // 2)
    most: list[int] = []
    begun = time.perf_counter()
    done = convert(source, lambda *_: most.append(anonymous_memory() or 0))
    seconds = time.perf_counter() - begun
    after = _bare(source, n_rows // 2, n_rows)
    rate, bare = done.lines / seconds, n_rows / (before + after)
    return ConversionSpeed(
        megabytes=round(source.stat().st_size / 1e6, 1),
        rows=done.lines,
        broken=sum(done.broken.values()),
        seconds=round(seconds, 2),
        rows_per_s=round(rate),
        bare_rows_per_s=round(bare),
        ratio=round(rate / bare, 3),
        anon_mb=round(max(most) / MEBIBYTE, 1) if max(most, default=0) else None,
        complete=done.complete,
    )


def _write_noise(path: Path, n_events: int) -> None:
    """Write events of noise in the true form, some of their rows broken as files break."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="ascii", newline="\n") as file:
        for number, line in enumerate(_lines(n_events, rng)):
            file.write(line if (number + 1) % BROKEN_EVERY else _broken(line, number // BROKEN_EVERY))


def _lines(n_events: int, rng: np.random.Generator) -> Iterator[str]:
    for number in range(1, n_events + 1):
        code = NO_DIGIT if number % ONE_IN == 0 else int(rng.integers(10))
        size = LENGTH + int(rng.integers(-8, 9))
        signals = LEVELS * STEP / 2 + rng.normal(0, 30, (len(CHANNELS), size))
        yield from event_lines(number, code, signals)


def _broken(line: str, kind: int) -> str:
    """Break a row in one of five ways."""
    columns = line.split("\t")
    broken = (
        line[: len(line) // 2] + "\n",
        "\t".join(columns[:5]) + "\n",
        line.replace("EP\t", "MW\t"),
        line.replace(",", ",x", 1),
        "\n",
    )
    return broken[kind % len(broken)]


def _bare(source: Path, first: int, last: int) -> float:
    """Seconds that splitting lines and making numbers of their data takes; broken lines are passed over."""
    with source.open(encoding="ascii") as file:
        lines = islice(file, first, last)
        begun = time.perf_counter()
        for line in lines:
            try:
                np.array(line.split("\t")[6].split(","), np.float64)
            except (IndexError, ValueError):
                continue
        return time.perf_counter() - begun
