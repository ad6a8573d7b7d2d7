"""EEG in BIDS, as THINGS-EEG1 has it."""

import numpy as np
import pytest
from recorded_files import write_bids

from bci.errors import ConfigError, FormatError
from replay.readers import open_dataset, open_recording
from replay.readers.bids import read_bids

DATA = np.rint(np.random.default_rng(0).normal(0, 200, (3000, 3))) / 10
LABELS = ("Fp1", "Cz", "Oz")
THINGS = (
    "onset", "duration", "eventnumber", "objectnumber", "object", "stimname", "istarget", "isteststim",
)  # fmt: skip
ROWS = [
    (0.5, 50, 0, 0, "aardvark", "aardvark_01b.jpg", 0, 0),
    (0.6, 50, 1, 1, "abacus", "abacus_01b.jpg", 0, 0),
    (1.5, 50, 2, 0, "aardvark", "aardvark_02s.jpg", 1, 0),
]


def things(root, subject="01", rows=ROWS, **options):
    return write_bids(root, subject, DATA, LABELS, 1000, rows, columns=THINGS, **options)


def test_events_become_markers_and_the_files_own_do_not(tmp_path):
    recording = read_bids(things(tmp_path))
    assert recording.markers == ((500, "aardvark"), (600, "abacus"), (1500, "aardvark"))
    np.testing.assert_allclose(recording.data, DATA, rtol=1e-5)
    assert recording.provenance["subject"] == "01"
    assert "column object of sub-01_task-rsvp_events.tsv" in recording.provenance["caveats"][-1]


def test_another_column_can_be_named(tmp_path):
    things(tmp_path)
    (recording,) = open_dataset("bids", [tmp_path], options={"column": "stimname"})
    assert recording.markers[1] == (600, "abacus_01b.jpg")
    with pytest.raises(ConfigError, match="expected the column stim, got onset, duration"):
        open_dataset("bids", [tmp_path], options={"column": "stim"})


def test_the_first_of_the_usual_columns_counts(tmp_path):
    columns = ("onset", "value", "trial_type")
    path = write_bids(tmp_path, "01", DATA, LABELS, 1000, [(0.5, 7, "face")], columns=columns)
    assert read_bids(path).markers == ((500, "face"),)


def test_no_column_that_names_anything_is_refused(tmp_path):
    path = write_bids(tmp_path, "01", DATA, LABELS, 1000, [(0.5, 1)], columns=("onset", "duration"))
    with pytest.raises(ConfigError, match="one of trial_type, object, stimulus, value, got onset, duration"):
        read_bids(path)


def test_rows_without_onset_or_value_or_outside_are_counted(tmp_path):
    rows = [*ROWS, ("n/a", *ROWS[0][1:]), (2.0, 50, 0, 0, "n/a", "", 0, 0), (9.0, *ROWS[0][1:])]
    recording = read_bids(things(tmp_path, rows=rows))
    assert len(recording.markers) == 3
    assert recording.provenance["caveats"][-1].startswith("3 rows")


def test_without_events_the_recordings_own_markers_count(tmp_path):
    path = things(tmp_path)
    path.with_name("sub-01_task-rsvp_events.tsv").unlink()
    recording = read_bids(path)
    assert [sample for sample, _ in recording.markers] == [500, 600, 1500]
    assert "no sub-01_task-rsvp_events.tsv" in recording.provenance["caveats"][-1]
    with pytest.raises(ConfigError, match="for the column 'object'"):
        read_bids(path, "object")


def test_the_sidecar_tells_the_reference_where_the_header_does_not(tmp_path):
    assert read_bids(things(tmp_path / "a", reference="Cz")).reference == "Cz"
    assert read_bids(things(tmp_path / "b")).reference is None


def test_a_data_set_is_its_recordings_and_one_subject_loads_no_other(tmp_path):
    things(tmp_path, "01")
    things(tmp_path, "02", ROWS[:1]).with_suffix(".eeg").unlink()
    (recording,) = open_dataset("bids", [tmp_path], subjects=["01"])
    assert recording.provenance["subject"] == "01"
    with pytest.raises(FormatError, match="damaged or incomplete"):
        list(open_dataset("bids", [tmp_path]))


def test_a_recording_by_itself_has_its_events(tmp_path):
    path = things(tmp_path)
    assert open_recording(path).markers == read_bids(path).markers


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("object\\tx\\na\\tb\\n", "a column onset in seconds, got object, x"),
        ("", "got no rows"),
        ("onset\\tobject\\n1\\ta\\tb\\n", "expected 2 columns in line 2"),
        ("onset\\tobject\\nsoon\\ta\\n", "onsets in seconds, got 'soon'"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path, table, why):
    path = things(tmp_path)
    path.with_name("sub-01_task-rsvp_events.tsv").write_text(table.replace("\\t", "\t").replace("\\n", "\n"))
    with pytest.raises(FormatError, match=why):
        read_bids(path)


def test_a_sidecar_that_is_no_json_is_refused(tmp_path):
    path = things(tmp_path)
    path.with_name("sub-01_task-rsvp_eeg.json").write_text("[1]")
    with pytest.raises(FormatError, match=r"eeg\.json is damaged"):
        read_bids(path)
