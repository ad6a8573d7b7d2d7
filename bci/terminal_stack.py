"""Several sessions in a terminal, one above the other."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from bci.snapshot import Snapshot
from bci.terminal import TerminalView
from bci.viewing import About

__all__ = ["TerminalStack"]


class TerminalStack:
    """Shows snapshots of several sessions; a context manager.

    Parameters
    ----------
    console
        Where to write.
    abouts
        Name of a session -> what is known of it.
    hide_truth
        See `bci.terminal.TerminalView`.
    """

    def __init__(self, console: Console, abouts: Mapping[str, About], *, hide_truth: bool = False) -> None:
        self._console = console
        self._views = {name: TerminalView(console, about, hide_truth=hide_truth) for name, about in abouts.items()}
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._shown: dict[str, Snapshot] = {}

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live is not None:
            self._live.start()
            return self
        for name, view in self._views.items():
            if view.mismatch:
                self._console.print(Text.assemble(f"{name}  ", view.mismatch), soft_wrap=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last tables standing."""
        if self._live is not None:
            self._live.stop()

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Show how some of the sessions stand; the others stay as they were shown last."""
        if self._live is None:
            for name, snapshot in snapshots.items():
                for line in self._views[name].lines(snapshot):
                    self._console.print(Text(f"{name}  {line}"), soft_wrap=True)
            return
        self._shown |= snapshots
        parts = [
            Group(Text(name, "bold"), self._views[name].table(snapshot)) for name, snapshot in self._shown.items()
        ]
        self._live.update(Group(*parts), refresh=True)
