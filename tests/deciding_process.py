"""A decision stream in a process of its own, as a session elsewhere has it."""

import multiprocessing

from bci.sinks.outlet import OutletSink
from bci.wire import Header

__all__ = ["DecidingProcess"]


class DecidingProcess:
    """Sends the decisions that it is told to; a context manager that leaves no process behind.

    Parameters
    ----------
    about, order
        What the session says of itself; None: only ids and concepts.
    name
        Of the stream.
    decoder
        Its spec; None: that of `about`.
    """

    def __init__(self, about, order=None, name="bci-decisions", decoder=None):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, about, order, name, decoder or about.decoder)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        self._answered()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def put(self, decisions):
        """Send decisions."""
        self._pipe.send(list(decisions))
        self._answered()

    def kill(self):
        """End as if the computer were switched off."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._pipe.close()

    def _answered(self):
        if not self._pipe.poll(60):
            raise TimeoutError("the process that decides does not answer")
        assert self._pipe.recv() == "done"


def _serve(pipe, about, order, name, decoder):
    header = Header(decoder, hide_truth=about is not None and about.hide_truth)
    sink = OutletSink(header, name, about, order)
    pipe.send("done")
    while True:
        try:
            decisions = pipe.recv()
        except EOFError:
            return
        for decision in decisions:
            sink.put(decision)
        pipe.send("done")
