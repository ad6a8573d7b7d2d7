"""Decoders that are told one cue: what they find where it is there, and nothing where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from bci.bank import Bank, BankKey
from models.config import ExperimentConfig
from models.evaluation.cues import LAGS, NoiseLevel, PastConcepts, high_frequency_level, past_concepts


def config(protocol="closed-set", by="recording", scale="none"):
    return ExperimentConfig.model_validate(
        {
            "name": "t",
            "data": {"reader": "muse"},
            "preprocess": {"channels": ["C0", "C1"], "sfreq": 100.0, "tmax": 0.6, "scale": scale},
            "targets": {"kind": "text"},
            "decoder": {"name": "nice"},
            "train": {"epochs": 1},
            "evaluation": {"protocol": protocol, "by": by},
        }
    )


def bank(names, vectors=None):
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(len(names), 6)) if vectors is None else vectors
    return Bank(tuple(names), np.float32(vectors), BankKey(vision_model="m", weights="w"))


def noise_level(names=("a", "b", "c"), **changes):
    return NoiseLevel(config(**changes), bank(("a", "b", "c")), bank(names))


def test_high_frequency_level_follows_the_amplitude_and_ignores_slow_drifts():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(3, 2, 200))
    drift = 50 * np.linspace(0, 1, 200)
    level = high_frequency_level(noise)
    np.testing.assert_allclose(high_frequency_level(2 * noise), level + np.log(2))
    np.testing.assert_allclose(high_frequency_level(noise + drift), level, atol=1e-6)
    assert np.isfinite(high_frequency_level(np.zeros((1, 2, 9)))).all()


def noisy(concepts, rng, *, louder):
    level = 1 + louder * np.asarray(concepts)
    return rng.normal(size=(len(concepts), 2, 60)) * level[:, None, None]


def test_noise_level_alone_decodes_concepts_that_differ_in_noise_and_no_others(trial_set):
    rng = np.random.default_rng(2)
    concepts = np.arange(120) % 3
    for louder, low, high in ((1.0, 0.95, 1.0), (0.0, 0.2, 0.48)):
        train = trial_set(noisy(concepts, rng, louder=louder), concepts, np.zeros(120, int))
        scores = noise_level()(train, 0)(np.float32(noisy(concepts, rng, louder=louder)))
        assert scores.shape == (120, 3)
        assert low <= np.mean(scores.argmax(axis=1) == concepts) <= high


def test_noise_level_sees_what_the_decoder_sees_and_that_is_divided_by_its_own_rms(trial_set):
    rng = np.random.default_rng(2)
    concepts = np.arange(240) % 3
    train = trial_set(noisy(concepts, rng, louder=1.0), concepts, np.zeros(240, int))
    scores = noise_level(scale="rms")(train, 0)(np.float32(noisy(concepts, rng, louder=1.0)))
    assert np.mean(scores.argmax(axis=1) == concepts) == pytest.approx(1 / 3, abs=0.1)


def test_noise_level_ranks_unseen_concepts_by_their_vectors(trial_set):
    rng = np.random.default_rng(6)
    loudness = rng.uniform(0, 2, 40)
    names = tuple(f"n{i}" for i in range(40))
    vectors = np.stack([loudness - 1, np.ones(40)], axis=1)  # the first coordinate is the loudness
    seen, unseen = bank(names[:30], vectors[:30]), bank(names[30:], vectors[30:])
    concepts = np.repeat(np.arange(30), 8)
    data = rng.normal(size=(240, 2, 60)) * np.exp(loudness[concepts])[:, None, None]
    train = trial_set(data, concepts, np.zeros(240, int), names[:30])
    predict = NoiseLevel(config("zero-shot", "concept"), seen, unseen)(train, 0)
    asked = np.repeat(np.arange(10), 8)
    scores = predict(np.float32(rng.normal(size=(80, 2, 60)) * np.exp(loudness[30 + asked])[:, None, None]))
    ranks = np.count_nonzero(scores >= scores[np.arange(80), asked][:, None], axis=1) - 1
    assert ranks.mean() < 1.5  # 4.5 by chance


def test_concepts_that_noise_level_never_heard_of_come_last(trial_set):
    rng = np.random.default_rng(3)
    concepts = np.arange(40) % 2
    train = trial_set(noisy(concepts, rng, louder=1), concepts, np.zeros(40, int))
    scores = noise_level()(train, 0)(train.data)
    assert (scores[:, 2] < scores[:, :2].min(axis=1)).all()
    assert np.isfinite(scores).all()


def test_scores_of_noise_level_have_the_order_that_was_asked_for(trial_set):
    rng = np.random.default_rng(4)
    concepts = np.arange(90) % 3
    train = trial_set(noisy(concepts, rng, louder=1), concepts, np.zeros(90, int))
    scores = noise_level(("x", "c", "a", "b"))(train, 0)(train.data)
    assert np.mean(scores.argmax(axis=1) == np.array([2, 3, 1])[concepts]) > 0.9


# ------------------------------------------------------------------------------------------------- what was shown


def test_the_past_is_that_of_the_same_recording(trial_set):
    trials = trial_set(np.zeros((5, 1, 3)), [0, 1, 2, 0, 1], [0, 0, 0, 1, 1])
    past = past_concepts(trials, ("b", "a", "c")).data
    assert past.shape == (5, 1, LAGS)
    assert past[:, 0, 0].tolist() == [-1, 1, 0, -1, 1]  # numbered as asked for
    assert past[2, 0].tolist() == [0, 1, -1, -1, -1]


@pytest.mark.parametrize(("alternating", "low", "high"), [(True, 1.0, 1.0), (False, 0.4, 0.6)])
def test_the_sequence_alone_decodes_what_alternates_and_not_what_is_random(alternating, low, high, trial_set):
    rng = np.random.default_rng(0)
    names = ("a", "b")
    concepts = np.arange(400) % 2 if alternating else rng.integers(2, size=400)
    trials = past_concepts(trial_set(np.zeros((400, 1, 3)), concepts, np.arange(400) // 100, names), names)
    train = replace(trials, data=trials.data[:200], concepts=concepts[:200])
    scores = PastConcepts(config(), bank(names), bank(names), names)(train, 0)(trials.data[201:300])
    assert low <= np.mean(scores.argmax(axis=1) == concepts[201:300]) <= high


def test_the_sequence_ranks_unseen_concepts_by_the_vector_of_the_one_before(trial_set):
    rng = np.random.default_rng(1)
    names = tuple(f"n{i}" for i in range(60))
    vectors = np.repeat(rng.normal(size=(30, 12)), 2, axis=0)  # concepts come in twins, one after the other
    seen, unseen = bank(names[:40], vectors[:40]), bank(names[40:], vectors[40:] + 0.01)
    pairs = rng.integers(20, size=300)
    shown = np.stack([2 * pairs, 2 * pairs + 1], axis=1).ravel()
    train = past_concepts(trial_set(np.zeros((600, 1, 3)), shown, np.zeros(600, int), names[:40]), names)
    fit = PastConcepts(config("zero-shot", "concept"), seen, unseen, names)
    asked = np.arange(40, 60)
    tested = past_concepts(trial_set(np.zeros((20, 1, 3)), asked, np.zeros(20, int), names), names)
    scores = fit(train, 0)(tested.data)[1::2]
    twins = asked[1::2] - 40
    assert np.mean(scores[np.arange(10), twins] >= np.sort(scores, axis=1)[:, -4]) >= 0.5  # 0.2 by chance
