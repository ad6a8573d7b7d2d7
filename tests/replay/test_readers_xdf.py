import gzip
import logging
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from recorded_files import XdfStream, write_xdf

from bci.array_source import ArraySource
from bci.end_to_end import ORDER
from bci.errors import FormatError, StreamError
from bci.events import END_MARKER
from bci.intake import Intake
from bci.journal import JOURNAL, Entry, Kind, to_wire
from bci.roles import layout
from bci.segments import segments_of
from bci.timeline import Timeline
from bci.types import Channel, StreamSpec
from replay.readers import open_recording

LABELS = ("Fz", "Cz", "Oz")
SFREQ = 250.0
N_TIMES = 5000
START = 4321.5


def samples(n_times=N_TIMES):
    return np.random.default_rng(4).normal(0, 20, (n_times, 3)).astype(np.float32)


def stamps(n_times=N_TIMES, missing=()):
    """Even stamps; `missing` are (first sample after the gap, samples lost)."""
    index = np.arange(n_times, dtype=float)
    for first, lost in missing:
        index[first:] += lost
    return START + index / SFREQ


def eeg(name="Amp", **changes):
    return XdfStream(
        **{
            "name": name,
            "type": "EEG",
            "sfreq": SFREQ,
            "stamps": stamps(),
            "samples": samples(),
            "labels": LABELS,
            "units": ("microvolts",) * 3,
            "source_id": f"{name}-1",
            **changes,
        }
    )


def markers(*events, type_="Markers", **changes):
    times, values = zip(*events, strict=True)
    return XdfStream("events", type_, 0, np.array(times), list(values), format="string", **changes)


def opened(tmp_path, *streams, stream=None):
    return open_recording(write_xdf(tmp_path / "a.xdf", *streams), stream)


# ------------------------------------------------------------------------------------------------ the right stream


def test_samples_channels_and_times_come_as_they_were_sent(tmp_path):
    recording = opened(tmp_path, eeg())
    np.testing.assert_array_equal(recording.data, samples())
    assert recording.sfreq == SFREQ
    assert recording.channels == tuple(Channel(label) for label in LABELS)
    assert [first for first, _ in recording.segments] == [0]
    assert recording.segments[0][1] == pytest.approx(START, abs=1e-3)


def test_the_eeg_is_chosen_among_streams_of_one_name(tmp_path):
    others = [
        eeg("Muse", type="ACC", labels=("X", "Y", "Z"), units=("g",) * 3),
        eeg("Muse", type="EEG", stamps=np.empty(0), samples=np.empty((0, 3))),
        eeg("Muse", type="PPG", stamps=np.empty(0), samples=np.empty((0, 3))),
        markers((START + 1, "x")),
    ]
    recording = opened(tmp_path, *others, eeg("Muse", samples=samples() + 1))
    np.testing.assert_array_equal(recording.data, samples() + 1)
    assert recording.markers == ((250, "x"),)


def test_markers_say_which_stream_told_them(tmp_path):
    words = np.zeros((N_TIMES, 1), np.float32)
    words[500:505] = 7
    amp = eeg(
        samples=np.hstack([samples(), words]), labels=(*LABELS, "TRIG"), units=("microvolts",) * 3 + ("none",)
    )
    recording = opened(tmp_path, amp, markers((START + 1, "x"), (START + 3, "y")))
    assert recording.markers == ((250, "x"), (500, "7"), (750, "y"))
    assert recording.sources == ("events", "Amp/TRIG", "events")


@pytest.mark.parametrize("stream", ["B", "B-1", "2"])
def test_two_eeg_streams_are_listed_until_one_is_chosen(tmp_path, stream):
    pair = eeg("A"), eeg("B", samples=samples() * 2)
    with pytest.raises(StreamError, match=r"'A' \(number 1, .*'B' \(number 2, "):
        opened(tmp_path, *pair)
    np.testing.assert_array_equal(opened(tmp_path, *pair, stream=stream).data, samples() * 2)


def test_a_stream_of_another_type_can_be_asked_for(tmp_path):
    recording = opened(tmp_path, eeg("A"), eeg("B", type="Signal", samples=samples() * 2), stream="B")
    np.testing.assert_array_equal(recording.data, samples() * 2)


@pytest.mark.parametrize(
    ("streams", "stream", "said"),
    [
        ([markers((1.0, "x"))], None, "expected an EEG stream, got 'events'"),
        ([eeg()], "nothing", "expected a stream 'nothing' of regular samples, got 'Amp'"),
        ([eeg(stamps=np.empty(0), samples=np.empty((0, 3)))], None, "is empty; there are 'Amp'"),
        ([eeg(labels=("Fz", "Cz", "Cz"))], None, "every channel label once, got 'cz' twice"),
        (
            [eeg(units=("microvolts", "counts", "microvolts"))],
            None,
            "channel Cz: expected its unit to be a voltage",
        ),
        ([eeg(units=("V",) * 3)], None, "the declared unit does not fit the values"),
        ([eeg(labels=("X", "Y", "Z"), kinds=("ACC",) * 3)], None, "expected EEG channels, got only X, Y, Z"),
    ],
)
def test_streams_that_cannot_be_used_are_refused_by_name(tmp_path, streams, stream, said):
    with pytest.raises(StreamError) as refused:
        opened(tmp_path, *streams, stream=stream)
    assert said in str(refused.value)


@pytest.mark.parametrize("rate", [93, 125, 232, 240, 260, 300, 500])
def test_a_rate_that_is_not_the_declared_one_is_refused_with_both(tmp_path, rate):
    with pytest.raises(StreamError, match=rf"expected 250 Hz as stream 'Amp' declares, measured {rate}\.\d Hz"):
        opened(tmp_path, eeg(stamps=START + np.arange(N_TIMES) / rate))


def test_nan_is_refused(tmp_path):
    data = samples()
    data[77, 1] = np.nan
    with pytest.raises(FormatError, match="got nan in channel Cz at sample 77"):
        opened(tmp_path, eeg(samples=data))


@pytest.mark.parametrize("suffix", [".xdfz", ".xdf.gz"])
def test_a_compressed_file_is_read(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(gzip.compress(write_xdf(tmp_path / "a.xdf", eeg()).read_bytes()))
    np.testing.assert_array_equal(open_recording(path).data, samples())


def test_what_is_no_xdf_is_refused(tmp_path):
    (tmp_path / "a.xdf").write_bytes(b"hello world, this is no XDF at all")
    with pytest.raises(FormatError, match="no XDF"):
        open_recording(tmp_path / "a.xdf")


def test_a_file_cut_short_is_read_as_far_as_it_is_whole(tmp_path, capfd):
    path = write_xdf(tmp_path / "a.xdf", eeg())
    path.write_bytes(path.read_bytes()[:-3000])
    recording = open_recording(path)
    np.testing.assert_array_equal(recording.data, samples()[: len(recording.data)])
    assert N_TIMES - 1000 < len(recording.data) < N_TIMES
    assert any("corruption" in caveat for caveat in recording.provenance["caveats"])
    assert capfd.readouterr().err == ""
    assert not logging.getLogger("pyxdf").handlers


# ------------------------------------------------------------------------------------------------ units and kinds


@pytest.mark.parametrize(
    ("unit", "gain"),
    [
        ("microvolts", 1),
        ("uV", 1),
        ("µV", 1),
        ("μV", 1),
        ("mV", 1e3),
        ("millivolts", 1e3),
        ("V", 1e6),
        ("volts", 1e6),
    ],
)
def test_voltages_become_microvolts(tmp_path, unit, gain):
    recording = opened(tmp_path, eeg(units=(unit,) * 3, samples=samples() / np.float64(gain)))
    np.testing.assert_allclose(recording.data, samples(), rtol=1e-6)
    assert {channel.unit for channel in recording.channels} == {"microvolts"}


@pytest.mark.parametrize("format_", ["int32", "double64"])
def test_numbers_of_any_format_become_float32(tmp_path, format_):
    whole = np.rint(samples())
    recording = opened(tmp_path, eeg(samples=whole, format=format_))
    assert recording.data.dtype == np.float32
    np.testing.assert_array_equal(recording.data, whole)


def test_channels_without_labels_are_numbered_as_in_the_live_path(tmp_path):
    assert opened(tmp_path, eeg(labels=())).labels == ("Ch1", "Ch2", "Ch3")


def test_a_sampled_trigger_channel_becomes_markers_and_leaves(tmp_path):
    """actiCHamp: -1 but where the word changes; EEG beside a string stream that tells of the same."""
    data = np.column_stack([samples(), np.full(N_TIMES, -1.0)])
    data[[50, 55, 100, 102], 3] = 5, 0, 1, 0
    recording = opened(
        tmp_path,
        eeg(samples=data, labels=(*LABELS, "Markers"), units=(*["microvolts"] * 3, "")),
        markers((START + 70 / SFREQ, "word")),
    )
    assert recording.markers == ((50, "5"), (70, "word"), (100, "1"))
    assert recording.labels == LABELS


def test_samples_that_the_device_counts_as_lost_or_invented_are_gaps(tmp_path):
    """EmotivPRO: 20 samples lost at 1000 by the counter alone, 30 invented from 2000 on."""
    counter = np.arange(N_TIMES, dtype=float) + np.where(np.arange(N_TIMES) >= 1000, 20, 0)
    invented = (np.arange(N_TIMES) >= 2000) & (np.arange(N_TIMES) < 2030)
    data = np.column_stack([counter, invented, samples()])
    recording = opened(
        tmp_path,
        eeg(
            samples=data,
            stamps=stamps(missing=[(1000, 20)]),
            labels=("Counter", "Interpolate", *LABELS),
            units=("", "", *["microvolts"] * 3),
            format="double64",
        ),
        markers((START + 2120 / SFREQ, "late")),
    )
    assert gaps(recording) == [(0, 0), (1000, 20), (2000, 30)]
    np.testing.assert_array_equal(recording.data, np.delete(samples(), range(2000, 2030), 0))
    assert recording.markers == ((2070, "late"),)


def test_kinds_come_from_types_and_aux_from_the_label(tmp_path):
    recording = opened(tmp_path, eeg(labels=("Cz", "EOG", "AUX_RIGHT"), kinds=("EEG", "EOG", "eeg")))
    assert [channel.kind for channel in recording.channels] == ["eeg", "eog", "aux"]


@pytest.mark.parametrize(
    ("desc", "reference"),
    [
        ("<reference><label>FCz</label></reference>", "FCz"),
        ("<reference><common_average>Yes</common_average></reference>", "average"),
        ("", None),
    ],
)
def test_the_reference_is_what_the_stream_says(tmp_path, desc, reference):
    assert opened(tmp_path, eeg(desc=desc)).reference == reference


@pytest.mark.parametrize(
    ("desc", "known"),
    [
        (f"<replay><order>{ORDER}</order></replay>", ORDER),
        ("<replay><speed>1</speed></replay>", None),
    ],
)
def test_epochs_that_were_streamed_end_to_end_say_so(tmp_path, desc, known):
    recording = opened(tmp_path, eeg(desc=desc))
    assert recording.provenance.get("order") == known
    assert ArraySource(recording).spec.end_to_end is (known is not None)


# ------------------------------------------------------------------------------------------------ times


def gaps(recording):
    return [(segment.first, segment.gap_before) for segment in segments_of(recording)]


@pytest.mark.parametrize("lost", [25, 125, 500])
def test_missing_samples_are_counted_where_they_are_missing(tmp_path, lost):
    recording = opened(tmp_path, eeg(stamps=stamps(missing=[(2000, lost)])))
    assert gaps(recording) == [(0, 0), (2000, lost)]
    assert recording.segments[1][1] - recording.segments[0][1] == pytest.approx((2000 + lost) / SFREQ, abs=1e-9)


def test_packets_that_jitter_make_no_gap(tmp_path):
    jitter = np.repeat(np.random.default_rng(0).uniform(0, 0.033, N_TIMES // 10), 10)
    assert gaps(opened(tmp_path, eeg(stamps=stamps() + jitter))) == [(0, 0)]


def test_a_device_that_says_it_never_drops_is_believed(tmp_path):
    desc = "<synchronization><can_drop_samples>false</can_drop_samples></synchronization>"
    recording = opened(tmp_path, eeg(stamps=stamps(missing=[(2500, 125)]), desc=desc))
    assert gaps(recording) == [(0, 0)]


def test_a_constant_offset_is_subtracted(tmp_path):
    desc = "<synchronization><offset_mean>0.2</offset_mean></synchronization>"
    recording = opened(tmp_path, eeg(desc=desc), markers((START + 1, "x")))
    assert recording.segments[0][1] == pytest.approx(START - 0.2, abs=1e-3)
    assert recording.markers == ((300, "x"),)


def test_clocks_are_brought_together(tmp_path):
    """The sender of the EEG is 1,000 s ahead of the recorder, that of the markers 50 s behind."""
    ahead = tuple((5.0 * i + START + 1000, -1000.0) for i in range(6))
    behind = tuple((5.0 * i + START - 50, 50.0) for i in range(6))
    recording = opened(
        tmp_path, eeg(stamps=stamps() + 1000, offsets=ahead), markers((START + 2 - 50, "x"), offsets=behind)
    )
    assert recording.segments[0][1] == pytest.approx(START, abs=1e-3)
    assert recording.markers == ((500, "x"),)


def test_a_clock_that_was_reset_makes_a_gap_of_the_true_length(tmp_path):
    """60 s, then the sender restarts with its clock at 100 s, 40 s later; its offsets tell."""
    n_times = 15_000
    first, second = START + np.arange(n_times) / SFREQ, START + 100 + np.arange(n_times) / SFREQ
    shift = START + 100 - 100
    offsets = [(START + 5.0 * i, 0.0) for i in range(13)] + [(100 + 5.0 * i, shift) for i in range(13)]
    recording = opened(
        tmp_path,
        eeg(stamps=np.r_[first, second - shift], samples=samples(2 * n_times), offsets=tuple(offsets)),
        markers((START + 1, "a"), (START + 80, "b"), (START + 101, "c")),
    )
    assert gaps(recording) == [(0, 0), (n_times, pytest.approx(40 * SFREQ, abs=2))]
    assert recording.markers == ((250, "a"), (n_times - 1, "b"), (n_times + 250, "c"))
    assert any("reset 1 times" in caveat for caveat in recording.provenance["caveats"])


# ------------------------------------------------------------------------------------------------ markers


def test_markers_go_to_the_nearest_sample_of_all_marker_streams(tmp_path):
    strings = markers((START + 1.0011, "a"), (START + 1.0029, "b"), type_="LSL_Marker_Strings")
    numbers = XdfStream(
        "codes", "Markers", 0, np.array([START + 0.5, START + 2]), np.array([[7], [1_000_000]]), format="int32"
    )
    recording = opened(tmp_path, strings, numbers, eeg())
    assert recording.markers == ((125, "7"), (250, "a"), (251, "b"), (500, "1000000"))


def test_a_marker_in_a_gap_goes_before_it_and_outside_it_is_left_out_and_counted(tmp_path):
    end = START + (N_TIMES + 500) / SFREQ
    events = markers(
        (START - 1, "early"), (START + 9, "in"), (START + 9.999, "just"), (START + 10, "after"), (end + 1, "late")
    )
    recording = opened(tmp_path, events, eeg(stamps=stamps(missing=[(2000, 500)])))
    assert recording.markers == ((1999, "in"), (2000, "just"), (2000, "after"))
    assert "2 markers lie outside the recording and are left out" in recording.provenance["caveats"]


# ------------------------------------------------------------------------------------------------ sessions of ours


def journal(first_sample, *others):
    entries = [Entry(first_sample, Kind.FIRST_SAMPLE), *others]
    told = markers(*((entry.time, to_wire(entry)) for entry in entries))
    return replace(told, name=JOURNAL)


@settings(max_examples=15)
@given(st.integers(0, 900), st.floats(-0.4, 0.4), st.sampled_from([0, 40]), st.sampled_from([0.0, 0.012]))
@example(750, 0.0, 40, 0.0)  # three seconds, with a gap among half of those that are one second apart
def test_a_session_begins_with_its_first_sample_with_its_stamps_as_they_were_received(
    tmp_path_factory, first, off, lost, late
):
    folder = tmp_path_factory.mktemp("session")
    times = stamps(1500, [(1200, lost)]) + np.random.default_rng(first).normal(0, 2e-5, 1500)
    events = markers((times[950] + 1e-4, "a"), (times[1300], "b"), (times[1400], END_MARKER))
    desc = f"<synchronization><offset_mean>{late}</offset_mean></synchronization>"
    whole = eeg(stamps=times, samples=samples(1500), desc=desc)
    since = eeg(stamps=times[first:], samples=samples(1500)[first:])
    session = journal(times[first] + off / SFREQ, Entry(times[0], Kind.NOTE, "coughs"))
    recorded = opened(folder, session, whole, events)
    alone = open_recording(write_xdf(folder / "b.xdf", since, events))
    np.testing.assert_array_equal(recorded.data, alone.data)
    assert recorded.segments == alone.segments
    assert recorded.markers == alone.markers == ((950 - first, "a"), (1300 - first, "b"))
    left_out = f"{first} samples before the first one of the session are left out"
    assert (left_out in recorded.provenance["caveats"]) == (first > 0)


def test_a_recording_that_began_later_than_its_session_says_so(tmp_path):
    recording = opened(tmp_path, journal(START - 3.0), eeg())
    assert len(recording.data) == N_TIMES
    assert "the session began before its recording" in recording.provenance["caveats"][0]


def test_what_is_no_entry_of_a_journal_is_passed_over(tmp_path):
    told = replace(markers((START + 1, "bci:hello"), (START + 2, "x"), (START + 3, "bci:note {")), name=JOURNAL)
    recording = opened(tmp_path, told, eeg())
    assert (recording.markers, recording.provenance["caveats"]) == ((), [])


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from(["even", "by sample", "by packet"]), st.sampled_from([0, 130]))
def test_markers_stand_where_they_stood_live(tmp_path_factory, seed, jitter, lost):
    rng = np.random.default_rng(seed)
    n_times, packet = 4000, 12
    times = stamps(n_times, [(2500, lost)])
    if jitter == "by sample":
        times += rng.normal(0, 0.003, n_times)
    elif jitter == "by packet":
        times += np.repeat(rng.uniform(0, 0.02, n_times // packet + 1), packet)[:n_times]
    onsets = np.sort(rng.uniform(times[0] + 1, times[-1] - 1, 40))
    onsets = onsets[(onsets < START + 2450 / SFREQ) | (onsets > START + (2550 + lost) / SFREQ)]
    told = markers(*((onset, str(i)) for i, onset in enumerate(onsets)))
    recorded = opened(tmp_path_factory.mktemp("live"), told, eeg(stamps=times, samples=samples(n_times)))

    live = Timeline(SFREQ, 60.0)
    layout_ = layout(LABELS, ("EEG",) * 3, ("microvolts",) * 3)
    intake = Intake(StreamSpec("Amp", "EEG", "Amp-1", SFREQ, layout_.channels), layout_)
    pieces = np.split(np.arange(n_times), np.sort(rng.integers(0, n_times, 300)))
    batches = [b for rows in pieces if len(rows) for b in intake.feed(samples(n_times)[rows], times[rows], 0.0)]
    for batch in [*batches, *intake.flush(0.0)]:
        live.append(batch.chunk)
    seq = {segment.first: segment.seq for segment in segments_of(recorded)}
    begins = [max(first for first in seq if first <= sample) for sample, _ in recorded.markers]
    placed = [sample - first + seq[first] for (sample, _), first in zip(recorded.markers, begins, strict=True)]
    assert placed == [live.locate(onset) for onset in onsets]
