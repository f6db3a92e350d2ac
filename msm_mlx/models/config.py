"""What a model's config.json says of it. Imports no mlx."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msm_mlx.text.wording import describe

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


COUNTS = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", *CONTEXT)
"""What is a whole number from 1 on in every family that has it."""
ARCHITECTURE = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-]")


def config_problem(config: Mapping[str, Any]) -> str:
    """What in a configuration cannot be so, as a clause; empty where nothing is. `null` counts as silence."""
    architecture = config.get("model_type")
    if architecture is not None and not (isinstance(architecture, str) and ARCHITECTURE.fullmatch(architecture)):
        return f"names no architecture: its model_type is {describe(architecture)}"
    for part in (text_config(config), config):
        for name in COUNTS:
            value = part.get(name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                return f"says {name}: {describe(value)}, where a whole number from 1 on must stand"
    for name in ("quantization", "quantization_config"):
        if not isinstance(config.get(name) or {}, Mapping):
            return f"says {name}: {describe(config[name])}, where a mapping must stand"
    return end_problem(config)


def end_problem(config: Mapping[str, Any]) -> str:
    """What is wrong with the tokens that end a text, in a configuration of a model or of its generation."""
    value = config.get("eos_token_id")
    ends = value if isinstance(value, list) else [value]
    if all(end is None or (isinstance(end, int) and end >= 0) for end in ends):
        return ""
    return f"says eos_token_id: {describe(value)}, where the id of a token or a list of ids must stand"
