"""From decisions to bets: what is named, what counts once, and what ends the betting."""

import numpy as np
import pytest

from bci.above_chance import AboveChance
from bci.eprocess import EProcess
from bci.errors import ConfigError
from bci.randomisation import Independent, WithoutReplacement, declared
from bci.ranking import rank
from bci.specs import RandomisationSpec
from bci.types import Decision, Marker, SourceState, Status

MARKER = Marker(0.0, "shown")


def decision(truth, seen, n=3, group=None, marker=MARKER):
    vectors = np.eye(n, dtype=np.float32)
    ranking = None if seen is None else rank(vectors[seen], vectors, truth, 5)
    return Decision(0, marker, 0.0, truth, group, Status.OK, "", ranking, {}, 0.0, SourceState.FLOWING)


def fair(n=3):
    return Independent(np.full(n, 1 / n))


def betted(decisions, paradigm=None, n=3):
    chances = AboveChance(paradigm or fair(n), n)
    for each in decisions:
        chances.add(each)
    return chances


def expected(*bets):
    process = EProcess()
    for chance, hit in bets:
        process.bet(chance, hit=hit)
    return process.value


def test_the_best_of_a_few_is_named():
    value = betted([decision(0, 0), decision(1, 0)]).value
    assert value == pytest.approx(expected((1 / 3, True), (1 / 3, False)))


def test_the_best_five_of_many_are_named():
    # all that is not seen is alike: the five best are the seen one and four others
    value = betted([decision(7, 7, n=20)], n=20).value
    assert value == pytest.approx(expected((5 / 20, True)))


def test_without_ranking_truth_or_marker_nothing_is_bet():
    none = [decision(0, None), decision(None, 0), decision(0, 0, marker=None)]
    assert betted(none).value == pytest.approx(1.0)


def test_an_event_without_a_ranking_still_takes_from_the_block():
    paradigm = WithoutReplacement(np.array([1, 1, 1]))
    value = betted([decision(0, None), decision(1, 1)], paradigm).value
    assert value == pytest.approx(expected((1 / 2, True)))


def test_repetitions_of_a_presentation_are_one_bet():
    repeated = [decision(0, 0, group="a"), decision(0, 0, group="a"), decision(1, 1, group="b")]
    assert betted(repeated).value == pytest.approx(expected((1 / 3, True), (1 / 3, True)))


def test_a_concept_that_was_ruled_out_ends_the_betting():
    chances = betted([decision(0, 0)] * 30, Independent(np.array([0.1, 0.9, 0.0])))
    assert chances.said
    chances.add(decision(2, 2))
    assert chances.value is None
    assert not chances.said


def test_shares_are_declared_by_name_and_add_up():
    spec = RandomisationSpec(kind="independent", shares={"Cat": 15, "Dog": 85})
    assert declared(spec, ("Dog", "Cat", "Eel")).chance([1, 2]) == pytest.approx(0.15)
    assert declared(RandomisationSpec(kind="blocks"), ("Dog", "Cat")).chance([1]) == pytest.approx(0.5)


def test_a_declared_concept_that_is_not_ranked_is_refused():
    with pytest.raises(ConfigError, match="'Cow' is none of the 2 concepts"):
        declared(RandomisationSpec(kind="independent", shares={"Cow": 1.0}), ("Dog", "Cat"))


def test_a_block_holds_whole_concepts():
    with pytest.raises(ValueError, match="whole number of times"):
        RandomisationSpec(kind="blocks", shares={"Dog": 0.5})
