"""The shapes of the models with random weights that the benchmarks measure."""

from __future__ import annotations

from mlx_lm.models import qwen3


def qwen3_shape(**sizes: int) -> qwen3.ModelArgs:
    """A Qwen3 of these sizes, with the settings that all of its sizes share."""
    return qwen3.ModelArgs(
        model_type="qwen3", rms_norm_eps=1e-6, rope_theta=1e6, max_position_embeddings=4096, tie_word_embeddings=True,
        **sizes,
    )  # fmt: skip
