"""The synthetic world in MindBigData's own form: from its text to decoding, beside what is best possible."""

import pytest

from bci.config import find_config, parse, read_toml
from bci.ranking import truth_ranks
from models.config import ExperimentConfig
from models.data import load_bank_of, load_trials
from models.evaluation.experiments import evaluate_config
from replay.mindbigdata.convert import convert
from replay.mindbigdata.writer import write_text
from replay.world import build_world
from replay.world.oracle import Oracle
from replay.world.spec import WorldSpec

pytestmark = pytest.mark.slow

N_EVENTS, SECONDS = 2000, 2.0
EVOKED = {"name": "evoked_lda", "options": {"lowpass": 20.0, "window": [0.0, 0.8]}}


@pytest.fixture(scope="module")
def session():
    """Events two seconds apart, so that no sample is in two of them."""
    preset = read_toml(find_config("world-epoc"))
    world = build_world(parse(WorldSpec, {**preset, "presentation": {"soa": SECONDS}}, "world-epoc"))
    return world, *world.record("train", N_EVENTS, seed=1)


@pytest.fixture(scope="module")
def windows(session):
    world, recording, schedule = session
    return Oracle(world, 0.0, SECONDS, world.train_bank).cut(recording, schedule.samples)


@pytest.fixture(scope="module")
def text(session, windows, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "EP1.01.txt"
    write_text(path, zip(session[2].concepts.tolist(), windows, strict=True))
    convert(path, lambda *_: None)
    return path


def test_what_mindbigdata_is_decoded_by_is_near_the_oracle_on_left_out_stretches(session, windows, text):
    world, _, schedule = session
    raw = read_toml(find_config("mindbigdata"))
    raw["evaluation"] |= {"permutations": 1, "calibrate": False, "curves": {"candidates": []}}
    config = ExperimentConfig.model_validate({**raw, "decoder": EVOKED})
    trials = load_trials(config, [text])
    assert len(trials) == N_EVENTS
    report = evaluate_config(config, load_bank_of(config), trials).report
    ceiling = Oracle(world, 0.0, SECONDS, world.train_bank).rank(windows)
    best = (truth_ranks(ceiling, schedule.concepts) == 0).mean()
    assert 0.75 * best < report.headline.value < best + 0.03
    (control,) = report.controls
    assert (control.name, abs(control.figure.value - 0.1) < 0.021) == ("shuffled-labels", True)
