"""The alignment module: a query asks the tokens of an epoch, and the answer is a vector in the space of the fMRI.

Multi-head attention with another modality as the query: Vaswani et al. 2017, arXiv:1706.03762. The query is the
fMRI of the pair, as published, or it is learned (Jaegle et al. 2021, arXiv:2103.03206; Li et al. 2023,
arXiv:2301.12597): then EEG alone decides. There is no path from query to answer but through what is attended to,
since a residual connection would hand the target over; what the weights of the attention still tell of it is
measured by `models.alignment.evaluate`.
"""

import torch
from torch import Tensor, nn

__all__ = ["CrossAttention"]


class CrossAttention(nn.Module):
    """Attend to tokens.

    Parameters
    ----------
    token_width
        Of a token.
    dim
        Length of the answer.
    queries
        Number of learned queries, whose answers are averaged.
    width, heads
        Length of a query, and how many attention heads share it evenly.
    dropout
        Share of the attention weights that are silenced in training.
    """

    def __init__(
        self, token_width: int, dim: int, *, queries: int, width: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"expected an attention width that {heads} heads divide, got {width}")
        self.width = width
        self.learned = nn.Parameter(0.02 * torch.randn(queries, width))
        self.attention = nn.MultiheadAttention(
            width, heads, dropout, kdim=token_width, vdim=token_width, batch_first=True
        )
        self.answer = nn.Linear(width, dim)

    def forward(self, tokens: Tensor, query: Tensor | None = None) -> Tensor:
        """Answer a query.

        Parameters
        ----------
        tokens
            (B, N, token_width), key and value.
        query
            (B, Q, width); the learned ones by default.

        Returns
        -------
        answer
            (B, 1, dim).
        """
        if query is None:
            query = self.learned.expand(len(tokens), -1, -1)  # (B, Q, width)
        attended, _ = self.attention(query, tokens, tokens, need_weights=False)  # (B, Q, width)
        return self.answer(attended.mean(dim=1, keepdim=True))  # type: ignore[no-any-return]  # (B, 1, dim)
