"""`bci bids`: a recorded session as a data set in BIDS."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from bci.stretches import Stretch
    from replay.bids_writer import Outcome

__all__ = ["Bids", "main"]

DESCRIPTION = """Write recorded sessions as BIDS-EEG: BrainVision files, events.tsv with decisions, sidecars.

examples:
  bci bids sessions/20260101-101500-P07-faces --out dataset     whose code is in session.toml
  bci bids run1 run2 --out dataset --person P07 --task faces    two runs of one person
  bci bids run1 --out dataset --line-freq 50

Each session becomes a run of its own. Gaps are filled with zeros and annotated BAD_ACQ_SKIP; pauses and excluded
stretches become BAD_pause and BAD_excluded. Participants are codes; nothing names a date, a computer or a user.
What the operator noted stays in the session folder."""


@dataclass(frozen=True)
class Bids:
    """Options of `bci bids`."""

    sessions: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of sessions that were recorded."""
    out: Path
    """Folder of the data set; what is in it stays."""
    person: str | None = None
    """Code of the participant; by default the one in session.toml."""
    task: str = "decoding"
    """What the participant did, in letters and digits."""
    session: str | None = None
    """The visit, in letters and digits; by default none."""
    line_freq: float | None = None
    """Of the mains, Hz."""


def main(argv: list[str]) -> int:
    """Run `bci bids`."""
    options = tyro.cli(Bids, args=argv, prog="bci bids", description=DESCRIPTION)
    from bci.errors import ConfigError
    from replay.bids_writer import check_installed

    check_installed()
    if not options.sessions:
        raise ConfigError("expected folders of sessions, got none: name those that bci live --record made")
    for folder in options.sessions:
        print(_write(folder, options))
    return 0


def _write(folder: Path, options: Bids) -> Path:
    from bci.participant import check_code
    from replay.bids_writer import Label, write_bids
    from replay.readers import open_recording

    label = Label(check_code(options.person or _person(folder)), options.task, options.session)
    recording = open_recording(folder)
    outcomes, bad = list(_outcomes(folder)), list(_bad(folder))
    return write_bids(options.out, recording, label, outcomes, bad, options.line_freq)


def _person(folder: Path) -> str:
    """Whose session it was, if that was said."""
    import tomllib

    from bci.errors import ConfigError, FormatError

    try:
        body = tomllib.loads((folder / "session.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"expected the folder of a session, got {folder}: {error}") from None
    if not isinstance(person := body.get("person"), str):
        raise ConfigError(f"{folder} does not say whose session it was: name the participant's code with --person")
    return person


def _outcomes(folder: Path) -> Iterator["Outcome"]:
    """What was decided on markers; a last line that was cut off by a crash is left out."""
    from bci.errors import FormatError
    from bci.wire import LONGEST, parse
    from replay.bids_writer import Outcome

    path = folder / "decisions.jsonl"
    *lines, _ = path.read_text("utf-8", errors="replace").split("\n")
    for line in lines:
        told = parse(line, LONGEST, "a decision")
        try:
            if told["marker"] is not None:
                onset, rank = float(told["onset"]), told.get("rank")
                status, truth = str(told["status"]), told.get("truth")
                yield Outcome(onset, told["marker"], truth, status, rank)
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{path} is damaged, expected decisions: {error!r}") from None


def _bad(folder: Path) -> Iterator[tuple[str, "Stretch"]]:
    """Pauses and excluded stretches."""
    from bci.journal import Kind, read_journal

    entries = read_journal(folder / "journal.jsonl")
    ends = iter(entry.time for entry in entries if entry.kind is Kind.RESUME)
    for entry in entries:
        if entry.kind is Kind.EXCLUDE:
            yield "BAD_excluded", (entry.time, entry.time + entry.duration)
        elif entry.kind is Kind.PAUSE:
            yield "BAD_pause", (entry.time, next(ends, inf))
