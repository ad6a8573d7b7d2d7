from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from known_signal import known_pairs

from bci.ranking import unit
from models.alignment.retrieval import eeg_to_fmri, fmri_to_eeg, ranks, summary


def pairs_of(eeg_picture, fmri_picture):
    """Pairs that match these pictures; nothing else of them is looked at."""
    n = len(eeg_picture)
    some = replace(known_pairs().pairs, part=np.zeros(n, np.int8))
    return replace(some, eeg_picture=np.array(eeg_picture), fmri_picture=np.array(fmri_picture))


def brute_force(search, pictures, others, queries, gallery):
    """Rank one query at a time, as the definition says."""
    found = []
    for row, scores in zip(search.queries, unit(queries) @ unit(gallery).T, strict=True):
        matched = {other for picture, other in zip(pictures, others, strict=True) if picture == pictures[row]}
        names = [others[at] for at in search.gallery]
        own = scores[names.index(others[row])]
        found.append(
            sum(
                score >= own
                for name, score in zip(names, scores, strict=True)
                if name == others[row] or name not in matched
            )
            - 1
        )
    return found


matches = st.lists(st.tuples(st.integers(0, 5), st.integers(10, 15)), min_size=1, max_size=12)


@given(matches, st.integers(0, 2**31))
def test_ranks_are_those_of_the_definition_both_ways(matched, seed):
    eeg, fmri = (list(side) for side in zip(*matched, strict=True))
    pairs, rng = pairs_of(eeg, fmri), np.random.default_rng(seed)
    for search, pictures, others in ((eeg_to_fmri(pairs), eeg, fmri), (fmri_to_eeg(pairs), fmri, eeg)):
        queries = rng.integers(-2, 3, (len(search.queries), 3)).astype(np.float32)  # with ties
        gallery = rng.integers(-2, 3, (len(search.gallery), 3)).astype(np.float32)
        (found,) = ranks(search, queries, gallery)
        assert found.tolist() == brute_force(search, pictures, others, queries, gallery)


@given(matches, st.integers(0, 2**31))
def test_an_order_is_the_gallery_in_that_order(matched, seed):
    eeg, fmri = (list(side) for side in zip(*matched, strict=True))
    search, rng = eeg_to_fmri(pairs_of(eeg, fmri)), np.random.default_rng(seed)
    queries = rng.normal(size=(len(search.queries), 4)).astype(np.float32)
    gallery = rng.normal(size=(len(search.gallery), 4)).astype(np.float32)
    order = rng.permutation(len(gallery))
    (found,) = ranks(search, queries, gallery, order[None])
    assert np.array_equal(found, ranks(search, queries, gallery[order])[0])


def test_every_epoch_asks_but_every_match_is_asked_for_once():
    pairs = pairs_of([0, 0, 0, 1], [7, 7, 8, 8])
    forth, back = eeg_to_fmri(pairs), fmri_to_eeg(pairs)
    assert (forth.queries.tolist(), forth.gallery.tolist()) == ([0, 1, 2, 3], [0, 2])
    assert (back.queries.tolist(), back.gallery.tolist()) == ([0, 2, 3], [0, 3])


def test_an_answer_that_is_the_same_for_all_is_no_hit():
    search = eeg_to_fmri(pairs_of([0, 1, 2], [5, 6, 7]))
    zeros = np.zeros((3, 2), np.float32)
    assert ranks(search, zeros, zeros).tolist() == [[2, 2, 2]]


def test_a_summary_counts_from_one():
    assert summary(np.array([0, 0, 4, 9])) == {
        "top1": 0.5, "top5": 0.75, "median_rank": 3.0, "mean_reciprocal_rank": (1 + 1 + 0.2 + 0.1) / 4,
    }  # fmt: skip
