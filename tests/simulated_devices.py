"""Devices that send what a test tells them to, each in a process of its own."""

import ctypes
import multiprocessing
import time
import uuid
from dataclasses import dataclass, field

import numpy as np
from pylsl import StreamInfo, StreamOutlet
from pylsl.lib import lib

from bci.types import Channel, Recording

LONG = 60.0  # s after which a test gives up: nothing that it waits for takes nearly as long


def pull_until(source, enough):
    """Pull from a source until `enough(batches)`."""
    batches = []
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        batches.append(source.pull(0.1))
        if enough(batches):
            return batches
    raise AssertionError(f"gave up after {LONG:g} s")


def ramp(n_times=1000, sfreq=250.0, n_channels=4, gap=None, every=50, others=()):
    """Noise whose first channel counts samples; markers say on which sample they stand.

    `gap` is (sample, seconds missing before it); `others` are channels beside the EEG.
    """
    data = np.random.default_rng(0).normal(0, 10, (n_times, n_channels + len(others))).astype(np.float32)
    data[:, 0] = np.arange(n_times)
    segments = ((0, 0.0),) if gap is None else ((0, 0.0), (gap[0], gap[0] / sfreq + gap[1]))
    return Recording(
        data=data,
        sfreq=sfreq,
        segments=segments,
        markers=tuple((sample, str(sample)) for sample in range(every, n_times, every)),
        channels=(*(Channel(f"E{i}") for i in range(n_channels)), *others),
        reference="FCz",
    )


@dataclass
class Stream:
    """How an outlet announces itself."""

    labels: tuple = ("Cz", "Pz", "Oz")
    sfreq: float = 250.0
    type: str = "EEG"
    unit: str = "microvolts"
    format: str = "float32"
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    source_id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Outlet:
    """An LSL outlet in a process of its own, that does one thing at a time and says when it is done."""

    def __init__(self, stream):
        self.stream = stream
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, stream), daemon=True)
        self._process.start()
        self._ask("ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def push(self, samples, stamps):
        """Push each sample with its own stamp."""
        self._ask("push", samples, list(stamps))

    def push_chunk(self, samples, last):
        """Push samples at once; liblsl deduces the stamps of all but the last."""
        self._ask("push_chunk", np.ascontiguousarray(samples), last)

    def push_bytes(self, value, stamp):
        """Push one string as it stands, whatever its encoding."""
        self._ask("push_bytes", value, stamp)

    def wait_for_consumer(self):
        self._ask("wait")

    def wait_for_nobody(self):
        """Wait until the last consumer has left."""
        self._ask("nobody")

    def kill(self):
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._pipe.close()

    def _ask(self, *what):
        self._pipe.send(what)
        if not self._pipe.poll(30):
            raise TimeoutError(f"the outlet did not answer to {what[0]!r}")
        assert self._pipe.recv() == what[0]


def _serve(pipe, stream):
    info = StreamInfo(stream.name, stream.type, len(stream.labels), stream.sfreq, stream.format, stream.source_id)
    if stream.sfreq:
        channels = info.desc().append_child("channels")
        for label in stream.labels:
            node = channels.append_child("channel")
            node.append_child_value("label", label)
            node.append_child_value("unit", stream.unit)
            node.append_child_value("type", "EEG")
    outlet = StreamOutlet(info)
    while True:
        try:
            command, *args = pipe.recv()
        except EOFError:
            return
        if command == "push":
            for sample, stamp in zip(*args, strict=True):
                outlet.push_sample(sample, stamp)
        elif command == "push_chunk":
            outlet.push_chunk(*args)
        elif command == "push_bytes":
            value, stamp = args
            lib.lsl_push_sample_strtp(outlet.obj, (ctypes.c_char_p * 1)(value), ctypes.c_double(stamp), 1)
        elif command == "wait":
            outlet.wait_for_consumers(20)
        elif command == "nobody":
            while outlet.have_consumers():
                time.sleep(0.01)
        pipe.send(command)
