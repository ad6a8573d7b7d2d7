"""What every sink is held to: it takes whatever is decided, counts what it drops, and closes."""

import numpy as np
import pytest

from bci.ranking import rank
from bci.sinks.jsonl import JsonlSink
from bci.sinks.outlet import OutletSink
from bci.types import Decision, DecoderSpec, Marker, SourceState, Status
from bci.verdict import STAGES
from bci.wire import Header

SPEC = DecoderSpec(("Cz",), 100.0, 10, "0" * 64, ("a", "b"), "0" * 8, "1" * 8)
PROTOTYPES = np.eye(2, dtype=np.float32)


def decisions():
    ranked = rank(PROTOTYPES[0], PROTOTYPES, 1, 5)
    for seq, (ranking, status) in enumerate([(ranked, Status.OK), (None, Status.GAP), (None, Status.DROPPED)]):
        marker = Marker(1.0, "ä", "source") if seq else None
        stages = dict.fromkeys(STAGES, 0.0)
        yield Decision(seq, marker, 1.0, None, None, status, "", ranking, stages, 0.0, SourceState.STALLED)


SINKS = {
    "jsonl": lambda folder: JsonlSink(folder / "decisions.jsonl", Header(SPEC)),
    "outlet": lambda folder: OutletSink(Header(SPEC), name="bci-contract"),
}


@pytest.fixture(params=SINKS)
def sink(request, tmp_path):
    made = SINKS[request.param](tmp_path)
    yield made
    made.close()


def test_it_takes_every_kind_of_decision(sink):
    for decision in decisions():
        sink.put(decision)
    assert (sink.dropped, sink.trouble) == (0, "")


def test_it_may_be_closed_twice_and_counts_what_comes_afterwards(sink):
    sink.close()
    sink.close()
    for decision in decisions():
        sink.put(decision)
    assert sink.dropped == 3


def test_a_full_disk_does_not_stop_a_session(tmp_path, caplog):
    sink = JsonlSink(tmp_path / "decisions.jsonl", Header(SPEC))

    class Full:
        name = "decisions.jsonl"
        closed = False

        def write(self, _):
            raise OSError(28, "No space left on device")

        def close(self):
            self.closed = True

    room, sink._file = sink._file, Full()
    for decision in decisions():
        sink.put(decision)
    assert sink.dropped == 3
    assert caplog.text.count("No space left") == 1
    assert sink.trouble == "decisions are not written: is the disk full?"
    sink._file = room
    sink.put(next(decisions()))
    assert (sink.dropped, sink.trouble) == (3, "")
    sink.close()


def test_an_existing_record_is_never_overwritten(tmp_path):
    (tmp_path / "decisions.jsonl").write_text("mine")
    with pytest.raises(FileExistsError):
        JsonlSink(tmp_path / "decisions.jsonl", Header(SPEC))
