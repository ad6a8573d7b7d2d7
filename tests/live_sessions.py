"""`bci live` in a process of its own, a small bundle for it, and recordings that it can decode."""

import subprocess
import sys

import numpy as np

from bci.bank import Bank, BankKey
from bci.types import Channel, Recording
from models.bundle import save_bundle
from models.config import ExperimentConfig
from models.train import train
from replay.trials import cut_trials

__all__ = ["CHANNELS", "CONFIG", "EVERY", "RATE", "LiveProcess", "make_bundle", "recording"]

RATE = 250.0
EVERY = 100  # samples between events
CHANNELS = ("Cz", "Pz", "Oz")


def recording(n_events, seed=0, channels=CHANNELS, reference="FCz"):
    """Events alternate; the second kind moves the last channel by 20 uV for 0.2 s."""
    n_times = EVERY * (n_events + 1)
    data = np.random.default_rng(seed).normal(0, 5, (n_times, len(channels))).astype(np.float32)
    markers = [(EVERY * (i + 1) - 60, str(1 + i % 2)) for i in range(n_events)]
    for sample, value in markers:
        data[sample + 10 : sample + 60, -1] += 20.0 * (value == "2")
    return Recording(data, RATE, ((0, 0.0),), tuple(markers), tuple(map(Channel, channels)), reference)


CONFIG = ExperimentConfig.model_validate(
    {
        "name": "moves",
        "data": {"reader": "none"},
        "events": {"lock": ["1", "2"], "concepts": {"1": "still", "2": "moved"}},
        "preprocess": {
            "channels": CHANNELS,
            "highpass": 0.5,
            "lowpass": 40.0,
            "sfreq": 125.0,
            "tmax": 0.3,
            "scale": "whiten",
            "whitening": "channel",
        },
        "targets": {"kind": "text"},
        "decoder": {"name": "channel_attention", "options": {"dim": 8, "hidden": 16, "width": 8, "heads": 2}},
        "train": {"epochs": 8, "batch": 16, "lr": 3e-3},
        "evaluation": {"protocol": "closed-set"},
    }
)


def make_bundle(folder, config=CONFIG):
    """Train one that tells the two kinds of events of `recording` apart."""
    bank = Bank(("still", "moved"), np.eye(2, 4, dtype=np.float32), BankKey(vision_model="made up", weights="-"))
    trials = cut_trials([recording(160, seed=1)], config.preprocess, config.events, bank.names)
    save_bundle(folder, train(trials, bank, config))
    return folder


class LiveProcess:
    """`bci live` in a process, read line by line; `env` is its environment."""

    def __init__(self, *arguments, env=None):
        command = [sys.executable, "-m", "bci", "live", *map(str, arguments)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", env=env
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def read_until(self, text):
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"ended without {text!r}: {self.process.stderr.read()}")

    def type(self, line):
        """Type a line; what comes of it is printed."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self):
        out, errors = self.process.communicate(timeout=120)
        return self.process.returncode, out, errors
