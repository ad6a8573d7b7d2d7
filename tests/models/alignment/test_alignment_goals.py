"""What the alignment has to reach on SYNTHETIC pairs whose common signal is known, at the size of its config."""

import pytest

from bci.config import load_config
from models.alignment.config import AlignmentConfig
from models.alignment.evaluate import Settings, evaluate
from models.alignment.source import open_source
from models.alignment.train import train

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def evaluation():
    config = load_config(AlignmentConfig, "eeg-fmri-known")
    opened = open_source(config, None, judged=True)
    return evaluate(train(opened.pairs, config), opened.pairs, Settings(), opened.oracle)


def test_eeg_alone_comes_near_the_linear_oracle_and_far_above_shuffled_pairs(evaluation):
    first, five = evaluation.headline.shares
    assert five.value > 0.85 * evaluation.oracle["top5"]
    assert first.value > 0.8 * evaluation.oracle["top1"]  # 0.85 where it was measured; sums differ between CPUs
    for share in evaluation.headline.shares:
        assert share.interval.low > 5 * share.shuffled_high
        assert share.p < 0.002
    assert evaluation.headline.shares[0].interval.low < evaluation.oracle["top1"]


def test_the_query_of_fmri_gives_its_answer_away_and_is_named(evaluation):
    assert not all(control.at_chance for control in evaluation.by_fmri[1:])
    assert evaluation.conditioned_name == "fmri_conditioned"
