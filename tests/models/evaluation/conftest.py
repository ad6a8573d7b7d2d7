"""Answers made of given scores, as if a decoder had given them."""

import numpy as np
import pytest

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
