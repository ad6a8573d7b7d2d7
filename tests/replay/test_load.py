import numpy as np

from replay.load import AMPLITUDE, BLOCK, noise_recording


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


def test_noise_is_the_same_however_much_is_drawn_at_once():
    n_times = 2 * BLOCK + 100
    recording = noise_recording(("O1", "Oz", "O2"), 1000.0, n_times / 1000, ("a",), 1.0, seed=5)
    whole = np.random.default_rng(5).standard_normal((n_times, 3), np.float32) * np.float32(AMPLITUDE)
    assert np.array_equal(recording.data, whole)


def test_what_is_too_long_for_memory_lies_in_a_file():
    recording = noise_recording(("Oz",) * 40, 1000.0, 1800.0, ("a",), 1.0)
    assert isinstance(recording.data, np.memmap)
    assert recording.data.shape == (1_800_000, 40)
