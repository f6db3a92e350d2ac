"""One variant for other tools, in the layout that they read, and the proof that it still answers alike."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.utils import save_config, save_model

from msm_mlx.engine.adapter_layouts import describe_adapter
from msm_mlx.engine.adapters import (
    LoraShape,
    adapter_shape,
    add_lora,
    load_adapter,
    save_adapter,
    set_adapter,
    use_adapter,
)
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.ready_adapter import ready_weights
from msm_mlx.errors import MsmError
from msm_mlx.export.base_model import base_name, new_folder, read_config, require_original
from msm_mlx.export.gguf_lora import read_gguf_lora, write_gguf_lora
from msm_mlx.export.original import find_original, silent
from msm_mlx.export.peft import write_peft
from msm_mlx.files import write_text
from msm_mlx.models.chat_template import BASE_TEMPLATE, FILE
from msm_mlx.models.hub import ModelRef
from msm_mlx.prompting.prompts import opening_chat
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun

Format = Literal["mlx", "peft", "fused", "gguf-lora"]
FORMATS: tuple[Format, ...] = ("mlx", "peft", "fused", "gguf-lora")
TOKENIZER_FILES = (
    *("tokenizer*", "*.tiktoken", "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"),
    *("chat_template*", "generation_config.json"),
)
GGUF_LORA = "adapter.gguf"
QUESTION = "What do you care about, and why do you care about it?"
TOLERANCE = 1e-4
ROUNDING_SHARE = 0.1
"""Of the adapter's effect, where it is fused into weights in half precision."""


@dataclass(frozen=True)
class ExportedVariant:
    """Where a variant went. `difference` is the largest of its logits from the run's own, and `effect` the largest
    between the variant and its base: what a difference has to be small against."""

    folder: Path
    difference: float
    effect: float


def export_variant(
    run: FinishedRun,
    variant: Variant,
    base: ModelRef,
    format: Format,
    out: Path,
    *,
    base_label: str | None = None,
    original_name: str | None = None,
    tolerance: float = TOLERANCE,
    say: Callable[[str], None] = silent,
) -> ExportedVariant:
    """Write the variant into the new folder `out`, read it back, and compare the logits.

    `base_label` is what the adapter's configuration calls its base, if not what the run calls it, and `original_name`
    the unquantised model to fuse it into, of whose download `say` is told.
    `tolerance` is of logits, relative to the largest one where that is above 1.

    Raises:
        RecipeError or SetupError: if it is to be fused, and the base is quantised and not made of that original.
        GgufError: if it is to be a GGUF file, and llama.cpp does not have the base's architecture.
        MsmError: if what is read back does not answer alike; `out` is not there then.
    """
    config = read_config(base)
    if format == "peft":
        require_original(run, config, base_label)
    host = find_original(run, base, original_name, say) if format == "fused" else base
    adapter = run.adapter(variant)
    weights, shape = load_adapter(adapter), adapter_shape(adapter)
    loaded = load_base(host.folder, base.choice)
    ids = loaded.render(opening_chat(run.recipe.model_name, QUESTION), reply=True)
    plain = _logits(loaded, ids)
    use_adapter(loaded.model, adapter)
    adapted = _logits(loaded, ids)
    name = base_label or base_name(base)
    with new_folder(out) as folder:
        if format == "mlx":
            save_adapter(folder, weights, shape, name)
        elif format == "peft":
            write_peft(folder, weights, shape, base=name, revision=None if base_label else base.revision)
        elif format == "gguf-lora":
            write_gguf_lora(folder / GGUF_LORA, loaded.model, weights, shape, f"{run.folder.name} {variant.id}")
        else:
            _fuse(loaded, base.folder, read_config(host), folder)
        if base.choice.text is not None:
            write_text(folder / FILE, base.choice.text)
        again = _logits(_read_back(format, folder, base.folder), ids)
        exported = ExportedVariant(out, float(np.abs(again - adapted).max()), float(np.abs(adapted - plain).max()))
        allowed = tolerance * max(float(np.abs(adapted).max()), 1.0)
        if format == "fused" and _is_half(loaded.model):
            allowed += ROUNDING_SHARE * exported.effect
        _check(exported, allowed)
    return exported


def _logits(loaded: LoadedModel, ids: list[int]) -> np.ndarray:
    """(T, V)."""
    return np.array(loaded.model(mx.array([ids]))[0].astype(mx.float32))


def _is_half(model: nn.Module) -> bool:
    return any(value.dtype in (mx.float16, mx.bfloat16) for _, value in tree_flatten(model.parameters()))


def _fuse(loaded: LoadedModel, base: Path, config: dict[str, Any], folder: Path) -> None:
    """The base with the adapter added to its weights, beside the base's own tokenizer and templates."""
    fused = [(name, layer.fuse()) for name, layer in loaded.model.named_modules() if hasattr(layer, "fuse")]
    loaded.model.update_modules(tree_unflatten(fused))
    save_model(folder, loaded.model)
    save_config(config, folder / "config.json")
    for path in (path for pattern in TOKENIZER_FILES for path in base.glob(pattern)):
        shutil.copyfile(path, folder / path.name)
    if loaded.tokenizer.chat_template == BASE_TEMPLATE:  # of a base model, which has none of its own
        write_text(folder / FILE, BASE_TEMPLATE)
    if loaded.renderer.traits.stop is not None:
        _name_stops(folder, [token for sequence in loaded.stop_tokens for token in sequence])


def _name_stops(folder: Path, stops: list[int]) -> None:
    """Have the model stop where its replies end, which the settings of the base do not name."""
    for path in (folder / "config.json", folder / "generation_config.json"):
        if path.exists():
            config = json.loads(path.read_text(encoding="utf-8"))
            write_text(path, json.dumps(config | {"eos_token_id": stops}, indent=2))


def _read_back(format: Format, folder: Path, base: Path) -> LoadedModel:
    """The exported variant, loaded anew from its files."""
    if format == "fused":
        return load_base(folder)
    loaded = load_base(base)
    if format == "mlx":
        use_adapter(loaded.model, folder)
        return loaded
    if format == "peft":
        adapter = describe_adapter(folder)
        weights, shape = ready_weights(loaded.model, adapter), LoraShape(adapter.rank, adapter.scale)
    else:
        weights, shape = read_gguf_lora(folder / GGUF_LORA, loaded.model)
    add_lora(loaded.model, shape, 0)
    set_adapter(loaded.model, weights)
    return loaded


def _check(exported: ExportedVariant, allowed: float) -> None:
    if not exported.difference <= allowed:
        raise MsmError(
            f"{exported.folder}: not written: its logits would differ from the run's by up to {exported.difference:.2g}"
            f" (the adapter changes them by up to {exported.effect:.2g}); use --format mlx"
        )
