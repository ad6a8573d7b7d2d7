"""A person is calibrated from a stream and decoded with it, as a user does both."""

import json
import subprocess
import sys

import numpy as np
import pytest
from people_world import people_experiment, write_people_world

from models.bundle import save_bundle
from models.data import load_bank_of, load_trials
from models.train import train
from replay.world import load_world

pytestmark = pytest.mark.lsl

SPEED = 8.0


def person(world, split, n_events, seed):
    return load_world(world, 9).record(split, n_events, seed=seed)[0]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_people_world(tmp_path_factory.mktemp("calibrate"))


@pytest.fixture(scope="module")
def bundle(world):
    config = people_experiment(world)
    save_bundle(world.parent / "bundle", train(load_trials(config), load_bank_of(config), config))
    return world.parent / "bundle"


def bci(command, bundle, device, *arguments):
    name = device.options.name
    where = ["--stream", name, "--markers", f"{name}-markers", "--wait", "60"]
    line = [sys.executable, "-m", "bci", command, str(bundle), *where, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_calibrated_from_a_stream_and_decoded_with_it(device, bundle, world, tmp_path):
    sender = device(person, str(world), "train", 160, 3, speed=SPEED)
    made = json.loads(bci("calibrate", bundle, sender, "--labelled", "--person", "P09", "--force", "--json"))
    assert made["check"]["n"] == pytest.approx(40, abs=1)
    assert made["events"] == pytest.approx(160, abs=2)

    sender = device(person, str(world), "test", 60, 2, speed=SPEED)
    out = tmp_path / "session"
    bci("live", bundle, sender, "--calibration", "latest", "--until-end", "--headless", "--out", out)
    lines = [json.loads(line) for line in (out / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["calibration"] for line in lines} == {made["id"]}
    assert {line["model"] for line in lines} == {made["bundle"]}
    assert len(lines) == 60
    assert np.mean([line["rank"] == 0 for line in lines if line["rank"] is not None]) > 0.4
    settings = (out / "session.toml").read_text(encoding="utf-8")
    assert made["id"] in settings
    assert "P09" in settings
