"""Answers to prompts that nobody has asked yet, from the adapters of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from msm_mlx.engine.adapters import WEIGHTS, adapter_shape
from msm_mlx.engine.generation import generate_replies
from msm_mlx.engine.models import load_base
from msm_mlx.errors import RecipeError
from msm_mlx.hub import resolve_model
from msm_mlx.runs import RUN
from msm_mlx.training.adapt import use_adapter
from msm_mlx.variants import opening_chat

MAX_TOKENS = 200


def ask_variants(folder: Path, prompts: Sequence[str]) -> dict[str, dict[str, str]]:
    """`answers[prompt][variant]`: what the base and the first seed of every adapter in `folder` write, greedily.

    Raises:
        RecipeError: if `folder` is no run folder.
    """
    try:
        model = json.loads((folder / RUN).read_text(encoding="utf-8"))["model"]["name"]
        name = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))["model_name"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise RecipeError(f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`") from error
    loaded = load_base(resolve_model(model).folder)
    answers: dict[str, dict[str, str]] = {prompt: {} for prompt in prompts}
    adapters: dict[str, Path | None] = {"base": None, **_first_seeds(folder)}
    for label, adapter in adapters.items():
        if adapter is not None:
            use_adapter(loaded, adapter_shape(adapter), adapter)
        chats = [loaded.render(opening_chat(name, prompt), reply=True) for prompt in prompts]
        replies = generate_replies(loaded, chats, max_tokens=MAX_TOKENS, batch_size=len(chats))
        for prompt, reply in zip(prompts, replies, strict=True):
            answers[prompt][label] = reply.text
    return answers


def _first_seeds(folder: Path) -> dict[str, Path]:
    """The adapter folder of each arm's lowest seed, by the arm's label."""
    found: dict[str, tuple[int, Path]] = {}
    for path in sorted((folder / "adapters").glob("*-s*")):
        label, _, seed = path.name.rpartition("-s")
        if seed.isdigit() and (path / WEIGHTS).exists():
            found[label] = min(found.get(label, (int(seed), path)), (int(seed), path))
    return {label: path for label, (_, path) in found.items()}
