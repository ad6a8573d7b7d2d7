"""The recordings of one session, one after the other, each in a file of its own."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bci.clock import Clock, lsl_clock
from bci.recorder import Recorder, RecorderPhase, RecorderState
from bci.types import SourceState

__all__ = ["Recordings"]

_ON = (RecorderPhase.STARTING, RecorderPhase.RECORDING)


class Recordings:
    """Starts and ends recordings: `recording.xdf`, then `recording-2.xdf` and so on.

    Parameters
    ----------
    folder
        Where they lie.
    streams
        Names or source ids of what is recorded.
    network
        The streams may come from other computers.
    clock
        Seconds on the LSL clock.
    tell
        Told once of each thing that goes wrong, in a line, by whoever asks for the state. What decodes goes on.
    """

    def __init__(
        self,
        folder: Path,
        streams: Sequence[str],
        *,
        network: bool = False,
        clock: Clock = lsl_clock,
        tell: Callable[[str], None] = lambda wrong: None,  # noqa: ARG005
    ) -> None:
        self._folder = folder
        self._streams = tuple(streams)
        self._network = network
        self._clock = clock
        self._tell = tell
        self._told = self._trouble = ""
        self._recorders: list[Recorder] = []

    @property
    def on(self) -> bool:
        """Whether something is being recorded, or about to be."""
        state = self.state()
        return state is not None and state.phase in _ON

    @property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """From when until when there were recordings, seconds on the LSL clock; until now if one is on."""
        return tuple(span for recorder in self._recorders if (span := recorder.span) is not None)

    @property
    def trouble(self) -> str:
        """What was wrong with the newest one when its state was asked for last; empty if nothing was."""
        return self._trouble and f"recording: {self._trouble}"

    def state(self) -> RecorderState | None:
        """Return how the newest one stands; None if there is none. Takes microseconds."""
        if not self._recorders:
            return None
        state = self._recorders[-1].state()
        self._trouble = state.error
        if state.error and state.error != self._told:
            self._told = state.error
            self._tell(state.error)
        return state

    def summary(self) -> list[dict[str, Any]]:
        """Return what became of each, for `summary.json`."""
        states = [(recorder.path.name, recorder.state()) for recorder in self._recorders]
        return [
            {"file": name, "seconds": state.seconds, "bytes": state.bytes, "error": state.error or None}
            for name, state in states
        ]

    def start(self, source: SourceState | None = None) -> None:
        """Begin another one; the source's state is None if it is not open yet.

        Raises
        ------
        BciError
            If no data flow, LabRecorder is not there, or the file cannot be written.
        """
        number = len(self._recorders) + 1
        name = "recording.xdf" if number == 1 else f"recording-{number}.xdf"
        recorder = Recorder(self._folder / name, self._streams, network=self._network, clock=self._clock)
        recorder.start(source)
        self._recorders.append(recorder)

    def wait(self) -> None:
        """Wait until the newest one has begun.

        Raises
        ------
        RecordingError
            If it does not.
        """
        self._recorders[-1].wait()

    def stop(self) -> None:
        """Ask the newest one to end; it takes some seconds until its file is whole."""
        if self._recorders:
            self._recorders[-1].stop()

    def close(self) -> None:
        """End what is on, and wait until every file is whole.

        Raises
        ------
        RecordingError
            If one of them is not.
        """
        self.stop()
        with ExitStack() as closing:  # all are closed, whichever fails
            for recorder in self._recorders:
                closing.callback(recorder.close)
