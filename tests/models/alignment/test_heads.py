import pytest
import torch

from bci.errors import ConfigError
from models.alignment.heads import HEADS, build_head


def build(name, width=12):
    torch.manual_seed(0)
    return build_head(name, (5, width), 7, hidden=16, dropout=0.1).eval()


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("width", [12, 7])
def test_tokens_become_one_vector(name, width):
    tokens = torch.randn(3, 5, width)
    pooled = build(name, width)(tokens)
    assert pooled.shape == (3, 7)
    assert torch.allclose(build(name, width)(tokens[1:2]), pooled[1:2], atol=1e-6)


@pytest.mark.parametrize(("name", "tells"), [("flatten", True), ("attention", False), ("multi_token", False)])
def test_only_the_flat_head_knows_the_order_of_tokens_by_itself(name, tells):
    tokens = torch.randn(2, 5, 12)
    head = build(name)
    assert torch.allclose(head(tokens), head(tokens.flip(1)), atol=1e-5) != tells


def test_attention_leaves_the_mean_where_it_has_nothing_to_choose():
    head, tokens = build("attention"), torch.randn(2, 5, 12)
    torch.nn.init.zeros_(head.score.weight)
    assert torch.allclose(head(tokens), head.perceptron(tokens.mean(dim=1)), atol=1e-6)


def test_an_unknown_head_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="unknown pooling head 'flaten'; the nearest known one is 'flatten'"):
        build("flaten")
