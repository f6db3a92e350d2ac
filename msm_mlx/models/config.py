"""What a model's config.json says of it. Imports no mlx."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx", "model_max_length", "max_sequence_length", "seq_length")
"""The names of the context's length; families differ."""


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part about the text model: of a model that also reads images or sound, its `text_config`."""
    inner = config.get("text_config") or config.get("llm_config")
    return inner if isinstance(inner, Mapping) else config


def context_length(config: Mapping[str, Any]) -> int | None:
    """The most tokens of prompt and reply together, or None where the configuration does not say."""
    values = [part.get(name) for part in (text_config(config), config) for name in CONTEXT]
    return next((value for value in values if isinstance(value, int) and value > 0), None)
