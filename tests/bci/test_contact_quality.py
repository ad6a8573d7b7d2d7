"""What a headset says of itself becomes values and reasons."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.contact_quality import read_contact

LABELS = ("Timestamp", "BatteryPercent", "Overall", "Signal", "AF3", "O1", "O2")


def report(battery=80.0, signal=2.0, sensors=(4.0, 4.0, 4.0)):
    return read_contact(LABELS, (1.7e9, battery, 100.0, signal, *sensors))


def test_values_are_those_of_their_columns():
    found = report(sensors=(4.0, 2.0, 0.0))
    assert (found.battery, found.overall, found.signal) == (80.0, 100.0, 2.0)
    assert found.sensors == {"AF3": 1.0, "O1": 0.5, "O2": 0.0}


@pytest.mark.parametrize(
    ("what", "reasons"),
    [
        ({}, ()),
        ({"battery": 9.4}, ("battery at 9 %",)),
        ({"signal": 0.0}, ("no radio signal from the headset",)),
        ({"sensors": (0.0, 4.0, 0.0)}, ("no contact: AF3, O2",)),
        ({"sensors": (0.0, 0.0, 0.0)}, ("headset off: no contact",)),
        ({"battery": 3.0, "sensors": (0.0, 0.0, 0.0)}, ("battery at 3 %", "headset off: no contact")),
    ],
)
def test_reasons_say_what_is_wrong(what, reasons):
    assert report(**what).reasons == reasons


def test_what_is_not_finite_was_not_said():
    found = report(battery=math.nan, sensors=(math.inf, 4.0, 4.0))
    assert found.battery is None
    assert set(found.sensors) == {"O1", "O2"}
    assert found.reasons == ()


@given(st.lists(st.floats(allow_nan=True, width=32), min_size=7, max_size=7))
def test_any_report_is_read(row):
    found = read_contact(LABELS, row)
    assert all(0 <= contact <= 1 for contact in found.sensors.values())
    assert len(found.reasons) <= 3
