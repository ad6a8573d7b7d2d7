from models.reconstruction.benchmark import bench_step


def test_a_step_is_timed_without_the_semantic_loss_where_there_are_no_weights(small):
    cost = bench_step(small(weights={"semantic": 5.0}, train={"batch": 4}), rounds=2)
    assert cost.seconds > 0
    assert (cost.side, cost.batch, cost.semantic) == (28, 4, "")
    assert cost.n_parameters > 1000
