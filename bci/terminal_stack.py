"""Several sessions in a terminal, one above the other."""

from collections.abc import Mapping

from rich.console import Console, Group
from rich.text import Text

from bci.redrawn import Redrawn
from bci.snapshot import Snapshot
from bci.terminal import TerminalView
from bci.viewing import About

__all__ = ["TerminalStack"]


class TerminalStack(Redrawn):
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
        self._views = {name: TerminalView(console, about, hide_truth=hide_truth) for name, about in abouts.items()}
        self._shown: dict[str, Snapshot] = {}
        wrong = {name: view.mismatch for name, view in self._views.items() if view.mismatch}
        super().__init__(console, [Text.assemble(f"{name}  ", said) for name, said in wrong.items()])

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Show how some of the sessions stand; the others stay as they were shown last."""
        if self._live is None:
            for name, snapshot in snapshots.items():
                self._write(Text(f"{name}  {line}") for line in self._views[name].lines(snapshot))
            return
        self._shown |= snapshots
        parts = [
            Group(Text(name, "bold"), self._views[name].table(snapshot)) for name, snapshot in self._shown.items()
        ]
        self._live.update(Group(*parts), refresh=True)
