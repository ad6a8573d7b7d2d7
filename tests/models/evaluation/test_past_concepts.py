"""The control that is told the concept before by its vector: normalised as the decoder's own targets are."""

from dataclasses import replace

import numpy as np
import pytest

from bci.bank import Bank
from models.evaluation.cues import PastConcepts, past_concepts


@pytest.fixture
def scores_by(tiny_with):
    """Train the control on four concepts of a bank of six, and rank two others for these four."""
    tiny = tiny_with(evaluation={"protocol": "zero-shot", "by": "concept"})
    vectors = np.random.default_rng(8).normal(size=(2, 12)).astype(np.float32)

    def score(change, **key):
        made = tiny.bank.key.model_copy(update=key)
        bank = replace(tiny.bank, key=made, prototypes=change(tiny.bank.prototypes), images=None, owner=None)
        ranked = Bank(("new", "newer"), change(vectors), made)
        shown = tiny.part(np.flatnonzero(tiny.trials.concepts < 4)).trials
        names = (*bank.names, *ranked.names)
        past = past_concepts(shown, names)
        return PastConcepts(tiny.config, bank, ranked, names)(past, 0)(past.data)

    return score


def test_concepts_that_are_not_trained_on_do_not_move_the_centre(scores_by):
    def moved(prototypes):
        return np.concatenate([prototypes[:4], 50 + prototypes[4:]]) if len(prototypes) == 6 else prototypes

    as_they_are = scores_by(np.copy, normalisation="centred-unit")
    assert as_they_are.std() > 0.01
    assert np.array_equal(scores_by(moved, normalisation="centred-unit"), as_they_are)


@pytest.mark.parametrize("normalisation", ["unit", "centred-unit"])
def test_every_view_has_unit_norm_of_its_own(scores_by, normalisation):
    def louder(prototypes):
        return prototypes * np.repeat([1, 5], 6).astype(np.float32)

    as_they_are = scores_by(np.copy, normalisation=normalisation, views=2)
    assert np.allclose(scores_by(louder, normalisation=normalisation, views=2), as_they_are, atol=1e-5)
    assert not np.allclose(scores_by(louder, normalisation=normalisation, views=1), as_they_are, atol=1e-2)
