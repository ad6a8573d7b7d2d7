import pytest

from bci.errors import ConfigError
from models.throughput_benchmark import bench_throughput


def test_all_events_are_decoded_beside_the_decoder_alone(monkeypatch):
    monkeypatch.setattr("models.throughput_benchmark.ROUNDS", 1)
    monkeypatch.setattr("models.untrained.SECONDS", 10.0)
    speed = bench_throughput(250.0, 20.0, 32)
    assert speed.n_events == 92  # one each 0.2 s from the second one on, without those whose window is cut off
    assert min(speed.decoded, speed.decoder, speed.encoder, speed.cut) > 0
    assert speed.ratio == pytest.approx(speed.decoded / speed.decoder, rel=0.02)
    assert speed.decoded < speed.cut


def test_a_recording_that_is_too_short_is_refused():
    with pytest.raises(ConfigError, match="at least 102.4, two batches; got 60"):
        bench_throughput(250.0, 60.0, 256)


def test_another_encoder_is_measured_and_an_unknown_one_refused(monkeypatch):
    monkeypatch.setattr("models.throughput_benchmark.ROUNDS", 1)
    monkeypatch.setattr("models.untrained.SECONDS", 10.0)
    assert bench_throughput(250.0, 20.0, 32, "eeg_project").name == "eeg_project"
    with pytest.raises(ConfigError, match="no-such"):
        bench_throughput(250.0, 20.0, 32, "no-such")
