"""An adapter that somebody has, in mlx-lm's layout or in that of `peft`: what its files say, before an array is read.

Imports no mlx, so that one that cannot be used is told while a recipe is looked at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.engine.adapter_files import CONFIG, PEFT_WEIGHTS, WEIGHTS, name_in_mlx
from msm_mlx.errors import RecipeError
from msm_mlx.files import sha256_file, sha256_json
from msm_mlx.models.safetensors_header import is_whole, read_header
from msm_mlx.text.wording import describe

Shape = tuple[int, ...]
MERGE = "merge it into its base with the program that made it, and take the whole model as --model"
# Of peft.LoraConfig: what makes something else of an adapter than the product of two factors on some layers.
CHANGES = {
    "use_dora": "is DoRA, which also rescales whole weights",
    "modules_to_save": "brings whole layers of its own (modules_to_save)",
    "rank_pattern": "has other ranks in some layers (rank_pattern)",
    "alpha_pattern": "has other scales in some layers (alpha_pattern)",
    "layer_replication": "repeats layers of its base (layer_replication)",
    "lora_bias": "has biases (lora_bias)",
    "trainable_token_indices": "brings embeddings of its own (trainable_token_indices)",
    "target_parameters": "adapts parameters that are no layers (target_parameters)",
    "use_qalora": "is QA-LoRA, which pools the inputs of its layers",
    "alora_invocation_tokens": "answers only after tokens that invoke it (alora_invocation_tokens)",
}
CHANGED_BASES = ("pissa", "olora", "corda", "loftq", "lora_ga")  # ways to begin that change the base's weights too


@dataclass(frozen=True)
class AdapterDescription:
    """What the files of an adapter say."""

    folder: Path
    weights: str
    """The name of the file that has its factors."""
    rank: int
    scale: float
    base: str
    """What it calls its base; empty if it does not say."""
    shapes: Mapping[str, Shape]
    """Of each factor, named and laid as mlx-lm does."""

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of each layer that it changes; those of a mixture's experts are left out."""
        return {
            name.removesuffix(".lora_a"): (shape[0], self.shapes[name.removesuffix("a") + "b"][1])
            for name, shape in self.shapes.items()
            if name.endswith(".lora_a") and len(shape) == 2
        }

    def version(self) -> str:
        """A hash of its content."""
        return sha256_json([sha256_file(self.folder / name) for name in (CONFIG, self.weights)])


def describe_adapter(folder: Path) -> AdapterDescription:
    """What the adapter in `folder` is.

    Raises:
        RecipeError: naming the folder, if it holds no adapter, or one that is more than low-rank factors.
    """
    config = _read_config(folder)
    if "peft_type" in config:
        description = _describe_peft(folder, config)
    elif "lora_parameters" in config or "fine_tune_type" in config:
        description = _describe_mlx(folder, config)
    else:
        raise _refusal(folder, f"its {CONFIG} is neither mlx-lm's nor peft's: it has no lora_parameters, no peft_type")
    if problem := _problem_of(description):
        raise _refusal(folder, problem)
    return description


def _refusal(folder: Path, problem: str) -> RecipeError:
    return RecipeError(f"{folder}: {problem}")


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise _refusal(folder, f"holds no adapter, for it has no {CONFIG}{_instead(folder)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _refusal(folder, f"its {CONFIG} cannot be read ({error}); copy or download it again") from error
    if not isinstance(config, dict):
        raise _refusal(folder, f"its {CONFIG} is {describe(config)} and no JSON object; copy or download it again")
    return config


def _instead(folder: Path) -> str:
    """What was probably meant by a folder without an adapter, as the end of a sentence."""
    if (folder / "config.json").exists():
        return "; a whole model is named with --model"
    inner = [path.parent for pattern in ("*", "*/*") for path in sorted(folder.glob(f"{pattern}/{CONFIG}"))]
    return f"; name the folder of one, as {inner[-1]}" if inner else ""


def _describe_mlx(folder: Path, config: Mapping[str, Any]) -> AdapterDescription:
    kind = config.get("fine_tune_type", "lora")
    if kind != "lora":
        raise _refusal(folder, f"was trained as {describe(kind)}, and only lora adds factors to a base; {MERGE}")
    parameters = config.get("lora_parameters")
    if not isinstance(parameters, dict):
        raise _refusal(folder, f"its {CONFIG} has no lora_parameters; copy or download it again")
    rank, scale = _rank(folder, parameters, "rank"), _number(folder, parameters, "scale")
    base = config.get("model")
    shapes = {name: tuple(tensor["shape"]) for name, tensor in _tensors(folder, WEIGHTS).items()}
    return AdapterDescription(folder, WEIGHTS, rank, scale, base if isinstance(base, str) else "", shapes)


def _describe_peft(folder: Path, config: Mapping[str, Any]) -> AdapterDescription:
    if config["peft_type"] != "LORA":
        raise _refusal(folder, f"is an adapter of peft's kind {config['peft_type']}, and no LoRA; {MERGE}")
    if problem := _peft_problem(config):
        raise _refusal(folder, f"{problem}; {MERGE}")
    rank, alpha = _rank(folder, config, "r"), _number(folder, config, "lora_alpha")
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    base = config.get("base_model_name_or_path")
    shapes = {}
    for name, tensor in _tensors(folder, PEFT_WEIGHTS).items():
        ours = name_in_mlx(name)
        if ours is None:
            raise _refusal(folder, f"{PEFT_WEIGHTS} has {name}, which is no factor of a linear layer; {MERGE}")
        shapes[ours] = tuple(tensor["shape"])[::-1]
    return AdapterDescription(folder, PEFT_WEIGHTS, rank, scale, base if isinstance(base, str) else "", shapes)


def _peft_problem(config: Mapping[str, Any]) -> str:
    """What in a configuration makes something else of an adapter than factors on layers; empty if nothing does."""
    if change := next((words for key, words in CHANGES.items() if config.get(key)), ""):
        return change
    if config.get("bias", "none") != "none":
        return f"brings biases of its base (bias: {describe(config['bias'])})"
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(CHANGED_BASES):
        return f"began as {start}, which changes the weights of the base too (init_lora_weights)"
    unknown = [key for key in config if key.startswith("use_") and config[key] is True and key != "use_rslora"]
    return f"is of a kind that is not known here ({unknown[0]})" if unknown else ""


def _rank(folder: Path, settings: Mapping[str, Any], key: str) -> int:
    rank = settings.get(key)
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        raise _refusal(folder, f"its {CONFIG} says {key}: {describe(rank)}, where a whole number from 1 on must stand")
    return rank


def _number(folder: Path, settings: Mapping[str, Any], key: str) -> float:
    value = settings.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise _refusal(folder, f"its {CONFIG} says {key}: {describe(value)}, where a number must stand")
    return float(value)


def _tensors(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    """The tensors of the file `name`, by their own names."""
    path = folder / name
    if not path.exists():
        pickle = path.with_suffix(".bin").exists()
        reason = "; a pickle can run code and is not read: save it anew as safetensors" if pickle else ""
        raise _refusal(folder, f"lacks {name}, the weights that {CONFIG} is about{reason}")
    if not is_whole(path):
        raise _refusal(folder, f"{name} is damaged or no safetensors file; copy or download it again")
    return read_header(path)


def _problem_of(adapter: AdapterDescription) -> str:
    """What keeps the factors from being those of one LoRA adapter; empty if nothing does."""
    layers = {name.rpartition(".")[0] for name in adapter.shapes}
    factors = {f"{layer}.{factor}" for layer in layers for factor in ("lora_a", "lora_b")}
    if lone := sorted(factors ^ adapter.shapes.keys()):
        what = f"lacks {lone[0]}" if lone[0] in factors else f"has {lone[0]}, which is no factor of a LoRA adapter"
        return f"{adapter.weights} {what}; {MERGE}"
    for layer in sorted(layers):
        a, b = adapter.shapes[f"{layer}.lora_a"], adapter.shapes[f"{layer}.lora_b"]
        ranks = _ranks(a, b)
        if ranks is None or len(set(ranks)) > 1:
            return f"{adapter.weights} has factors at {layer} that cannot be multiplied: {a} and {b}"
        if ranks[0] != adapter.rank:
            return f"{layer} has rank {ranks[0]}, and {CONFIG} says {adapter.rank}: only one rank is taken; {MERGE}"
    return ""


def _ranks(a: Shape, b: Shape) -> tuple[int, int] | None:
    """The rank by each factor: (in, r) and (r, out), or (experts, r, in) and (experts, out, r); None of others."""
    if len(a) == len(b) == 2:
        return a[1], b[0]
    return (a[1], b[2]) if len(a) == len(b) == 3 and a[0] == b[0] else None
