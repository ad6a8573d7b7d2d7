"""The progress bar of long work, on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["OnStep", "progress_bar"]


class OnStep(Protocol):
    """Told how far the work is, and perhaps something about it."""

    def __call__(self, done: int, total: int, said: str = "") -> None:
        """Show it."""
        ...


@contextmanager
def progress_bar(title: str, *, share: bool = False, quiet: bool = False, still: bool = False) -> Iterator[OnStep]:
    """Show how much is done and how long the rest will take.

    Parameters
    ----------
    title
        What is done.
    share
        As a percentage, where the pieces that are counted mean nothing to who looks.
    quiet
        Show nothing, in processes that work beside the one that does.
    still
        Draw only when there is something to tell, where drawing is in the way of what is measured.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(),
        TaskProgressColumn() if share else MofNCompleteColumn(), TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, console=console, auto_refresh=not still) as bars:
        task = bars.add_task(title, total=None, said="")

        def show(done: int, total: int, said: str = "") -> None:
            bars.update(task, completed=done, total=total, said=said, refresh=still)

        yield show
