"""`bci certify` before and after the measurement itself, which `tests/lsl/test_certify.py` does."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_sessions import CHANNELS, make_bundle

from bci.certificate import Certificate, judge
from bci.cli import main
from bci.cli.certificate_page import page
from bci.cli.certify import USUAL_RATE, _in_words, _load, _own_events, suitable_rate
from bci.cli.latency_turn import Turn, windows
from bci.errors import MismatchError
from bci.events import EventBuilder
from bci.preprocess import Preprocessor
from bci.specs import EventSpec, PreprocessSpec
from bci.types import Channel, Marker, StreamSpec
from models.bundle import load_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("certify") / "bundle")


def spec(**changes):
    return PreprocessSpec(**({"channels": ("Cz",), "sfreq": 125.0, "tmax": 0.4} | changes))


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({"lowpass": 40.0}, 1000.0),
        ({}, 125.0),  # without a low-pass nothing may be decimated
        ({"lowpass": 60.0}, 125.0),  # this one lets through what would fold back
        ({"lowpass": 30.0, "sfreq": 128.0}, 128.0),  # 1,000 Hz is no multiple
        ({"lowpass": 30.0, "sfreq": 90.0, "notch": 60.0}, 180.0),  # the notch needs more than 120 Hz
        ({"sfreq": 1000.0}, 1000.0),
        ({"sfreq": 2048.0}, 2048.0),
    ],
)
def test_the_rate_is_the_usual_one_or_the_lowest_that_fits(changes, rate):
    assert suitable_rate(spec(**changes)) == rate


@given(
    st.sampled_from([50.0, 64.0, 90.0, 100.0, 125.0, 128.0, 250.0, 256.0]),
    st.none() | st.floats(5, 120),
    st.none() | st.sampled_from([50.0, 60.0]),
)
def test_a_rate_that_is_found_is_taken_and_the_lowest_unless_usual(sfreq, lowpass, notch):
    wanted = spec(sfreq=sfreq, lowpass=lowpass, notch=notch)

    def fits(rate):
        try:
            Preprocessor(wanted, StreamSpec("s", "EEG", "", rate, (Channel("Cz"),), "average"))
        except MismatchError:
            return False
        return True

    fitting = [factor * sfreq for factor in range(1, 12) if fits(factor * sfreq)]
    if fits(USUAL_RATE):
        assert suitable_rate(wanted) == USUAL_RATE
    elif fitting:
        assert suitable_rate(wanted) == fitting[0]
    else:
        with pytest.raises(MismatchError, match="lowpass"):
            suitable_rate(wanted)


OWN = [
    EventSpec(),
    EventSpec(lock=("S *1",), ignore=("7",), concepts={"S 1": "still"}),
    EventSpec(time_from="amplifier/TRIGGER", label_from="psychopy"),
    EventSpec(lock=("[a-z]+",), group="(?P<group>[0-9]+)/(?P<concept>.+)"),
    EventSpec(pictures_from=1),
]


@pytest.mark.parametrize("events", OWN)
def test_whatever_a_bundle_waits_for_the_triggers_make_events_with_a_truth(events, bundle):
    bank = load_bundle(bundle).bank
    own = EventSpec.model_validate(_own_events(events, bank).model_dump())
    builder = EventBuilder(own, bank.names, tolerance=1e-3)
    made = builder.feed([Marker(float(word), str(word), "bci-certify/TRIGGER") for word in range(1, 201)])
    assert len(made) == 200
    assert {event.truth for event in made} == {0, 1}
    assert not any(event.flags for event in made)
    assert (made[0].group is None) == (events.group is None)


def test_windows_that_slide_go_on_sliding(bundle):
    whole = load_bundle(bundle)
    events = EventSpec(mode="sliding", step=0.25)
    assert _own_events(events, whole.bank).step == 0.25
    config = whole.config.model_copy(update={"events": events})
    load = _load(replace(whole, config=config), 500.0, 2.0, "")
    assert list(windows(load))[:3] == [0, 125, 250]


def test_epochs_recorded_as_epochs_do_not_overlap(bundle):
    whole = load_bundle(bundle)
    alone = whole.preprocess.model_copy(update={"mode": "epoch", "baseline": (-0.1, 0.0)})
    config = whole.config.model_copy(update={"preprocess": alone})
    load = _load(replace(whole, config=config), 500.0, 2.0, "")
    assert load.interval == 200  # 0.1 s before and 0.3 s after
    assert _load(whole, 500.0, 2.0, "").interval == 100
    assert _load(whole, 500.0, 2.0, "").reference == "FCz"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--budget-ms", "0"], "--budget-ms above 0"),
        (["--budget-ms", "nan"], "--budget-ms above 0"),
        (["--minutes", "0.1"], "--minutes from 0.25 to 240"),
        (["--rate", "-1"], "--rate above 0"),
        (["--rate", "96000"], "at most 5000 Hz"),
        (["--rate", "300"], "whole multiple of 125 Hz"),
        (["--bank", "no-such.safetensors"], "no-such.safetensors"),
        (["--calibration", "no-such"], "has no calibration"),
    ],
)
def test_what_cannot_be_certified_is_refused_in_a_line(bundle, options, error, capsys):
    assert main(["certify", str(bundle), *options]) == 2
    printed = capsys.readouterr().err
    assert error in printed
    assert printed.count("\n") == 1


def test_no_bundle_and_no_place_are_refused(bundle, tmp_path, capsys):
    assert main(["certify", str(tmp_path)]) == 2
    assert "expected a bundle" in capsys.readouterr().err
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    assert main(["certify", str(bundle), "--out", str(tmp_path)]) == 2
    assert "new or empty folder" in capsys.readouterr().err


def turn(inside, outside, lost=0):
    none = np.zeros(0)
    stages = {"queue": np.array(inside) / 4, "decode": np.array(inside) * 3 / 4}
    arrays = (np.arange(len(inside), dtype=float), np.array(outside), np.array(inside), none, stages, none)
    return Turn(*arrays, cpu=0.1, lost=lost, unheard=0, gpu=None)


def test_the_verdict_says_what_slow_decisions_waited_for():
    measured = turn([0.01] * 9 + [0.08], [0.011] * 9 + [0.081], lost=2)
    said = _in_words(judge(measured.inside, measured.outside, measured.lost, 0.05), measured, 50.0)
    assert said.startswith("not passed: 2 of 12 events lost, 1 decision over 50 ms")
    assert said.endswith("those waited most in decode, 60.0 ms on average")


def test_the_page_loads_nothing_and_escapes_what_is_not_ours():
    figures = {"p50": 1.0, "p95": 2.0, "p99": 3.0, "max": 4.0}
    bundle = {
        "name": "<script>x</script>", "id": "1f", "decoder": "ridge", "bank": "2e", "concepts": 2,
        "calibration": None, "channels": list(CHANNELS), "sfreq": 125.0, "window": [0.0, 0.3],
    }  # fmt: skip
    place = {"system": "s", "processor": "p", "cores": 2, "python": "3", "packages": {"numpy": "2"}}
    certificate = Certificate(
        passed=False, verdict="not passed: <b>", date="2026-01-01", budget_ms=50.0, minutes=2.0, rate_hz=500.0,
        events=4, lost=0, over_budget=1, over_share_high=0.5, inside_ms=figures, outside_ms=figures,
        stages_ms={"decode": figures}, bare_ms=figures, wake_ms=figures, cpu=0.1, gpu=None, bundle=bundle,
        environment=place,
    )  # fmt: skip
    text = page(certificate, turn([0.001, 0.002, 0.08], [0.002, 0.003, 0.09]))
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(text)
    assert {"script", "link", "img", "iframe", "b"}.isdisjoint(tag for tag, _ in tags)
    assert not any({"src", "href"} & attributes.keys() for _, attributes in tags)
    assert sum(tag == "figure" for tag, _ in tags) == 2
    assert "Not passed" in text
    assert "decode" in text
