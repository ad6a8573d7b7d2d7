"""Trials that are made up, answers as if a decoder had given them, and how they are judged."""

import numpy as np
import pytest

from bci.types import Channel, TrialSet
from models.config import EvaluationConfig
from models.evaluation.answers import Answers


@pytest.fixture(scope="session")
def answering():
    """Make answers of scores (n, N) and truths (n,); one fold, recording and subject unless said."""

    def make(scores, truth, fold=None, subject=None):
        scores, truth = np.asarray(scores, np.float32), np.asarray(truth)
        zeros = np.zeros(len(truth), int)
        fold = zeros if fold is None else np.asarray(fold)
        subject = zeros if subject is None else np.asarray(subject)
        names = tuple(f"n{i}" for i in range(scores.shape[1]))
        return Answers(names, scores, truth, fold, np.arange(len(truth)), fold, subject, fold)

    return make


@pytest.fixture(scope="session")
def judging():
    """Make the evaluation section of a config; few draws unless said."""

    def make(**changes):
        settings = {"protocol": "closed-set", "by": "recording", "permutations": 0, "resamples": 200}
        return EvaluationConfig.model_validate(settings | changes)

    return make


@pytest.fixture(scope="session")
def trial_set():
    """Make trials of epochs (n, C, T) at 100 Hz; one subject, and pictures that nobody knows, unless said."""

    def make(data, concepts, recordings, names=("a", "b", "c"), *, subjects=None, images=None):
        data, concepts = np.asarray(data, np.float32), np.asarray(concepts)
        n = len(concepts)
        return TrialSet(
            data=data,
            sfreq=100.0,
            tmin=0.0,
            channels=tuple(Channel(f"C{i}") for i in range(data.shape[1])),
            concept_names=names,
            concepts=concepts,
            images=np.full(n, -1) if images is None else np.asarray(images),
            groups={
                "subject": np.full(n, "s") if subjects is None else np.asarray(subjects),
                "session": np.full(n, "1"),
                "recording": np.asarray(recordings),
                "repetition": np.zeros(n, int),
            },
        )

    return make
