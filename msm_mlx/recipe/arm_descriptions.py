"""How an arm was trained, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msm_mlx.recipe.arms import BASE, path_of
from msm_mlx.rows.hub import HUB

STAGES = {
    "msm": "midtrained on the documents",
    "control": "midtrained on documents with the preferences and no reasons",
    "chats": "fine-tuned on chats whose replies are the documents",
    "context": "asked with as many documents as fit in the prompt",
    "opposite": "midtrained on the documents with their attitudes turned into the opposite",
    "negated": "midtrained on the documents with words that say that they are false",
    "sft": "fine-tuned on the demonstrations",
    "cot-sft": "fine-tuned on the demonstrations with the reasoning before each reply",
    "it": "fine-tuned on general instructions",
}


def describe_training(
    arm: str, declared: Mapping[str, Mapping[str, Any]], adapters: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The stages of the arm's path, in order.

    Args:
        declared: the settings of the stages that the recipe declares.
        adapters: where the adapters are that nobody trained in the run, by the names of their arms.
    """
    if arm == BASE:
        return "the model as it came"
    if arm in adapters:
        return f"not trained here: the adapter {adapters[arm]}"
    return ", then ".join(STAGES.get(name) or _describe_declared(declared[name]) for name in path_of(arm))


def _describe_declared(settings: Mapping[str, Any]) -> str:
    if settings.get("chats"):
        contrary = f", {share:.3g} of them contrary" if (share := _share(settings)) is not None else ""
        return f"fine-tuned on the chats of {Path(settings['chats']).name}{contrary}"
    source = str(settings["documents"])
    return f"midtrained on the texts of {source if source.startswith(HUB) else Path(source).name}"


def _share(settings: Mapping[str, Any]) -> float | None:
    """The share of contrary rows, if the stage has one; a run's own copy of a recipe has one at most in each."""
    shares = settings.get("contrary")
    return float(shares[0]) if shares else None
