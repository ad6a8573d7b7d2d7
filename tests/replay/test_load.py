import numpy as np

from replay.load import noise_recording


def test_noise_with_markers_at_a_steady_pace():
    recording = noise_recording(("O1", "Oz"), 1000.0, 10.0, ("a", "b", "c"), 0.2)
    assert recording.data.shape == (10_000, 2)
    assert recording.data.dtype == np.float32
    assert 9.5 < recording.data.std() < 10.5
    samples = np.array([sample for sample, _ in recording.markers])
    assert set(np.diff(samples)) == {200}
    assert samples[0] == 1000
    assert [value for _, value in recording.markers[:4]] == ["a", "b", "c", "a"]
    assert recording.provenance["synthetic"] is True


def test_the_same_seed_makes_the_same_noise():
    one, other = (noise_recording(("Oz",), 100.0, 5.0, ("a",), 1.0, seed=3) for _ in range(2))
    assert np.array_equal(one.data, other.data)
