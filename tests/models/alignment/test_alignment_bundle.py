from dataclasses import replace

import numpy as np
import pytest
import torch
from known_signal import known_config, known_pairs
from safetensors.torch import save_file

from bci.errors import FormatError, MismatchError
from bci.ranking import unit
from models.alignment.backbone import build_backbone
from models.alignment.bundle import export
from models.alignment.train import train
from models.alignment.trained import load_trained, save_trained
from models.bundle import load_bundle, save_bundle
from models.runtime import load_decoder


@pytest.fixture(scope="module")
def trained():
    return train(known_pairs().pairs, known_config(model={"whiten": True}, train={"epochs": 4}))


@pytest.fixture(scope="module")
def bundle(trained):
    world = known_pairs()
    return export(trained, world.pairs, world.concepts)


def names_of(world, part):
    return [world.concepts[picture] for picture in world.pairs.part_of(part).eeg_picture]


def test_the_decoder_embeds_as_the_model_does_from_eeg_alone(trained, bundle, tmp_path):
    save_bundle(tmp_path / "bundle", bundle)
    epochs = np.array(known_pairs().pairs.eeg[:4])
    decoder = load_decoder(load_bundle(tmp_path / "bundle"), device="cpu")
    model = trained.model(known_pairs().pairs)
    with torch.inference_mode():
        expected = unit(model.eeg(torch.from_numpy(epochs)).numpy())
    found = np.stack([ranking.embedding for ranking in decoder.decode(epochs, [None] * 4, 5)])
    assert np.allclose(found, expected, atol=1e-5)
    assert not any(
        "query" in name for name in bundle.weights
    )  # of the fMRI; learned ones are part of the EEG side


def test_concepts_are_means_of_training_pairs(trained, bundle):
    world = known_pairs()
    train_ = world.pairs.part_of("train")
    assert bundle.bank.names == tuple(sorted(set(names_of(world, "train"))))
    shows = np.array(names_of(world, "train")) == bundle.bank.names[3]
    mean = trained.targets(np.asarray(train_.fmri)[shows]).mean(axis=0)
    assert np.allclose(bundle.bank.prototypes[3], mean, atol=1e-5)


def test_concepts_of_training_are_decoded_far_above_chance(bundle):
    world = known_pairs()
    shown = names_of(world, "train")
    epochs = np.asarray(world.pairs.part_of("train").eeg)
    best = load_decoder(bundle, device="cpu").scores(epochs).argmax(axis=1)
    hits = np.mean([bundle.bank.names[at] == name for at, name in zip(best, shown, strict=True)])
    assert hits > 5 / len(bundle.bank.names)


def test_a_session_does_not_look_for_the_weights_that_cbramod_began_with(tmp_path):
    pytest.importorskip("braindecode", reason="needs the extra [foundation]")
    world, small = known_pairs(), {"settings": {"n_layer": 1, "dim_feedforward": 32}}
    backbone = build_backbone(
        "cbramod", 6, 40, 100.0, small, world.pairs.channels, tokens=1, width=1
    )  # the channels of the pairs have no places, which it does not ask for
    file = tmp_path / "cbramod.safetensors"
    save_file(backbone.encoder.model.state_dict(), file)
    model = {"backbone": "cbramod", "backbone_options": {**small, "pretrained": str(file)}}
    made = train(world.pairs, known_config(model=model, train={"epochs": 1}))
    save_bundle(tmp_path / "bundle", export(made, world.pairs, world.concepts))
    file.unlink()
    decoder = load_decoder(load_bundle(tmp_path / "bundle"), device="cpu")
    (ranking,) = decoder.decode(np.array(world.pairs.eeg[:1]), [None], 5)
    assert ranking.n_concepts == len(decoder.spec.concepts)


def test_made_up_pairs_are_called_synthetic_wherever_their_decoder_goes(trained, bundle, tmp_path):
    save_bundle(tmp_path / "bundle", bundle)
    assert load_bundle(tmp_path / "bundle").synthetic
    recorded = replace(trained, facts={**trained.facts, "synthetic": False})
    assert not export(recorded, known_pairs().pairs, known_pairs().concepts).synthetic


def test_raw_microvolts_become_what_the_pairs_hold(bundle):
    spec = bundle.preprocess
    assert (spec.gain, spec.sfreq, spec.n_times, spec.channels) == (0.01, 100.0, 40, bundle.channels)


def test_concepts_that_are_missing_or_too_few_are_refused(trained):
    world = known_pairs()
    with pytest.raises(MismatchError, match="expected a concept for each of"):
        export(trained, world.pairs, world.concepts[:3])
    with pytest.raises(MismatchError, match="at least 2 concepts, got 1"):
        export(trained, world.pairs, ["one"] * len(world.concepts))


def test_an_experiment_whose_preprocessing_has_changed_is_refused(trained, bundle):
    digest = bundle.preprocess.digest
    same = replace(trained, facts={"eeg": {"preprocess": digest}})
    assert export(same, known_pairs().pairs, known_pairs().concepts, bundle.config).preprocess == bundle.preprocess
    changed = replace(trained, facts={"eeg": {"preprocess": "0" * 64}})
    with pytest.raises(MismatchError, match="the preprocessing that the pairs were made with, 00000000"):
        export(changed, known_pairs().pairs, known_pairs().concepts, bundle.config)


def test_markers_stand_for_the_concepts_that_pairs_tell(trained, bundle):
    """Numbers of pictures mean nothing to a bank without pictures."""
    pairs, concepts = known_pairs().pairs, known_pairs().concepts
    numbered = replace(pairs, facts={**pairs.facts, "eeg_markers": {"1": concepts[0], "2": "other"}})
    events = bundle.events.model_copy(update={"ignore": ("99999",), "concepts": {"2": concepts[1]}})
    experiment = bundle.config.model_copy(update={"events": events})
    found = export(trained, numbered, concepts, experiment).events
    assert found.ignore == ("99999",)
    assert found.concepts == {"1": concepts[0], "2": concepts[1]}  # what the experiment says itself goes first


def test_whose_eeg_it_was_against_which_reference_is_kept(trained, bundle):
    world = known_pairs()
    told = replace(trained, facts={"eeg": {"subject": "03", "reference": "Fz"}})
    found = export(told, world.pairs, world.concepts)
    assert (found.reference, found.card["subjects"]) == ("Fz", ["03"])
    assert (bundle.reference, bundle.card["subjects"]) == (None, [])


def test_an_alignment_survives_the_way_through_a_file(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    save_trained(path, trained)
    again = load_trained(path)
    assert (again.config, again.chosen, again.history) == (trained.config, trained.chosen, trained.history)
    assert all((again.weights[name] == array).all() for name, array in trained.weights.items())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FormatError, match="damaged"):
        load_trained(path)
