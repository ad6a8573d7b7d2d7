"""Interoperability with mne-lsl, both ways; mne-lsl lives in a process of its own."""

import multiprocessing
import os
import uuid
from contextlib import closing, contextmanager

import numpy as np
import pylsl
import pytest
from simulated_devices import ramp

from bci.events import END_MARKER
from bci.lsl_source import LslSource
from replay.device import DeviceOptions, DeviceProcess

pytestmark = pytest.mark.lsl

CODES = (5, 1, 7, 2)
EVERY = 50  # samples


@contextmanager
def process(target, *args):
    """Run a function in a process of its own; yields our end of the pipe that it gets first."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=target, args=(theirs, *args), daemon=True)
    child.start()
    try:
        yield ours
    finally:
        child.kill()
        child.join()


def answer(pipe):
    assert pipe.poll(60), "the other process did not answer"
    return pipe.recv()


def play_with_mne_lsl(pipe, name):
    """Play a minute of volts, or until we are killed."""
    import mne  # noqa: PLC0415 (here alone, in the other process)
    from mne_lsl.player import PlayerLSL  # noqa: PLC0415

    index = np.arange(15_000)
    noise = np.random.default_rng(0).normal(0, 10, (2, len(index)))
    trigger = np.where(index % EVERY < 5, np.resize(CODES, len(index) // EVERY).repeat(EVERY), 0)
    info = mne.create_info(["Cz", "Oz", "Pz", "STI"], 250.0, ["eeg"] * 3 + ["stim"])
    raw = mne.io.RawArray(np.vstack([index * 1e-6, noise * 1e-6, trigger]), info, verbose="error")
    player = PlayerLSL(raw, chunk_size=10, name=name, source_id=name, annotations=False)
    player.start()
    pipe.send("playing")
    pipe.recv()


def listen_with_mne_lsl(pipe, name):
    """Say what a stream holds, once it has come to an end."""
    # With liblsl 1.17, which mne-lsl 1.14 bundles, discovery within one computer finds but one of our two outlets.
    os.environ["MNE_LSL_LIB"] = pylsl.lib.lib._name
    from mne_lsl.lsl import StreamInlet, resolve_streams  # noqa: PLC0415
    from mne_lsl.stream import StreamLSL  # noqa: PLC0415

    (markers,) = resolve_streams(timeout=20, name=f"{name}-markers", minimum=1)
    words = StreamInlet(markers)  # StreamLSL takes no streams of strings
    words.open_stream()
    stream = StreamLSL(bufsize=4, name=name).connect(acquisition_delay=None, timeout=20)
    pipe.send("connected")
    data, times = [], []
    while sum(map(len, times)) < 1000:
        stream.acquire()
        if n_new := stream.n_new_samples:
            window, stamps = stream.get_data(winsize=n_new / stream.info["sfreq"])
            data.append(window[:, -n_new:])
            times.append(stamps[-n_new:])
    pipe.send(
        {
            "labels": stream.ch_names,
            "sfreq": stream.info["sfreq"],
            "first channel": np.concatenate(data, axis=1)[0],
            "times": np.concatenate(times),
            "markers": words.pull_chunk(timeout=1.0)[0],
        }
    )
    pipe.recv()
    stream.disconnect()


def test_what_mne_lsl_plays_arrives_here():
    name = uuid.uuid4().hex
    with process(play_with_mne_lsl, name) as pipe:
        assert answer(pipe) == "playing"
        with closing(LslSource(name, wait=20)) as source:
            batches = []
            while sum(len(batch.chunk.data) for batch in batches if batch.chunk) < 1250:
                batches.append(source.pull(1.0))
    chunks = [batch.chunk for batch in batches if batch.chunk]
    data, times = (np.concatenate([getattr(chunk, part) for chunk in chunks]) for part in ("data", "times"))
    assert source.spec.labels == ("Cz", "Oz", "Pz")
    assert source.spec.sfreq == 250.0
    np.testing.assert_allclose(np.diff(data[:, 0]), 1, atol=1e-2)  # microvolts again
    assert [chunk.gap_before for chunk in chunks if chunk.gap_before] == []
    markers = [marker for batch in batches for marker in batch.markers]
    assert len(markers) >= 20
    for marker in markers:
        sample = round(data[np.argmin(np.abs(times - marker.time)), 0])
        assert sample % EVERY == 0
        assert int(marker.value) == CODES[sample // EVERY % len(CODES)]
        assert marker.source == f"{name}/STI"


def test_what_we_play_arrives_in_mne_lsl():
    options = DeviceOptions(name=uuid.uuid4().hex)
    with DeviceProcess(ramp, 1000, options=options), process(listen_with_mne_lsl, options.name) as pipe:
        assert answer(pipe) == "connected"
        got = answer(pipe)
    assert got["labels"] == ["E0", "E1", "E2", "E3"]
    assert got["sfreq"] == 250.0
    assert [value for (value,) in got["markers"]] == [*map(str, range(50, 1000, 50)), END_MARKER]
    np.testing.assert_array_equal(got["first channel"], np.arange(1000))
    np.testing.assert_allclose(np.diff(got["times"]), 1 / 250, atol=1e-3)
