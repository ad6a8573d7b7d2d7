from known_signal import known_config

from models.alignment.benchmark import bench_step


def test_a_step_is_measured_with_its_weights():
    said = []
    speed = bench_step(known_config(train={"batch": 4}), 3, 20, 8, 2, said.append)
    assert (speed.batch, speed.n_channels, speed.n_times, speed.dim, speed.steps) == (4, 3, 20, 8, 2)
    assert 0 < speed.n_backbone_parameters < speed.n_parameters
    assert speed.seconds > 0
    assert len(said) == 3
