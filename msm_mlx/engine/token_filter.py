"""Which tokens may be drawn: the likeliest ones, by their number, their share of the probability, or their ratio."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx


@dataclass(frozen=True)
class TokenFilter:
    """Top-k, nucleus sampling (https://arxiv.org/abs/1904.09751) and min-p (https://arxiv.org/abs/2407.01082).

    They apply to the distribution at the temperature, one after another in this order, each to what the one before has
    left, as in transformers, for which the values in a model's `generation_config.json` are meant.

    Args:
        top_k: the most tokens that are kept; 0 keeps all.
        top_p: the likeliest tokens are kept until they have this share of the probability; 1 keeps all.
        min_p: a token is kept if it has this share of the likeliest one's probability; 0 keeps all.
    """

    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def apply(self, logits: mx.array) -> mx.array:
        """The logits (B, V) with -inf at the tokens that are not kept. Tokens as likely as the last one kept stay."""
        if self == TokenFilter():
            return logits
        return mx.where(logits >= self._least(logits), logits, -mx.inf)

    def _least(self, logits: mx.array) -> mx.array:
        """The least logit (B, 1) that is kept, of which the likeliest token is always one."""
        likeliest = logits.max(axis=-1, keepdims=True)  # (B, 1)
        least = mx.full(likeliest.shape, -mx.inf, logits.dtype)
        candidates = logits
        if 0 < self.top_k < logits.shape[-1]:
            candidates = mx.topk(logits, self.top_k, axis=-1)  # (B, K), in no order
            least = candidates.min(axis=-1, keepdims=True)
        if self.top_p < 1:
            least = mx.maximum(least, _nucleus(candidates, self.top_p))
        if self.min_p > 0:
            least = mx.maximum(least, likeliest + mx.log(mx.array(self.min_p, logits.dtype)))
        return mx.minimum(least, likeliest)


def _nucleus(logits: mx.array, share: float) -> mx.array:
    """The least of the logits (B, 1) that together have the share of the probability of (B, K)."""
    descending = -mx.sort(-logits, axis=-1)  # (B, K)
    shares = mx.softmax(descending, axis=-1, precise=True)
    before = mx.cumsum(shares, axis=-1) - shares  # of all that are likelier
    return mx.where(before < share, descending, mx.inf).min(axis=-1, keepdims=True)


EVERY_TOKEN = TokenFilter()
