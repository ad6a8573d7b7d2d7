"""A mapper of 17 channels at 100 Hz, as trained on epochs, decodes a cap of 63 at 1 kHz on virtual time."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.errors import MismatchError
from bci.offline import decode_all
from models.calibration.streamed import Streamed, as_told, decide_all
from models.config import ExperimentConfig
from models.epocher import make_epocher
from models.evaluation.experiments import bundle_scores
from models.runtime import load_decoder
from models.train import train
from replay.trials import cut_trials
from replay.world import WorldSpec, build_world, load_world

PICKED = (
    "P7", "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8", "PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2"
)  # fmt: skip
N_EVENTS = 60


def world_of(channels, sfreq, trigger="none"):
    """The same pictures and the same brain, whatever records it."""
    return build_world(
        WorldSpec.model_validate(
            {
                "name": "mapper",
                "seed": 5,
                "channels": channels,
                "reference": "Fz",
                "sfreq": sfreq,
                "pictures": {
                    "dim": 8, "categories": 3, "train_concepts": 60, "test_concepts": 12, "pictures": 4,
                },
                "presentation": {"soa": 0.3, "trigger": trigger},
                "evoked": {"components": 6, "snr": 1.0},
                "noise": {"line_uv": 0, "line_hz": 40},
            }
        )
    )  # fmt: skip


@functools.cache
def cap():
    """63 channels at 1 kHz with a trigger, and a session on new concepts."""
    world = world_of(load_world("things").spec.channels, 1000, "sampled")
    return world, *world.record("test", N_EVENTS, seed=3)


@functools.cache
def trained(decoder, lowpass=40.0):
    world = world_of(PICKED, 100)
    spec = {"mode": "epoch", "channels": PICKED, "sfreq": 100.0, "tmin": -0.1, "tmax": 0.8, "lowpass": lowpass}
    options = {"hidden": [[32]], "alphas": [1.0]} if decoder == "mlp" else {}
    config = ExperimentConfig.model_validate(
        {
            "name": "mapper",
            "data": {"reader": "none"},
            "preprocess": spec | {"baseline": (-0.1, 0.0)},
            "targets": {"kind": "world"},
            "decoder": {"name": decoder, "options": {"bin": 0.0} | options},
            "train": {"average": True},
            "evaluation": {"protocol": "zero-shot", "by": "concept"},
        }
    )
    recording, schedule = world.record("train", 960, seed=1)
    names = world.train_bank.names
    trials = cut_trials([recording], config.preprocess, config.events, names, [schedule.images])
    return train(trials, world.train_bank, config)


def from_array(bundle, recording, bank):
    clock = VirtualClock()
    source, decoder = ArraySource(recording, (7, 50, 333), clock), load_decoder(bundle, bank)
    return decode_all(source, make_epocher(bundle, decoder, source.spec, clock), decoder, clock)


def from_device(bundle, recording, bank):
    """The trigger channel tells the time, the string of the program beside it the label."""
    streams = {"time_from": "actiCHamp-00000/Markers", "label_from": "actiCHamp-00000-markers"}
    streamed = Streamed(device="acticham", events={"lock": ["[0-9]+"], **streams})
    return decide_all(recording, streamed, as_told(bundle, streamed), bank)


@pytest.mark.parametrize("source", [from_array, from_device])
@pytest.mark.parametrize("decoder", ["pls", "mlp"])
def test_a_cap_is_decoded_as_its_file_is(decoder, source):
    world, recording, schedule = cap()
    bundle, bank = trained(decoder), world.test_bank
    decisions = [each for each in source(bundle, recording, bank) if each.truth is not None]
    trials = cut_trials([recording], bundle.preprocess, bundle.events, bank.names, [schedule.images])
    assert trials.data.shape == (N_EVENTS, 17, 90)
    scores = bundle_scores(bundle, bank)(trials.data)
    assert len(decisions) == N_EVENTS
    assert [each.truth for each in decisions] == schedule.concepts.tolist()
    for decision, offline in zip(decisions, scores, strict=True):
        order = np.argsort(-offline, kind="stable")[:5]
        np.testing.assert_array_equal(decision.ranking.indices[:5], order)
        np.testing.assert_allclose(decision.ranking.scores[:5], offline[order], atol=1e-4)
        assert decision.ranking.truth_rank == np.count_nonzero(offline > offline[decision.truth])
    assert np.mean([each.ranking.truth_rank == 0 for each in decisions]) > 0.25  # chance is 1 in 12


def test_a_faster_stream_needs_a_low_pass():
    world, recording, _ = cap()
    with pytest.raises(MismatchError, match="from 1000 to 100 Hz needs a low-pass of at most 40 Hz"):
        from_array(trained("pls", None), recording, world.test_bank)


def test_a_cap_without_one_of_the_channels_is_refused():
    world, recording, _ = cap()
    at = [channel.label for channel in recording.channels].index("Oz")
    fewer = replace(
        recording,
        data=np.delete(recording.data, at, axis=1),
        channels=tuple(channel for channel in recording.channels if channel.label != "Oz"),
    )
    with pytest.raises(MismatchError, match="lacks Oz"):
        from_array(trained("pls"), fewer, world.test_bank)


def test_a_rate_that_is_no_multiple_is_refused():
    world, recording, _ = cap()
    with pytest.raises(MismatchError, match="a whole multiple of 100 Hz, the decoder's rate; got 250 Hz"):
        from_array(trained("pls"), replace(recording, sfreq=250.0), world.test_bank)


def test_a_cap_against_another_reference_is_refused():
    world, recording, _ = cap()
    bundle = replace(trained("pls"), reference="Fz")
    with pytest.raises(MismatchError, match="recorded against FCz, the decoder was trained on data against Fz"):
        from_array(bundle, replace(recording, reference="FCz"), world.test_bank)
