import pytest
from known_signal import known_config, known_pairs

from bci.errors import ConfigError
from models.alignment.config import AlignmentConfig
from models.alignment.source import open_source


def test_synthetic_pairs_come_with_concepts_and_if_they_are_judged_with_an_oracle():
    opened = open_source(known_config(), None)
    assert opened.concepts == known_pairs().concepts
    assert opened.oracle is None
    assert len(open_source(known_config(), None, judged=True).oracle) == len(known_pairs().pairs.part_of("test"))


def test_pairs_are_read_or_made_and_never_both(tmp_path):
    with pytest.raises(ConfigError, match="expected no --data: the config 'known' makes its own, SYNTHETIC pairs"):
        open_source(known_config(), tmp_path)
    real = AlignmentConfig.model_validate(
        {"name": "real", "data": {"eeg": {"experiment": "things"}, "fmri": {"folder": "nsd", "bank": "bank"}}}
    )
    with pytest.raises(ConfigError, match="expected --data FOLDER.*'real' reads its pairs"):
        open_source(real, None)
    with pytest.raises(ValueError, match=r"either \[data\]"):
        AlignmentConfig(name="neither")
