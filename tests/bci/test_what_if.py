"""Decisions at another temperature and among other candidates, against brute force and known truths."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bci.errors import ConfigError, MismatchError
from bci.ranking import rank_scores, unit
from bci.types import Decision, Marker, SourceState, Status
from bci.what_if import Gallery, WhatIf, leaning, rerank

N, D = 7, 5
WHOLE = st.integers(-4, 4).map(float)  # products of whole numbers are exact: ties are ties


def whole(*shape):
    return hnp.arrays(np.float32, shape, elements=WHOLE)


def decision(seq, embedding, prototypes, truth, temperature=1.0, marker=Marker(0.0, "shown")):  # noqa: B008 (frozen)
    ranking = None
    if embedding is not None:
        ranking = rank_scores(prototypes @ embedding, embedding, truth, 5, temperature)
    status = Status.GAP if embedding is None else Status.OK
    return Decision(seq, marker, 0.0, truth, None, status, "", ranking, {}, 0.0, SourceState.FLOWING)


def gallery(prototypes):
    return Gallery(tuple(f"concept {i}" for i in range(len(prototypes))), prototypes)


def watched(embeddings, prototypes, truths, temperature=1.0, **options):
    what_if = WhatIf(gallery(prototypes), temperature, **options)
    rows = zip(embeddings, truths, strict=True)
    what_if.add([decision(i, row, prototypes, truth, temperature) for i, (row, truth) in enumerate(rows)])
    return what_if


sessions = st.integers(1, 12).flatmap(
    lambda n: st.tuples(whole(n, D), whole(N, D), st.lists(st.integers(0, N - 1), min_size=n, max_size=n))
)
some = st.sets(st.integers(0, N - 1), min_size=2).map(sorted).map(np.array)


@given(sessions, st.floats(0.05, 20))
def test_b11_all_candidates_give_the_decisions_own_ranks_and_probabilities(session, temperature):
    embeddings, prototypes, truths = session
    what_if = watched(embeddings, prototypes, truths, temperature)
    what_if.choose(temperature, np.arange(N))
    assert what_if.reranked.rank.tolist() == what_if.decided.rank.tolist()
    np.testing.assert_allclose(what_if.reranked.confidence, what_if.decided.confidence, rtol=1e-5)


@given(sessions, some)
def test_b11_candidates_are_ranked_as_a_decoder_with_their_bank_would(session, candidates):
    embeddings, prototypes, truths = session
    ranks, confidence = rerank(embeddings, np.array(truths), prototypes, candidates, 0.7)
    for i, truth in enumerate(truths):
        own = candidates.tolist().index(truth) if truth in candidates else None
        alone = rank_scores(prototypes[candidates] @ embeddings[i], embeddings[i], own, 1, 0.7)
        assert ranks[i] == (-1 if own is None else alone.truth_rank)
        assert confidence[i] == pytest.approx(alone.probabilities[0], rel=1e-5)


@given(sessions, some, st.randoms(use_true_random=False))
def test_b11_the_order_of_trials_and_of_concepts_changes_nothing(session, candidates, random):
    embeddings, prototypes, truths = session
    trials, concepts = list(range(len(truths))), list(range(N))
    random.shuffle(trials)
    random.shuffle(concepts)
    place = np.argsort(concepts)
    other = watched(embeddings[trials], prototypes[concepts], [int(place[truths[i]]) for i in trials])
    other.choose(2.0, place[candidates])
    what_if = watched(embeddings, prototypes, truths)
    what_if.choose(2.0, candidates)
    assert sorted(other.reranked.rank.tolist()) == sorted(what_if.reranked.rank.tolist())
    assert sorted(other.reranked.confidence) == pytest.approx(sorted(what_if.reranked.confidence), rel=1e-5)


@given(sessions, some, some, st.integers(0, 12))
def test_b11_decisions_that_come_later_are_ranked_as_those_before(session, before, candidates, at):
    embeddings, prototypes, truths = session
    rows = zip(embeddings, truths, strict=True)
    made = [decision(i, row, prototypes, truth) for i, (row, truth) in enumerate(rows)]
    what_if = WhatIf(gallery(prototypes), 1.0)
    what_if.add(made[:at])
    what_if.choose(3.0, before)
    what_if.choose(0.5, candidates)
    what_if.add(made)  # those before are known
    at_once = watched(embeddings, prototypes, truths)
    at_once.choose(0.5, candidates)
    assert what_if.reranked.rank.tolist() == at_once.reranked.rank.tolist()
    np.testing.assert_allclose(what_if.reranked.confidence, at_once.reranked.confidence, rtol=1e-5)


@given(sessions)
def test_b11_the_curve_is_the_mean_over_all_random_candidates(session):
    embeddings, prototypes, truths = session
    curve = watched(embeddings, prototypes, truths).curve()
    assert [point.size for point in curve] == [2, N]
    others = [[other for other in range(N) if other != truth] for truth in truths]
    pairs = [
        rerank(embeddings[i : i + 1], np.array(truths[i : i + 1]), prototypes, np.sort([truths[i], *rest]), 1.0)[0]
        for i in range(len(truths))
        for rest in combinations(others[i], 1)
    ]
    assert curve[0].top1 == pytest.approx(np.mean(np.concatenate(pairs) == 0))
    assert curve[0].top5 is None
    ranks, _ = rerank(embeddings, np.array(truths), prototypes, np.arange(N), 1.0)
    assert curve[1].top1 == pytest.approx((ranks == 0).mean())
    assert curve[1].top5 == pytest.approx((ranks < 5).mean())


def test_b11_embeddings_that_know_nothing_reach_chance():
    rng = np.random.default_rng(0)
    prototypes = unit(rng.normal(size=(300, 40)).astype(np.float32))
    embeddings = unit(rng.normal(size=(2000, 40)).astype(np.float32))
    curve = watched(embeddings, prototypes, rng.integers(0, 300, 2000).tolist()).curve()
    assert [point.size for point in curve] == [2, 10, 50, 200, 300]
    for point in curve:  # four standard errors
        assert point.top1 == pytest.approx(1 / point.size, abs=4 * np.sqrt(1 / point.size / 2000))
        if point.top5 is not None:
            assert point.top5 == pytest.approx(5 / point.size, abs=4 * np.sqrt(5 / point.size / 2000))


def test_b11_temperature_moves_confidence_and_no_rank():
    rng = np.random.default_rng(0)
    embeddings, prototypes = (
        rng.normal(size=(30, D)).astype(np.float32),
        rng.normal(size=(N, D)).astype(np.float32),
    )
    found = []
    for temperature in (0.01, 1.0, 100.0):
        what_if = watched(embeddings, prototypes, [i % N for i in range(30)])
        what_if.choose(temperature, np.arange(N))
        found.append(what_if.reranked)
    assert found[0].rank.tolist() == found[1].rank.tolist() == found[2].rank.tolist()
    assert found[0].confidence.mean() > found[1].confidence.mean() > found[2].confidence.mean()
    assert found[2].confidence == pytest.approx(np.full(30, 1 / N), abs=0.02)


def test_b11_the_oldest_decisions_are_forgotten_and_those_not_seen_are_counted():
    prototypes = np.eye(N, D, dtype=np.float32)
    what_if = WhatIf(gallery(prototypes), 1.0, kept=3)
    what_if.add([decision(i, prototypes[0], prototypes, 0) for i in range(4)])
    what_if.add([decision(i, prototypes[1], prototypes, 0) for i in (6, 7)])
    assert len(what_if) == 3
    assert what_if.missed == 2
    assert what_if.decided.hits(1).tolist() == what_if.reranked.hits(1).tolist() == [True, False, False]


def test_b11_what_has_no_ranking_or_no_truth_is_left_out():
    prototypes = np.eye(N, D, dtype=np.float32)
    what_if = WhatIf(gallery(prototypes), 1.0)
    what_if.add([decision(0, None, prototypes, 0), decision(1, prototypes[0], prototypes, None)])
    assert len(what_if) == what_if.missed == 0
    assert what_if.curve() == ()
    assert len(what_if.reranked) == len(what_if.decided) == 0


def test_b11_what_was_decided_is_told_of_the_same_trials():
    prototypes = np.eye(N, dtype=np.float32)
    what_if = WhatIf(gallery(prototypes), 1.0)
    what_if.add([decision(0, prototypes[1], prototypes, 1), decision(1, prototypes[0], prototypes, 5)])
    what_if.choose(1.0, np.array([1, 2, 3]))
    assert what_if.decided.hits(1).tolist() == what_if.reranked.hits(1).tolist() == [True]
    assert (what_if.decided.n_candidates, what_if.reranked.n_candidates) == (N, 3)


@pytest.mark.parametrize(("temperature", "candidates"), [(1.0, [3]), (1.0, []), (0.0, [1, 2])])
def test_b11_a_choice_that_makes_no_sense_is_refused(temperature, candidates):
    with pytest.raises(ConfigError, match="expected two candidates at least and a temperature above 0"):
        WhatIf(gallery(np.eye(N, dtype=np.float32)), 1.0).choose(temperature, np.array(candidates, np.int64))


def test_b11_embeddings_must_be_as_long_as_the_prototypes():
    other = np.eye(N, dtype=np.float32)
    made = decision(0, other[0], other, 0)
    with pytest.raises(MismatchError, match="expected embeddings as long as the prototypes, 5, got 7"):
        WhatIf(gallery(np.eye(N, D, dtype=np.float32)), 1.0).add([made])


@given(sessions, whole(4, D), st.permutations(range(N)).map(lambda order: order[:3]))
def test_b11_another_bank_ranks_as_a_decoder_that_has_it_would(session, others, shared):
    embeddings, prototypes, truths = session
    bank = Gallery(
        (*(f"concept {i}" for i in shared), *(f"other {i}" for i in range(4))),
        np.concatenate([prototypes[shared], others]),
    )
    what_if = watched(embeddings, prototypes, truths)
    what_if.rank_against(bank)
    there = [i for i, truth in enumerate(truths) if truth in shared]
    alone = [
        rank_scores(bank.prototypes @ embeddings[i], embeddings[i], shared.index(truths[i]), 1, 1.0) for i in there
    ]
    assert what_if.reranked.n_candidates == len(what_if.gallery.concepts) == 7
    assert what_if.reranked.rank.tolist() == [ranking.truth_rank for ranking in alone]
    np.testing.assert_allclose(
        what_if.reranked.confidence, [ranking.probabilities[0] for ranking in alone], rtol=1e-5
    )
    assert len(what_if.decided) == len(there)
    what_if.rank_against(gallery(prototypes))
    assert what_if.reranked.rank.tolist() == what_if.decided.rank.tolist()


@pytest.mark.parametrize(
    ("bank", "error", "said"),
    [
        (gallery(np.eye(N, D + 1, dtype=np.float32)), MismatchError, "expected prototypes of length 5, .* got 6"),
        (
            gallery(np.eye(1, D, dtype=np.float32)),
            ConfigError,
            "expected a bank of two concepts at least, got 1",
        ),
    ],
)
def test_b11_a_bank_that_cannot_be_ranked_is_refused_and_changes_nothing(bank, error, said):
    what_if = WhatIf(gallery(np.eye(N, D, dtype=np.float32)), 1.0)
    with pytest.raises(error, match=said):
        what_if.rank_against(bank)
    assert what_if.gallery.concepts[0] == "concept 0"
    assert len(what_if.gallery.concepts) == N


def test_b11_windows_are_told_to_overlap():
    prototypes = np.eye(N, dtype=np.float32)
    what_if = WhatIf(gallery(prototypes), 1.0)
    what_if.add([decision(0, prototypes[0], prototypes, 0, marker=None)])
    assert what_if.overlapping


def test_b11_confidence_is_compared_with_the_interval_of_accuracy():
    hits = np.arange(100) < 40  # 95 %: 0.309 to 0.498
    for said, expected in ((0.6, "overconfident"), (0.2, "underconfident"), (0.45, "fits")):
        assert leaning(np.full(100, said), hits) == expected
    assert leaning(np.empty(0), np.empty(0, bool)) is None
