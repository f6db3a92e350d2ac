"""The files of an adapter, as mlx-lm and as Hugging Face's `peft` lay them. Imports no mlx.

Both compute y + scale * x A B. mlx-lm keeps A as (inputs, rank) and B as (rank, outputs); peft keeps the transposes as
`lora_A.weight` and `lora_B.weight`, and the scale as `lora_alpha / r`.
"""

from __future__ import annotations

WEIGHTS, CONFIG = "adapters.safetensors", "adapter_config.json"
PEFT_WEIGHTS = "adapter_model.safetensors"
PEFT_PREFIX = "base_model.model."
PEFT_SUFFIXES = {".lora_a": ".lora_A.weight", ".lora_b": ".lora_B.weight"}


def name_in_peft(name: str) -> str | None:
    """What `peft` calls the factor `name` of mlx-lm; None if it is none."""
    layer, dot, part = name.rpartition(".")
    suffix = PEFT_SUFFIXES.get(dot + part)
    return None if suffix is None else f"{PEFT_PREFIX}{layer}{suffix}"


def name_in_mlx(name: str) -> str | None:
    """What mlx-lm calls the factor `name` of `peft`; None if it is none. Some files have the adapter's own name, which
    is `default`, before the last part, or lack the prefix."""
    plain = name.replace(".default.", ".")
    for ours, theirs in PEFT_SUFFIXES.items():
        if plain.endswith(theirs):
            return plain.removeprefix(PEFT_PREFIX).removesuffix(theirs) + ours
    return None
