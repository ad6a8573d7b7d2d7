"""The stopping rule on a synthetic world, calibrated at training time, in the live code: is its promise kept?

Every picture is shown twenty times. What a decoder mistakes about a picture it mistakes each time: repeats depend.
"""

from dataclasses import replace

import pytest
from eight_channels import CHANNELS, eight_channel_experiment

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.deciding import Decider
from bci.epochs import Epocher
from bci.evidence import Accumulation, StoppingRule
from bci.pair import Pair
from bci.specs import EventSpec
from bci.stopping import Stops
from bci.types import SourceState
from models.bundle import calibration_for
from models.data import load_bank_of, load_test_bank, load_trials
from models.probabilities import calibrated
from models.runtime import load_decoder
from models.train import train
from replay.world import load_world

WORLD = f"""
name = "returning"
seed = 1
channels = {CHANNELS}
reference = "Fz"
sfreq = 128
[pictures]
dim = 24
categories = 4
train_concepts = 20
test_concepts = 20
pictures = 10
test = "new-pictures"
[presentation]
soa = 0.25
train_events = 4000
test_events = 4000
[evoked]
components = 12
snr = 0.2
"""
EVENTS = EventSpec(group="(?P<group>[0-9]+)/(?P<concept>.+)")
ALPHA = 0.1


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "world-returning.toml"
    path.write_text(WORLD)
    return path


@pytest.fixture(scope="module")
def bundle(world):
    evaluation = {"protocol": "seen-concept/new-image", "by": "image"}
    config = eight_channel_experiment(world, train={"calibrate": 5}, evaluation=evaluation)
    trials = load_trials(config)
    return calibrated(train(trials, load_bank_of(config), config), trials, load_test_bank(config))


@pytest.fixture(scope="module")
def decoder(bundle):
    return load_decoder(bundle, load_test_bank(bundle.config))


@pytest.fixture(scope="module")
def recording(world):
    """The test session; markers say which picture is shown, and of what."""
    played, schedule = load_world(world).record("test", seed=2)
    shown = zip(played.markers, schedule.images, strict=True)
    return replace(played, markers=tuple((at, f"{image}/{concept}") for (at, concept), image in shown))


def figures(recording, bundle, decoder, discount):
    clock = VirtualClock()
    source = ArraySource(recording, clock=clock)
    epocher = Epocher(
        source.spec,
        bundle.preprocess,
        EVENTS,
        bundle.quality,
        decoder.spec.concepts,
        clock,
        whitening=bundle.whitening,
    )
    temperature = calibration_for(bundle, load_test_bank(bundle.config))["temperature"]
    rule = StoppingRule(decoder.prototypes, temperature, discount, ALPHA, at_most=20)
    pair, stops = Pair(epocher, decoder, Accumulation(rule)), Stops(rule)
    decider = Decider(clock, 1.0, lambda: (SourceState.FLOWING, ""))
    while (batch := source.pull(0.0)) is not None:
        for epoch in epocher.feed(batch):
            stops.add(decider.decide(epoch, pair))
    return stops.figures()


def test_the_promise_is_kept(recording, bundle, decoder):
    told = figures(recording, bundle, decoder, bundle.calibration["discount"])
    assert told["n"] == 200
    assert told["stopped"] > 50
    assert told["realised_error_interval"][0] <= ALPHA
    assert told["realised_error"] <= ALPHA


def test_it_would_not_be_if_repeats_counted_as_independent(recording, bundle, decoder):
    told = figures(recording, bundle, decoder, 0.0)
    assert told["realised_error_interval"][0] > ALPHA
