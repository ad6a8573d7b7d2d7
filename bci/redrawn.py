"""What is drawn anew in place in a terminal, and written in lines where the output is none."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

__all__ = ["Redrawn"]


class Redrawn:
    """A part of the terminal; a context manager. What is in it, its subclasses say.

    Parameters
    ----------
    console
        Where to write.
    beforehand
        Lines that come before all others; what is drawn in place holds them itself.
    """

    def __init__(self, console: Console, beforehand: Iterable[Text] = ()) -> None:
        self._console = console
        self._beforehand = tuple(beforehand)
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live is None:
            self._write(self._beforehand)
        else:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave standing what was drawn last."""
        if self._live is not None:
            self._live.stop()

    def _write(self, lines: Iterable[Text]) -> None:
        for line in lines:
            self._console.print(line, soft_wrap=True)
