"""Columns of the streams that people have: what each is, and how it becomes microvolts."""

import numpy as np
import pytest

from bci.channel_quality import impedances
from bci.errors import StreamError
from bci.roles import check_range, layout, microvolts_per, role_of
from bci.types import Channel

EPOC_SENSORS = ["AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4"]
EPOC = ["Timestamp", "Counter", "Interpolate", *EPOC_SENSORS, "HardwareMarker", "Markers"]


def arranged(labels, kind="EEG", unit="microvolts"):
    return layout(labels, [kind] * len(labels), [unit] * len(labels))


def test_epoc():
    found = arranged(EPOC)
    assert [channel.label for channel in found.channels] == EPOC_SENSORS
    assert (found.counter, found.interpolated) == (1, 2)
    assert found.triggers == ((17, "HardwareMarker"), (18, "Markers"))


def test_acticham_connector():
    found = arranged(["Fp1", "Oz", "AUX1", "Markers", "SampleCounter"])
    assert found.channels == (Channel("Fp1"), Channel("Oz"), Channel("AUX1", "aux"))
    assert (found.counter, found.triggers) == (4, ((3, "Markers"),))


def test_muse():
    found = arranged(["TP9", "AF7", "AF8", "TP10", "Right AUX"])
    assert [channel.kind for channel in found.channels] == ["eeg"] * 4 + ["aux"]


@pytest.mark.parametrize(
    ("label", "kind", "role"),
    [
        ("Cz", "", "eeg"),
        ("A1", "EEG", "eeg"),
        ("HEOG", "EEG", "eog"),
        ("EOG left", "", "eog"),
        ("whatever", "EOG", "eog"),
        ("STI 014", "EEG", "trigger"),
        ("TRIG", "", "trigger"),
        ("word", "stim", "trigger"),
        ("Marker0", "EEG", "trigger"),
        ("ACC_X", "", "aux"),
        ("respiration", "misc", "aux"),
    ],
)
def test_roles(label, kind, role):
    assert role_of(label, kind) == role


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("V", 1e6), ("volts", 1e6), ("mV", 1e3), ("uV", 1), ("µV", 1), ("μV", 1), ("Microvolts", 1), ("", 1),
     ("nV", 1e-3), ("0", 1e6), ("-6", 1), ("-9", 1e-3), ("furlong", None)],
)  # fmt: skip
def test_units(unit, factor):
    assert microvolts_per(unit) == factor


def test_unit_that_is_no_voltage_is_refused_for_eeg_alone():
    with pytest.raises(StreamError, match=r"channel Cz: .*got 'g'"):
        layout(["Cz"], ["EEG"], ["g"])
    found = layout(["Cz", "ACC_X"], ["EEG", "ACC"], ["mV", "g"])
    assert found.channels[1] == Channel("ACC_X", "aux", "g")
    np.testing.assert_array_equal(found.factors, [1000, 1])


@pytest.mark.parametrize(
    ("kind", "unit", "told"),
    [
        ("impedance", "kohm", "kohm"),
        ("Impedance", "Ohms", "Ohms"),
        ("EEG", "kOhm", "kOhm"),
        ("", "kΩ", "kΩ"),
        ("misc", "\N{OHM SIGN}", "\N{OHM SIGN}"),
        ("impedance", "", "unknown"),
        ("impedance", "microvolts", "unknown"),
    ],
)
def test_a20_an_impedance_is_no_voltage_and_stays_as_it_was_sent(kind, unit, told):
    found = layout(["Cz", "Z_Cz", "AUX1"], ["EEG", kind, "aux"], ["mV", unit, "mV"])
    assert found.channels == (Channel("Cz"), Channel("Z_Cz", "impedance", told), Channel("AUX1", "aux"))
    np.testing.assert_array_equal(found.factors, [1000, 1, 1000])
    assert impedances(found.channels) == {0: 1}


def test_a_stream_of_impedances_alone_is_no_eeg():
    with pytest.raises(StreamError, match="expected EEG channels"):
        arranged(["Cz", "Oz"], unit="kohm")


def test_stream_without_eeg_is_refused():
    with pytest.raises(StreamError, match="expected EEG channels"):
        layout(["ACC_X"], ["ACC"], ["g"])


def test_label_that_stands_twice_is_refused():
    with pytest.raises(StreamError, match="'cz' twice"):
        arranged(["Cz", "Pz", "CZ"])


CHANNELS = (Channel("Cz"), Channel("Oz"), Channel("AUX", "aux"))


def eeg(scale):
    return (np.random.default_rng(0).normal(4200, 10, (500, 3)) * scale).astype(np.float32)


def refused(data):
    try:
        check_range(data, CHANNELS)
    except StreamError as error:
        return "declared unit" in str(error)
    return False


@pytest.mark.parametrize("scale", [0.02, 1.0, 100.0])
def test_eeg_on_the_offset_of_an_epoc_is_plausible(scale):
    assert not refused(eeg(scale))


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3, 1e6])
def test_range_that_contradicts_the_unit(scale):
    assert refused(eeg(scale))


def test_constant_and_missing_values_say_nothing():
    data = eeg(1e6)
    assert refused(data)
    data[:, 0] = 0.0
    data[:, 1] = np.nan
    assert not refused(data)
