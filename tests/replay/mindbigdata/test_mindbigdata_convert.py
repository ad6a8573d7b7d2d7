from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bci.errors import FormatError
from replay.mindbigdata import convert as conversion
from replay.mindbigdata.arrays import Folder
from replay.mindbigdata.convert import convert
from replay.mindbigdata.rows import CHANNELS
from replay.mindbigdata.writer import event_lines, write_text

RNG = np.random.default_rng(0)
EVENTS = [(code, 4200 + RNG.normal(0, 30, (14, size))) for code, size in ((7, 256), (-1, 248), (0, 264), (7, 256))]


class StoppedError(Exception):
    pass


def silent(done, total):
    pass


def lines_of(events):
    return [
        line for number, (code, signals) in enumerate(events, 1) for line in event_lines(number, code, signals)
    ]


def write_lines(folder, lines):
    path = folder / "EP1.01.txt"
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


def contents(path):
    folder = Folder.of(path)
    signals, events, checkpoint = folder.open(path)
    return signals.tobytes(), [column.tolist() for column in (events.numbers, events.codes, events.lines)], (
        events.sizes.tolist(), checkpoint, folder.broken.read_text(encoding="utf-8"),
    )  # fmt: skip


def test_events_are_cut_or_filled_with_their_last_value(tmp_path):
    path = tmp_path / "EP1.01.txt"
    write_text(path, EVENTS)
    done = convert(path, silent)
    assert (done.lines, done.events, done.complete, done.broken) == (56, 4, 4, {})
    signals, events, _ = Folder.of(path).open(path)
    assert signals.shape == (4, 14, 256)
    assert signals.dtype == np.float32
    assert events.codes.tolist() == [7, -1, 0, 7]
    assert events.lines.tolist() == [1, 15, 29, 43]
    assert events.sizes[:, 0].tolist() == [256, 248, 264, 256]
    for (_, signal), read in zip(EVENTS, signals, strict=True):
        n = min(256, signal.shape[1])
        assert np.abs(read[:, :n] - signal[:, :n]).max() < 0.26
        assert (read[:, n:] == read[:, n - 1 : n]).all()


def test_rows_may_come_in_any_order(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    lines = lines_of(EVENTS)
    straight, mixed = write_lines(tmp_path / "a", lines), write_lines(tmp_path / "b", [*lines[::2], *lines[1::2]])
    assert convert(straight, silent).complete == convert(mixed, silent).complete == 4
    assert contents(straight)[0] == contents(mixed)[0]


def test_lines_that_are_no_rows_are_listed_by_number(tmp_path):
    lines = lines_of(EVENTS)
    lines[3] = lines[3].replace("EP", "MU")
    lines[20] = "\n"
    lines[30] = lines[31]  # one channel twice, another one missing
    lines[50] = lines[50].replace("\t7\t", "\t8\t")  # another digit than the rest of its event
    lines.append("0\t9\tEP\tAF3\t1\t256\t" + "1," * conversion.LONGEST + "1\n")
    lines.append(lines[0])  # again
    done = convert(path := write_lines(tmp_path, lines), silent)
    listed = [line.split("\t")[0] for line in Folder.of(path).broken.read_text().splitlines()]
    assert listed == ["4", "21", "32", "51", "57", "58"]
    assert sum(done.broken.values()) == 6
    assert (done.lines, done.events, done.complete) == (58, 4, 0)


def test_a_line_that_is_too_long_takes_no_memory_and_hides_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "LONGEST", 4096)
    monkeypatch.setattr("replay.mindbigdata.rows.LONGEST", 4096)
    lines = ["x" * 10_000 + "\n", *lines_of(EVENTS[:1])]
    done = convert(write_lines(tmp_path, lines), silent)
    assert (done.lines, done.complete, done.broken) == (15, 1, {"expected less than 4096 bytes": 1})


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(1, 70), max_size=4), every=st.integers(1, 20), seed=st.integers(0, 2**32))
def test_wherever_it_is_interrupted_it_comes_to_the_same(stops, every, seed, tmp_path_factory, monkeypatch):
    rng = np.random.default_rng(seed)
    lines = lines_of(EVENTS)
    for at in rng.integers(0, len(lines), 5):
        lines[at] = lines[at].replace("EP", "MU") if rng.random() < 0.5 else lines[rng.integers(len(lines))]
    whole, broken_off = (write_lines(tmp_path_factory.mktemp(name), lines) for name in ("whole", "parts"))
    convert(whole, silent)
    monkeypatch.setattr(conversion, "NOTED_EVERY", every)
    for stop in stops:
        take, taken = conversion._Arrays.take, []

        def take_some(self, line, offset, take=take, taken=taken, stop=stop):
            taken.append(line)
            take(self, line, offset)
            if len(taken) == stop:
                raise StoppedError

        with monkeypatch.context() as patch:
            patch.setattr(conversion._Arrays, "take", take_some)
            with suppress(StoppedError):
                convert(broken_off, silent)
    convert(broken_off, silent)
    assert contents(broken_off) == contents(whole)


def test_what_is_converted_is_not_converted_again(tmp_path, monkeypatch):
    write_text(path := tmp_path / "EP1.01.txt", EVENTS)
    first = convert(path, silent)
    monkeypatch.setattr(conversion, "_read", None)
    assert convert(path, silent) == first


def test_arrays_of_another_file_are_refused_and_kept(tmp_path):
    write_text(path := tmp_path / "EP1.01.txt", EVENTS)
    convert(path, silent)
    before = Folder.of(path).signals.read_bytes()
    write_text(path, EVENTS[:2])
    for opened in (lambda: convert(path, silent), lambda: Folder.of(path).open(path)):
        with pytest.raises(FormatError, match="another"):
            opened()
    assert Folder.of(path).signals.read_bytes() == before


def test_half_a_conversion_is_not_opened(tmp_path, monkeypatch):
    write_text(path := tmp_path / "EP1.01.txt", EVENTS)
    with pytest.raises(FormatError, match="bci convert"):
        Folder.of(path).open(path)
    monkeypatch.setattr(conversion, "NOTED_EVERY", 10)
    monkeypatch.setattr(conversion, "SHOWN_EVERY", 30)

    def stop(done, total):
        raise StoppedError

    with pytest.raises(StoppedError):
        convert(path, stop)
    with pytest.raises(FormatError, match=r"converted to \d+%"):
        Folder.of(path).open(path)


@pytest.mark.parametrize("text", ["", "nothing of ours\n" * 3])
def test_a_file_without_a_row_is_refused(text, tmp_path):
    with pytest.raises(FormatError, match="expected rows of an EPOC"):
        convert(write_lines(tmp_path, [text]), silent)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="cannot read"):
        convert(tmp_path / "EP1.01.txt", silent)


def test_progress_tells_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "SHOWN_EVERY", len(CHANNELS))
    write_text(path := tmp_path / "EP1.01.txt", EVENTS)
    told = []
    convert(path, lambda *done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == (path.stat().st_size,) * 2
