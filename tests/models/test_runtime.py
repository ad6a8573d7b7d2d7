from dataclasses import replace

import numpy as np
import pytest
import torch

from bci.bank import normalise
from bci.errors import ConfigError, FormatError, MismatchError
from bci.preprocess import scale_epochs
from bci.ranking import rank, unit
from models.runtime import load_decoder

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]


@pytest.fixture(params=DEVICES)
def decoder(request, trained):
    return load_decoder(trained, device=request.param)


@pytest.fixture(scope="module")
def epochs(tiny, trained):
    return scale_epochs(tiny.trials.data, trained.preprocess, trained.whitening)


def test_rankings_are_those_of_numpy_on_the_same_embedding(decoder, trained, epochs):
    projection = trained.weights["members.0.projection.weight"]
    raw = normalise(trained.bank.prototypes, trained.bank.key.normalisation, trained.centre)
    prototypes = unit(raw @ projection.T)
    for epoch in epochs[:10]:
        (got,) = decoder.decode(epoch[None], [3], 6)
        expected = rank(got.embedding, prototypes, 3, 6, trained.temperature)
        assert got.indices.tolist() == expected.indices.tolist()
        assert got.truth_rank == expected.truth_rank
        assert np.allclose(got.scores, expected.scores, atol=2e-6)
        assert np.allclose(got.probabilities, expected.probabilities, atol=2e-5)
        assert np.linalg.norm(got.embedding) == pytest.approx(1, abs=1e-6)


def test_offline_scores_are_those_of_single_epochs(decoder, epochs):
    scores = decoder.scores(epochs)
    assert scores.shape == (96, 6)
    assert scores.dtype == np.float32
    for row, epoch in zip(scores, epochs, strict=True):
        (ranking,) = decoder.decode(epoch[None], [None], 6)
        assert np.abs(row[ranking.indices] - ranking.scores).max() <= 1e-6


def test_scores_of_many_epochs_are_those_of_few(decoder, epochs):
    many = np.concatenate([epochs] * 4)
    assert np.allclose(decoder.scores(many), np.concatenate([decoder.scores(epochs)] * 4), atol=1e-6)


@needs_gpu
def test_a_gpu_ranks_as_a_cpu(trained, epochs):
    on_cpu, on_gpu = load_decoder(trained, device="cpu"), load_decoder(trained, device="cuda")
    assert np.abs(on_cpu.scores(epochs) - on_gpu.scores(epochs)).max() < 1e-5


class FailingGpu:
    """An engine as of a GPU that fails from one epoch on, for good."""

    def __init__(self, engine, error, after):
        self._engine, self._error, self.left = engine, error, after

    def run(self, epochs, watched, k):
        self.left -= 1
        if self.left < 0:
            raise self._error
        return self._engine.run(epochs, watched, k)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore"),
        torch.AcceleratorError("CUDA error: device-side assert triggered"),
        RuntimeError("CUDA error: unspecified launch failure"),
    ],
    ids=["out of memory", "assert", "gone"],
)
def test_a_gpu_that_fails_is_replaced_by_the_cpu_and_nothing_is_lost(trained, epochs, error, caplog):
    on_cpu, decoder = (load_decoder(trained, device="cpu") for _ in range(2))
    decoder._device = torch.device("cuda")
    decoder._engine = failing = FailingGpu(decoder._engine, error, after=3)
    rankings = [decoder.decode(epoch[None], [2], 6)[0] for epoch in epochs[:8]]
    for ranking, epoch in zip(rankings, epochs, strict=False):
        (expected,) = on_cpu.decode(epoch[None], [2], 6)
        assert ranking.indices.tolist() == expected.indices.tolist()
        assert ranking.truth_rank == expected.truth_rank
        np.testing.assert_allclose(ranking.scores, expected.scores, atol=1e-6)
    assert failing.left == -1  # it is asked no more
    assert decoder.trouble == "the GPU has failed, decoding on the CPU"
    assert caplog.text.count("the GPU has failed") == 1
    assert "more" not in caplog.text
    np.testing.assert_allclose(decoder.scores(epochs), on_cpu.scores(epochs), atol=1e-6)
    np.testing.assert_array_equal(decoder.prototypes, on_cpu.prototypes)


def test_a_cpu_that_fails_is_not_replaced(trained, epochs):
    decoder = load_decoder(trained, device="cpu")
    decoder._engine = FailingGpu(decoder._engine, RuntimeError("out of memory"), after=0)
    with pytest.raises(RuntimeError, match="out of memory"):
        decoder.decode(epochs[:1], [None], 6)
    assert decoder.trouble == ""


def test_another_bank_is_ranked_with_the_projection_of_training(trained, epochs):
    chosen = trained.bank.select(("concept 5", "concept 2"))
    few, every = load_decoder(trained, chosen, device="cpu"), load_decoder(trained, device="cpu")
    assert few.spec.concepts == ("concept 5", "concept 2")
    assert few.spec.bank == chosen.id
    assert np.allclose(few.scores(epochs), every.scores(epochs)[:, [5, 2]], atol=1e-6)


def test_the_centre_of_normalisation_is_that_of_training(tiny_with, trained, epochs):
    key = trained.bank.key.model_copy(update={"normalisation": "centred-unit"})
    centred = replace(trained, bank=replace(trained.bank, key=key))
    few = centred.bank.select(("concept 5", "concept 2"))
    scores = load_decoder(centred, device="cpu").scores(epochs)
    assert np.allclose(load_decoder(centred, few, device="cpu").scores(epochs), scores[:, [5, 2]], atol=1e-6)


def test_the_spec_says_what_is_expected(decoder, trained):
    assert decoder.spec.channels == ("O1", "Oz", "O2", "Pz")
    assert decoder.spec.n_times == 32
    assert decoder.spec.preprocess == trained.preprocess.digest
    assert decoder.spec.model == trained.id
    assert decoder.spec.bank == trained.bank.id


def test_a_bank_that_does_not_fit_is_refused(trained):
    key = trained.bank.key.model_copy(update={"weights": "other"})
    with pytest.raises(MismatchError, match="weights: expected 'none', got 'other'"):
        load_decoder(trained, replace(trained.bank, key=key))


@pytest.mark.parametrize("shape", [(1, 4, 31), (1, 3, 32), (4, 32)])
def test_epochs_of_another_shape_are_refused(decoder, shape):
    with pytest.raises(MismatchError, match=r"expected epochs of shape \(n, 4, 32\) float32"):
        decoder.decode(np.zeros(shape, np.float32), [None], 5)


def test_weights_of_another_encoder_are_refused(tiny_with, trained):
    other = tiny_with(decoder={"options": {"dim": 16, "hidden": 8, "width": 8, "heads": 2}}).config
    with pytest.raises(FormatError, match="weights do not fit the encoder"):
        load_decoder(replace(trained, config=other))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(trained):
    with pytest.raises(ConfigError, match="expected a GPU"):
        load_decoder(trained, device="cuda")


def test_the_number_of_threads_of_the_process_is_left_alone(decoder, epochs):
    before = torch.get_num_threads()
    decoder.decode(epochs[:1], [None], 5)
    assert torch.get_num_threads() == before
