"""A painter in a process of its own: it takes neither the interpreter nor the threads of the decoder."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import BciError, SessionError
from bci.painting import Painter

__all__ = ["PainterProcess"]

END = 5.0  # s that the process is given to end


class PainterProcess:
    """Hands embeddings to a process and waits for their pictures; a `bci.painting.Painter`.

    Parameters
    ----------
    make
        Function of a module, called in that process: it returns the painter.
    args
        Of `make`.

    Raises
    ------
    BciError
        What `make` raises.
    SessionError
        If the process ends before it could.
    """

    def __init__(self, make: Callable[..., Painter], *args: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, args), name="painter", daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._answer()
        except BaseException:
            self.close()
            raise

    def paint(self, embedding: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Make a picture (H, W, 3) of an embedding (D,). See `bci.painting.Painter`."""
        try:
            self._pipe.send(embedding)
        except OSError:
            raise SessionError("the process that makes pictures has ended: start the session anew") from None
        picture: NDArray[np.uint8] = self._answer()
        return picture

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(END)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise SessionError("the process that makes pictures has ended: start the session anew") from None
        if isinstance(answer, BciError):
            raise answer
        return answer


def _serve(pipe: Connection, make: Callable[..., Painter], args: tuple[Any, ...]) -> None:
    """Paint what comes until nobody asks any more; what goes wrong is said instead of the picture."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the session, which ends this
    try:
        painter = make(*args)
    except BciError as error:
        pipe.send(error)
        return
    pipe.send(None)
    try:
        while True:
            pipe.send(_painted(painter, pipe.recv()))
    except (EOFError, OSError):
        painter.close()


def _painted(painter: Painter, embedding: NDArray[np.float32]) -> NDArray[np.uint8] | BciError:
    try:
        return painter.paint(embedding)
    except BciError as error:
        return error
