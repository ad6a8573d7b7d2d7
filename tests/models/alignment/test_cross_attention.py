import pytest
import torch

from models.alignment.cross_attention import CrossAttention


def build(**options):
    torch.manual_seed(0)
    return CrossAttention(6, 9, **{"queries": 3, "width": 8, "heads": 2, "dropout": 0.0, **options}).eval()


def test_a_query_is_answered_by_one_vector():
    cross, tokens = build(), torch.randn(4, 5, 6)
    assert cross(tokens).shape == (4, 1, 9)
    assert cross(tokens, torch.randn(4, 1, 8)).shape == (4, 1, 9)


def test_the_learned_queries_ask_where_none_is_given():
    cross, tokens = build(), torch.randn(4, 5, 6)
    assert torch.allclose(cross(tokens), cross(tokens, cross.learned.expand(4, -1, -1)))


def test_a_single_token_gives_one_answer_whatever_is_asked():
    # the softmax over one key is one: the query reaches the answer through the choice among tokens alone
    cross, token = build(), torch.randn(4, 1, 6)
    assert torch.allclose(cross(token), cross(token, torch.randn(4, 2, 8)), atol=1e-6)
    tokens = torch.randn(4, 5, 6)
    assert not torch.allclose(cross(tokens), cross(tokens, torch.randn(4, 2, 8)), atol=1e-4)


def test_heads_share_the_width_evenly():
    with pytest.raises(ValueError, match="expected an attention width that 3 heads divide, got 8"):
        build(heads=3)
