"""What a GPU runs, run on the CPU: beside the ranking in NumPy, which is what a CPU runs."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from bci.ranking import rank_scores
from models.ranker import Ranker, unpack

TEMPERATURE = 0.05


class Given(nn.Module):
    """An epoch is its own embedding, a vector its own prototype."""

    def embed(self, epochs):
        return epochs

    def project(self, vectors):
        return vectors


@given(
    # few values, so that scores tie often; some below zero, and zeros of both signs
    cosines=st.lists(st.sampled_from([-0.5, -0.25, -0.0, 0.0, 0.125, 0.5]), min_size=1, max_size=40),
    k=st.integers(1, 5),
    data=st.data(),
)
def test_what_is_packed_is_what_numpy_ranks(cosines, k, data):
    k, truth = min(k, len(cosines)), data.draw(st.none() | st.integers(0, len(cosines) - 1))
    ranker = Ranker(Given(), torch.tensor(cosines)[:, None], TEMPERATURE)
    epoch, watched = torch.ones(1, 1), torch.tensor([-1 if truth is None else truth])
    row = ranker(epoch, watched, k).numpy()[0]
    packed = unpack(row, k, 1, len(cosines), watched=truth is not None)
    expected = rank_scores(np.float32(cosines), np.ones(1, np.float32), truth, k, TEMPERATURE)
    assert packed.indices.tolist() == expected.indices.tolist()
    assert packed.scores.tolist() == expected.scores.tolist()
    assert (packed.truth_rank, packed.n_concepts) == (expected.truth_rank, expected.n_concepts)
    np.testing.assert_allclose(packed.probabilities, expected.probabilities, rtol=1e-5)
    assert packed.embedding.tolist() == expected.embedding.tolist()
