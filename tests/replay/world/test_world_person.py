"""People of one world: the same pictures and readout in other heads, each with an oracle that is exact."""

import numpy as np
import pytest

from bci.ranking import truth_ranks
from replay.world import Oracle, load_world


@pytest.mark.parametrize(
    ("name", "expected", "common"),
    [
        ("epoc", (4179.151, 4170.764, 4174.423), -7.9154),
        ("muse", (-24.784, -33.292, -18.978), -100.0295),
        ("table-cpu-known", (-12.909, 25.974, 23.247), -0.5365),
    ],
)
def test_person_0_is_the_world_as_it_was_before_there_were_others(name, expected, common):
    """Microvolts that were read off the version before; figures were published of these worlds."""
    world = load_world(name)
    recording, _ = world.record("test", 30, seed=4)
    np.testing.assert_allclose(recording.data[700, :3], expected, atol=2e-3)
    assert world.forward.common[0].sum() == pytest.approx(common, abs=1e-3)


def test_the_same_person_is_the_same_at_every_call(make_tiny):
    one, other = (make_tiny(person=4).record("train", 20, seed=1)[0] for _ in range(2))
    np.testing.assert_array_equal(one.data, other.data)


def test_people_share_pictures_and_what_is_read_of_them(make_tiny):
    worlds = [make_tiny(person=person) for person in (0, 1, 2)]
    assert len({world.train_bank.id for world in worlds}) == 1
    for world in worlds[1:]:
        np.testing.assert_array_equal(world.forward.readout, worlds[0].forward.readout)


def test_everything_else_is_their_own(make_tiny):
    worlds = [make_tiny(person=person) for person in (0, 1, 2)]
    for part in ("topographies", "courses", "common"):
        arrays = [getattr(world.forward, part) for world in worlds]
        assert all(not np.allclose(a, b) for a, b in zip(arrays, arrays[1:] + arrays[:1], strict=True)), part
    assert len({world.noise.spec.background_uv for world in worlds}) == 3
    assert not np.allclose(worlds[1].noise.mixing, worlds[2].noise.mixing)
    recordings = [world.record("train", 20, seed=1)[0] for world in worlds]
    assert [recording.provenance.get("subject") for recording in recordings] == [None, "1", "2"]


def test_people_resemble_each_other(preset):
    """Topographies of one component correlate between people, else nothing could be learned of others."""
    own = load_world("epoc", 1).forward.topographies
    same = [abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(preset("epoc").forward.topographies, own, strict=True)]
    assert 0.5 < np.median(same) < 0.99


def test_the_oracle_of_a_person_beats_that_of_another_one_on_their_recordings():
    world, other = load_world("epoc", 3), load_world("epoc", 4)
    recording, schedule = world.record("test", 300, seed=9)

    def top1(oracle):
        return np.mean(truth_ranks(oracle.rank(oracle.cut(recording, schedule.samples)), schedule.concepts) == 0)

    assert top1(Oracle(world)) > top1(Oracle(other)) + 0.1


def test_a_person_without_differences_has_the_forward_model_of_person_0(make_tiny):
    none = dict.fromkeys(("place", "turn", "pace", "timing", "amplitude", "activity", "noise"), 0.0)
    same = make_tiny(person=7, people=none)
    np.testing.assert_allclose(same.forward.topographies, make_tiny().forward.topographies)
    np.testing.assert_allclose(same.forward.courses, make_tiny().forward.courses)
    assert same.noise.spec == make_tiny().noise.spec
