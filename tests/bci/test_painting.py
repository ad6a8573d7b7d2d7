"""Pictures come when they come: decisions never wait, and of those that wait only the latest is painted."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from painters import make_loud, make_nothing
from staged_session import about

from bci.clock import VirtualClock
from bci.errors import SessionError
from bci.painter_process import PainterProcess
from bci.painting import Painting
from bci.ranking import rank
from bci.types import Decision, Marker, SourceState, Status

SPEC = about(8).decoder
MODEL = SPEC.model
PROTOTYPES = np.eye(8, dtype=np.float32)


class SlowPainter:
    """Paints only while it is let; the red of the picture tells which embedding it is."""

    def __init__(self):
        self.painted = []
        self.began, self.let = threading.Semaphore(0), threading.Semaphore(0)
        self.closed = False

    def paint(self, embedding):
        self.began.release()
        assert self.let.acquire(timeout=10)
        self.painted.append(int(embedding.argmax()))
        return np.full((4, 4, 3), embedding.argmax(), np.uint8)

    def close(self):
        self.closed = True


class BrokenPainter(SlowPainter):
    def paint(self, embedding):
        raise SessionError(f"no colour left for {len(embedding)} numbers")


def decision(seq, *, ranked=True, decoder=SPEC):
    ranking = rank(PROTOTYPES[seq % 8], PROTOTYPES, None, 5) if ranked else None
    return Decision(
        seq,
        Marker(1.0, "x", "markers", 1.0),
        1.0,
        None,
        None,
        Status.OK,
        "",
        ranking,
        {},
        0.001,
        SourceState.FLOWING,
        decoder=decoder,
    )


def looked_at(painter, clock=None):
    painting = Painting(painter, MODEL, clock or VirtualClock())
    painting.look()
    return painting


def test_of_what_waits_only_the_latest_is_painted():
    painter = SlowPainter()
    painting = looked_at(painter)
    painting.put(decision(0))
    assert painter.began.acquire(timeout=10)  # it is at work on the first
    for seq in (1, 2, 3):
        painting.put(decision(seq))
    painting.put(decision(4, ranked=False))  # of which there is nothing to paint
    painting.put(decision(5, decoder=replace(SPEC, model="another")))  # whose embedding means something else
    painter.let.release()
    assert painter.began.acquire(timeout=10)
    painter.let.release()
    while len(painter.painted) < 2 or painting.latest is None or painting.latest.decision.seq == 0:
        threading.Event().wait(0.001)
    assert painter.painted == [0, 3]
    assert (painting.superseded, painting.n_painted) == (2, 2)
    assert (painting.latest.pixels == 3).all()
    assert not painting.latest.pixels.flags.writeable
    assert (painting.dropped, painting.trouble) == (0, "")
    painting.close()
    assert painter.closed


def test_a_painter_that_chooses_among_concepts_paints_decisions_among_these():
    painting = Painting(SlowPainter(), MODEL, VirtualClock(), bank=SPEC.bank)
    painting.look()
    painting._painter.let.release()
    painting.put(decision(0, decoder=replace(SPEC, bank="another")))
    assert painting._waiting is None
    painting.put(decision(1))
    assert painting._painter.began.acquire(timeout=10)
    painting.close()
    assert painting._painter.painted == [1]


def test_nothing_is_painted_while_nobody_looks():
    painter, clock = SlowPainter(), VirtualClock()
    painting = looked_at(painter, clock)
    clock.advance(2.1)
    painting.put(decision(0))
    assert painting._waiting is None
    painting.look()
    painting.put(decision(1))
    assert painter.began.acquire(timeout=10)
    painter.let.release()
    painting.close()
    assert painter.painted == [1]


def test_at_the_end_what_waits_is_left_unpainted():
    painter = SlowPainter()
    painting = looked_at(painter)
    painting.put(decision(0))
    assert painter.began.acquire(timeout=10)
    painting.put(decision(1))
    ending = threading.Thread(target=painting.close)
    ending.start()
    while not painting._over:
        threading.Event().wait(0.001)
    painter.let.release()
    ending.join(timeout=10)
    assert painter.painted == [0]
    assert painter.closed


def test_a_painter_that_breaks_is_told_of_and_decisions_go_on(caplog):
    painting = looked_at(BrokenPainter())
    painting.put(decision(0))
    painting._thread.join(timeout=10)
    assert painting.trouble == "no pictures are made any more"
    assert "no colour left for 8 numbers" in caplog.text
    painting.put(decision(1))
    assert painting.latest is None
    painting.close()


def test_a_painter_in_a_process_of_its_own_paints_and_says_what_is_wrong():
    painter = PainterProcess(make_loud, 7)
    assert (painter.paint(PROTOTYPES[0]) == np.full((2, 3, 3), 7)).all()
    with pytest.raises(SessionError, match="got zeros"):
        painter.paint(np.zeros(8, np.float32))
    assert (painter.paint(PROTOTYPES[1]) == 7).all()
    painter._process.kill()
    painter._process.join()
    with pytest.raises(SessionError, match="has ended"):
        painter.paint(PROTOTYPES[0])
    painter.close()


def test_a_painter_that_cannot_be_made_is_refused_here():
    with pytest.raises(SessionError, match="expected a generator"):
        PainterProcess(make_nothing)
