from models.ranking_benchmark import bench_ranking


def test_both_are_timed_in_turn_and_compared(monkeypatch):
    monkeypatch.setattr("models.ranking_benchmark.SECONDS", 0.01)
    speed = bench_ranking(300, 16, "cpu")
    assert (speed.n_concepts, speed.dim, speed.device) == (300, 16, "cpu")
    assert speed.repeats >= 5
    assert speed.rank_ms > 0
    assert abs(speed.ratio - speed.rank_ms / speed.product_ms) < 0.2 * speed.ratio
