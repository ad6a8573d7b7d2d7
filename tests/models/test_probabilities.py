"""Calibration at training time: what it is fitted to, what it belongs to, and that it makes a bundle honest."""

from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError
from models import probabilities
from models.bundle import calibration_for, decoder_spec, load_bundle, save_bundle, softmax_temperature
from models.config import ExperimentConfig
from models.probabilities import calibrated
from models.runtime import load_decoder
from models.train import train

CONFIG = {"decoder": {"name": "ridge"}, "train": {"calibrate": 3}}


def configured(tiny, **sections):
    body = tiny.config.model_dump(mode="json")
    for name, section in (CONFIG | sections).items():
        body[name] = section if name == "decoder" else {**body[name], **section}
    return replace(tiny, config=ExperimentConfig.model_validate(body))


@pytest.fixture(scope="module")
def made(tiny_with):
    """A small world of 16 concepts, the trained bundle and the calibrated one."""
    tiny = configured(tiny_with(n_trials=320, n_concepts=16))
    bundle = train(tiny.trials, tiny.bank, tiny.config)
    return tiny, bundle, calibrated(bundle, tiny.trials, tiny.bank)


def test_it_belongs_to_decoder_bank_number_of_concepts_and_single_trials(made, tmp_path):
    tiny, raw, bundle = made
    told = bundle.calibration
    assert (told["bank"], told["n"], told["k"], told["model"]) == (tiny.bank.id, 16, 1, raw.id)
    assert told["source"].startswith("192 training trials with 16 candidates")
    assert bundle.id == raw.id
    assert decoder_spec(raw, tiny.bank).p_kind == "raw"
    assert decoder_spec(bundle, tiny.bank).p_kind == "calibrated"
    assert softmax_temperature(bundle, tiny.bank) == told["temperature"] != raw.temperature
    smaller = tiny.bank.select(tiny.bank.names[:8])
    assert calibration_for(bundle, smaller) is None
    assert softmax_temperature(bundle, smaller) == raw.temperature
    changed = replace(bundle, weights={name: array * 2 for name, array in bundle.weights.items()})
    assert calibration_for(changed, tiny.bank) is None
    assert calibration_for(replace(bundle, whitening=bundle.whitening * 2), tiny.bank) is None
    save_bundle(tmp_path / "b", bundle)
    assert load_bundle(tmp_path / "b").calibration == told


def test_the_decoder_speaks_with_the_calibrated_temperature(made):
    tiny, raw, bundle = made
    epochs = tiny.training_set().epochs(slice(0, 20))
    before, after = (load_decoder(each, tiny.bank) for each in (raw, bundle))
    for one, other in zip(
        before.decode(epochs, [None] * 20, 16), after.decode(epochs, [None] * 20, 16), strict=True
    ):
        np.testing.assert_array_equal(one.scores, other.scores)
        expected = np.exp((other.scores - other.scores.max()) / bundle.calibration["temperature"])
        np.testing.assert_allclose(other.probabilities, expected / expected.sum(), rtol=1e-4)


def test_trials_are_left_out_of_what_answers_them(made, monkeypatch):
    tiny, bundle, _ = made
    seen, fit = [], probabilities.fitted_to

    def remember(config, train, bank, report):
        seen.append(set(train.kept.tolist()))
        return fit(config, train, bank, report)

    parts = []
    answers = probabilities._answers

    def note(config, data, part, report):
        parts.append(set(data.kept[part.test].tolist()))
        return answers(config, data, part, report)

    monkeypatch.setattr(probabilities, "fitted_to", remember)
    monkeypatch.setattr(probabilities, "_answers", note)
    calibrated(bundle, tiny.trials, tiny.bank)
    assert len(parts) == 3
    assert all(not trained & out for trained, out in zip(seen, parts, strict=True))
    assert not parts[0] & parts[1]


def test_new_concepts_are_left_out_under_zero_shot_and_it_is_of_the_bank_that_is_ranked(tiny_with):
    evaluation = {"protocol": "zero-shot", "by": "concept"}
    tiny = configured(tiny_with(n_trials=320, n_concepts=16), evaluation=evaluation)
    new = replace(tiny.bank.select(tiny.bank.names[:4]), names=("p", "q", "r", "s"))
    bundle = train(tiny.trials, tiny.bank, tiny.config)
    told = calibrated(bundle, tiny.trials, new).calibration
    assert (told["bank"], told["n"]) == (new.id, 4)
    assert told["source"].startswith("240 training trials with 4 candidates")  # three times four of the concepts


def test_too_few_concepts_to_leave_some_out_are_refused(tiny_with):
    tiny = configured(tiny_with(n_concepts=6), evaluation={"protocol": "zero-shot", "by": "concept"})
    bundle = train(tiny.trials, tiny.bank, tiny.config)
    with pytest.raises(ConfigError, match="expected eight concepts to leave two of them out, got 6"):
        calibrated(bundle, tiny.trials, tiny.bank)


def test_without_repeats_no_discount_is_known(tiny_with):
    tiny = configured(tiny_with(n_trials=64, n_concepts=16), train={"calibrate": 2})
    bundle = train(tiny.trials, tiny.bank, tiny.config)
    assert calibrated(bundle, tiny.trials, tiny.bank).calibration["discount"] is None


def test_repeats_of_a_picture_that_the_decoder_mistakes_are_discounted(tiny_with):
    """What every repeat of a picture has in common is no news: here most of the noise is."""
    tiny = configured(tiny_with(n_trials=960, n_concepts=16))
    rng = np.random.default_rng(0)
    common = rng.normal(scale=60.0, size=(16 * 3, *tiny.trials.data.shape[1:]))
    data = tiny.trials.data + common[tiny.trials.images]
    alike = replace(tiny, trials=replace(tiny.trials, data=data.astype(np.float32)))

    def discount(each):
        # pictures of every concept are left out together with their noise
        evaluation = {"protocol": "seen-concept/new-image", "by": "image"}
        each = configured(each, evaluation=evaluation)
        return calibrated(train(each.trials, each.bank, each.config), each.trials, each.bank).calibration[
            "discount"
        ]

    assert discount(alike) > discount(tiny) + 0.2


def test_a_decoder_of_means_is_calibrated_to_single_trials(tiny_with, monkeypatch):
    """The temperature of a fit to means is for means, which are less noisy."""
    fits = []
    fitted_to = probabilities.fitted_to

    def watched(config, data, *others):
        fits.append(len(data))
        return fitted_to(config, data, *others)

    monkeypatch.setattr(probabilities, "fitted_to", watched)
    body = {
        "decoder": {"name": "ridge"},
        "train": {"calibrate": 3, "average": True},
        "evaluation": {"by": "image"},
    }
    tiny = configured(tiny_with(n_trials=960, n_concepts=16), **body)
    bundle = train(tiny.trials, tiny.bank, tiny.config)
    told = calibrated(bundle, tiny.trials, tiny.bank)
    assert max(fits) < 100  # means of 48 pictures in two recordings
    assert int(told.calibration["source"].split()[0]) > 500
