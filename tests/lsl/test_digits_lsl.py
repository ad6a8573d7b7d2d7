"""Ten classes from an Emotiv EPOC, as EmotivPRO sends it: decoded live by what was trained on such a stream.

What was trained on MindBigData's epochs is at home on these alone.
"""

import json
import subprocess
import sys
import uuid

import numpy as np
import pytest
import tomli_w
from live_sessions import LiveProcess
from recorded_files import digits, write_digits

from bci.array_source import ArraySource
from bci.cli import main
from bci.clock import VirtualClock
from bci.config import load_config
from bci.end_to_end import MISMATCH
from bci.offline import decode_all
from bci.ranking import truth_ranks
from models.bundle import load_bundle, save_bundle
from models.config import ExperimentConfig
from models.epocher import make_epocher
from models.evaluation.experiments import bundle_scores
from models.runtime import load_decoder
from models.train import train
from replay.readers import open_recording
from replay.recording_file import save_recording
from replay.trials import cut_trials
from replay.world import load_world
from replay.world.oracle import Oracle, leak_alarm

pytestmark = pytest.mark.lsl

N_EVENTS, N_DIGITS = 80, 160
SPEED = 20.0
FEW_SECONDS = {"name": "evoked_lda", "options": {"lowpass": 20.0, "window": (0.0, 0.8)}}

DECODE = """
import json, sys
import tyro
from bci.cli import live
from bci.terminal import Screen
live.run(tyro.cli(live.Live, args=sys.argv[2:]), Screen(), extra={"oracle": json.loads(sys.argv[1])})
print("torch was loaded" if "torch" in sys.modules else "torch was not needed")
"""
"""`bci live`, with the oracle's figures beside its own as in `bci demo`."""


@pytest.fixture(scope="module")
def world():
    return load_world("epoc")


@pytest.fixture(scope="module")
def session(world, tmp_path_factory):
    """What was recorded, what was shown, and the file."""
    recording, schedule = world.record("test", N_EVENTS, seed=3)
    file = tmp_path_factory.mktemp("session") / "epoc_raw.fif"
    save_recording(file, recording)
    return recording, schedule, file


@pytest.fixture(scope="module")
def bundle(request, world, tmp_path_factory):
    """`request.param` replaces the decoder of the experiment, or some of it."""
    config = load_config(ExperimentConfig, "epoc-digits-world")
    config = config.model_copy(update={"decoder": config.decoder.model_copy(update=request.param)})
    recording, schedule = world.record("train", 4000, seed=1)
    names = world.train_bank.names
    trials = cut_trials([recording], config.preprocess, config.events, names, [schedule.images])
    folder = tmp_path_factory.mktemp("digits") / "bundle"
    save_bundle(folder, train(trials, world.train_bank, config))
    return folder


@pytest.fixture
def epoc(session, device):
    """Stream the session as an EPOC; return how `bci live` is told to decode it to its end."""
    name = f"EmotivDataStream-EEG-{uuid.uuid4().hex}"
    device(open_recording, session[2], name=name, device="emotivpro", delay=0.2, speed=SPEED, linger=60.0)
    return ("--stream", name, "--markers", f"{name}-markers", "--wait", "60", "--until-end", "--headless")


def told(out):
    lines = (out / "decisions.jsonl").read_text("utf-8").splitlines()
    return json.loads((out / "summary.json").read_text("utf-8")), [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "bundle",
    [pytest.param(FEW_SECONDS, id="temporal"), pytest.param({}, id="as-configured", marks=pytest.mark.slow)],
    indirect=True,
)
def test_digits_are_decoded_live_as_they_are_from_the_file(world, session, bundle, epoc, tmp_path):
    recording, schedule, file = session
    trained = load_bundle(bundle)
    trials = cut_trials([recording], trained.preprocess, trained.events, trained.bank.names, [schedule.images])
    offline = truth_ranks(bundle_scores(trained, trained.bank)(trials.data), schedule.concepts)
    oracle = Oracle(world, trained.preprocess.tmin, trained.preprocess.tmax)
    ceiling = truth_ranks(oracle.rank(oracle.cut(recording, schedule.samples)), schedule.concepts)
    best = {f"top{k}": (ceiling < k).mean() for k in (1, 5)}
    command = (DECODE, json.dumps(best), str(bundle), *epoc, "--reference", str(file))
    done = subprocess.run(
        [sys.executable, "-c", *command, "--out", str(tmp_path / "out")],
        capture_output=True, text=True, encoding="utf-8", timeout=200, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "torch was not needed" in done.stdout
    assert "device: emotivpro, 200 ms" in done.stdout
    summary, lines = told(tmp_path / "out")
    assert summary["ok"] + summary["late"] == summary["events"] == N_EVENTS
    assert (summary["parity"]["compared"], summary["parity"]["same_ranking"]) == (N_EVENTS, N_EVENTS)
    assert [line["rank"] for line in lines] == offline.tolist()
    assert summary["top1_interval"][0] > 0.1  # of ten, each shown as often as the others
    assert summary["oracle"] == best
    assert not leak_alarm(np.array([line["rank"] == 0 for line in lines]), ceiling == 0).alarm


@pytest.fixture(scope="module")
def trained_on_epochs(tmp_path_factory):
    """MindBigData's text, and what was trained on it by commands."""
    folder = tmp_path_factory.mktemp("mindbigdata")
    rng = np.random.default_rng(0)
    text = write_digits(rng, folder / "EP1.01.txt", digits(rng, N_DIGITS, 40))
    assert main(["convert", str(text)]) == 0
    arguments = ["--data", str(text), "--decoder.name", "lda", "--out", str(folder / "bundle")]
    assert main(["train", "mindbigdata", *arguments]) == 0
    return text, folder / "bundle"


def test_digits_of_the_text_are_all_decoded_end_to_end(trained_on_epochs):
    text, folder = trained_on_epochs
    bundle, clock = load_bundle(folder), VirtualClock()
    source, decoder = ArraySource(open_recording(text), clock=clock), load_decoder(bundle)
    assert source.spec.end_to_end
    decisions = decode_all(source, make_epocher(bundle, decoder, source.spec, clock), decoder, clock)
    assert len(decisions) == N_DIGITS * 39 // 40
    assert {each.truth for each in decisions} == set(range(10))
    assert np.mean([each.ranking.truth_rank == 0 for each in decisions]) > 0.9


@pytest.mark.parametrize("accepted", [False, True])
def test_what_was_trained_on_the_text_decodes_an_epoc_only_if_that_is_accepted(
    accepted, world, trained_on_epochs, epoc, tmp_path
):
    out, lab = tmp_path / "out", tmp_path / "lab.toml"
    shown = {name: str(digit) for digit, name in enumerate(world.test_bank.names)}
    lab.write_text(tomli_w.dumps({"lock": [".*"], "concepts": shown}), encoding="utf-8")
    flag = ("--accept-mismatch",) if accepted else ()
    with LiveProcess(trained_on_epochs[1], *epoc, "--events", lab, "--out", out, *flag) as process:
        code, _, errors = process.end()
    if not accepted:
        assert (code, out.exists()) == (2, False)
        assert "--accept-mismatch" in errors
        return
    assert code == 0
    summary, lines = told(out)
    assert (summary["mismatch"], summary["n_truth"], summary["events"]) == (MISMATCH, N_EVENTS, N_EVENTS)
    assert {line["status"] for line in lines} <= {"ok", "late"}
