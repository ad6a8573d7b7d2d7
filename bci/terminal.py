"""The session in a terminal: a live table, or plain lines where the output is no terminal.

Like the dashboard it reads snapshots and is never in the decoder's way.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bci.redrawn import Redrawn
from bci.running import share
from bci.snapshot import Snapshot
from bci.tally import top5_counts
from bci.types import Decision, Status

if TYPE_CHECKING:
    from bci.viewing import About

__all__ = ["Screen", "TerminalView", "print_summary"]

_ROWS = 10
_WRONG = "bold red"
_STYLE = {
    Status.OK: "green",
    Status.LATE: "yellow",
    Status.ARTIFACT: "yellow",
    Status.DROPPED: "red",
    Status.GAP: "red",
}


class Screen(Console):
    """A console that falls silent when its reader goes away, as `head` does: the session is not over."""

    def on_broken_pipe(self) -> None:
        """Write nothing any more, and let nobody stumble over what is still to be flushed."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class TerminalView(Redrawn):
    """Shows snapshots; a context manager.

    Without being entered it shows nothing by itself, and writes tables and lines for others.

    Parameters
    ----------
    console
        Where to write.
    about
        What is known of the session.
    hide_truth
        Leave out what was shown: a participant may see the screen.
    """

    def __init__(self, console: Console, about: "About", *, hide_truth: bool = False) -> None:
        self.mismatch = Text(f"MISMATCH: {about.mismatch}" if about.mismatch else "", _WRONG)
        super().__init__(console, [self.mismatch] if self.mismatch else [])
        self._spec = about.decoder
        self._hide_truth = hide_truth
        self._next = 0

    def show(self, snapshot: Snapshot) -> None:
        """Show how the session stands."""
        if self._live is None:
            self._write(map(Text, self.lines(snapshot)))
        else:
            self._live.update(self.table(snapshot), refresh=True)

    def lines(self, snapshot: Snapshot) -> list[str]:
        """Return a line for each decision that was not told yet."""
        new = [decision for decision in snapshot.recent if decision.seq >= self._next]
        self._next = new[-1].seq + 1 if new else self._next
        return [self._line(decision) for decision in new]

    def table(self, snapshot: Snapshot) -> Group:
        """Return the latest decisions as a table, over what the session has come to."""
        table = Table(box=None, padding=(0, 1))
        for title in ("event", *(() if self._hide_truth else ("shown", "rank")), "seen", "status", "ms"):
            table.add_column(title, justify="right" if title in ("event", "rank", "ms") else "left", no_wrap=True)
        for decision in snapshot.recent[-_ROWS:]:
            table.add_row(*self._cells(decision))
        return Group(table, self._footer(snapshot), *([self.mismatch] if self.mismatch else []))

    def _cells(self, decision: Decision) -> list[str | Text]:
        status = Text(str(decision.status), _STYLE[decision.status])
        truth: list[str | Text] = []
        if not self._hide_truth:
            truth = [Text(self._shown(decision)), self._rank(decision)]
        seen = Text(self._seen(decision) + self._told_so_far(decision))
        return [str(decision.seq), *truth, seen, status, f"{decision.latency * 1e3:.2f}"]

    def _line(self, decision: Decision) -> str:
        shown = "" if self._hide_truth else f"{self._shown(decision)} -> "
        reason = f" ({decision.reason})" if decision.reason else ""
        return (
            f"{decision.seq:5d}  {shown}{self._seen(decision, 1)}{self._told_so_far(decision)}"
            f"  {decision.status}{reason}  {decision.latency * 1e3:.2f} ms"
        )

    def _shown(self, decision: Decision) -> str:
        return "?" if decision.truth is None else self._names(decision)[decision.truth]

    def _rank(self, decision: Decision) -> str:
        rank = None if decision.ranking is None else decision.ranking.truth_rank
        return "-" if rank is None else f"{rank + 1}/{len(self._names(decision))}"

    def _seen(self, decision: Decision, k: int = 3) -> str:
        if decision.ranking is None:
            return decision.reason
        return ", ".join(self._names(decision)[index] for index in decision.ranking.indices[:k])

    def _told_so_far(self, decision: Decision) -> str:
        """What the repeats of its presentation say together; nothing without any."""
        told = decision.evidence
        if told is None:
            return ""
        best, p = self._names(decision)[told.ranking.indices[0]], told.ranking.probabilities[0]
        repeats = "1 repeat" if told.n == 1 else f"{told.n} repeats"
        return f" [{repeats}: {best} {p:.0%}{', stopped' if told.stopped else ''}]"

    def _names(self, decision: Decision) -> Sequence[str]:
        return (decision.decoder or self._spec).concepts

    def _footer(self, snapshot: Snapshot) -> Text:
        decided, n_concepts = snapshot.decided, len(self._spec.concepts)
        parts = [f"source {snapshot.state}", f"{len(decided)} events"]
        if decided.told.any() and not self._hide_truth:
            parts.append(f"top-1 {share(decided, 1).value:.1%}")
            if top5_counts(n_concepts):
                parts.append(f"top-5 {share(decided, 5).value:.1%} (chance {5 / n_concepts:.1%})")
            if snapshot.e_value is not None:
                parts.append(_above_chance(snapshot.e_value, said=snapshot.above_chance))
        if snapshot.ignored_markers:
            parts.append(f"{snapshot.ignored_markers} markers ignored")
        return Text(" · ".join(parts), "bold")


def print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print what a session came to."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for name, value in _summary_rows(summary):
        table.add_row(name, Text(value))
    if wrong := summary.get("mismatch"):
        table.add_row("mismatch", Text(wrong, _WRONG))
    console.print(table)


def _summary_rows(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    statuses = ", ".join(f"{summary[str(status)]} {status}" for status in Status if summary[str(status)])
    rows = [("ended", summary["ended"]), ("events", f"{summary['events']} ({statuses or 'none'})")]
    rows += [
        (f"top-{k}", _accuracy(summary[f"top{k}"], summary[f"top{k}_interval"], summary[f"chance_top{k}"]))
        for k in (1, 5)
        if summary[f"top{k}"] is not None
    ]
    if summary.get("e_value") is not None:
        rows.append(("evidence", _above_chance(summary["e_value"], said=summary["above_chance"])))
    for name, write in (
        ("groups", _groups),
        ("oracle", _oracle),
        ("auc", _auc),
        ("latency_ms", _latency),
        ("parity", _parity),
    ):
        if value := summary.get(name):
            rows.append((name.removesuffix("_ms"), write(value)))
    if delay := summary.get("device_delay_ms"):
        rows.append(("device", f"{delay:g} ms from the brain to its stamps, subtracted; not in the latency"))
    return rows


def _accuracy(share: float, interval: Sequence[float] | None, chance: float) -> str:
    within = "" if interval is None else " [{:.1%}, {:.1%}]".format(*interval)
    return f"{share:.1%}{within}, chance {chance:.1%}"


def _above_chance(e_value: float, *, said: bool) -> str:
    verdict = "above chance (valid under watching)" if said else "not yet above chance"
    return f"{verdict}, e-value {e_value:.3g}"


def _groups(groups: Mapping[str, Any]) -> str:
    told = f"{groups['n']} presentations, {groups['stopping']}"
    if not groups.get("stopped"):
        return told
    error, within = groups["realised_error"], groups["realised_error_interval"]
    realised = "" if error is None else " of which {:.1%} [{:.1%}, {:.1%}] wrong".format(error, *within)
    return f"{told}: {groups['stopped']} stopped after {groups['mean_repetitions']:.1f} repeats{realised}"


def _oracle(oracle: Mapping[str, float]) -> str:
    return f"top-1 {oracle['top1']:.1%}, top-5 {oracle['top5']:.1%}, the ceiling of the synthetic world"


def _auc(auc: Mapping[str, float | None]) -> str:
    within = "" if auc["low"] is None else f" [{auc['low']:.3f}, {auc['high']:.3f}]"
    return f"{auc['value']:.3f}{within}, these trials only"


def _latency(latency: Mapping[str, float]) -> str:
    return f"p50 {latency['p50']:.2f} ms, p99 {latency['p99']:.2f} ms, max {latency['max']:.2f} ms"


def _parity(parity: Mapping[str, float]) -> str:
    alike = f"{parity['same_ranking']} of {parity['compared']} rankings as decoded from the file"
    return f"{alike}, scores within {parity['max_abs_score_diff']:.1e}"
