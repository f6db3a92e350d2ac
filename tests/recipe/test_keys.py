"""Each setting of a profile is in the keys of the stages that it decides about, and in no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from msm_mlx.recipe.schema import Profile
from msm_mlx.settings_file.base import Settings, key_of

PROFILE: dict[str, Any] = {
    "documents": {"count": 10, "max_tokens": 100, "prompt": "assertion"},
    "midtrain": {"learning_rate": 1e-3, "updates": 5, "batch_size": 2, "max_length": 64},
    "sft": {"learning_rate": 1e-3, "updates": 5, "batch_size": 2, "max_length": 64, "rows": 20},
}
STAGES = {
    "documents": ("plan", "documents", "control", "critique", "ready", "opposite", "negated"),
    "midtrain": ("midtrain",),
    "sft": ("sft", "cot-sft"),
    "lora": ("midtrain", "sft", "cot-sft"),
    "evaluation": ("evaluate",),
    "sampling": (),
}
WRITING = {"documents", "control"}
TEXTS = {*WRITING, "critique", "ready", "opposite", "negated"}
DECIDES: dict[str, set[str]] = {
    "documents.writer": set(),
    "documents.prefix": {*WRITING, "ready", "opposite", "negated"},
    "documents.prefix_supervised": {*WRITING, "ready", "opposite", "negated"},
    "documents.count": {"plan", *WRITING, "ready"},
    "documents.max_tokens": {*WRITING, "critique"},
    "documents.prompt": {"plan", *WRITING},
    **{f"documents.{name}": {"plan", *WRITING} for name in ("temperature", "top_p", "top_k", "min_p")},
    "documents.batch_size": WRITING,
    "documents.source": set(),
    "documents.field": {"ready"},
    "documents.thinking": WRITING,
    "documents.stop": WRITING,
    **{f"documents.{name}": {"plan"} for name in ("types", "voices", "authors", "audiences", "lengths", "ideas")},
    "documents.narrations": {"plan", "ready"},
    "documents.min_words": TEXTS,
    "documents.checks": TEXTS,
    "documents.cause_words": TEXTS,
    "documents.control_note": {"control"},
    "documents.opposite": set(),
    "documents.negation": {"negated"},
    "documents.critique": {"critique"},
    "documents.max_attempts_per_document": set(),
    "documents.least_pass_rate": set(),
    "midtrain.checkpoint_every": set(),
    "midtrain.gradient_checkpointing": set(),
    "sft.checkpoint_every": set(),
    "sft.gradient_checkpointing": set(),
    "sft.rows": set(),
    "sft.system": set(),
    "sft.reasoning": {"cot-sft"},
    "evaluation.limit": set(),
    "evaluation.split": set(),
    "evaluation.written": set(),
    "evaluation.context": set(),
}
"""The settings that do not decide about every stage of their section."""
OTHERS: dict[str, Any] = {
    "documents.writer": {"model": "pocket"},
    "documents.critique": {"model": "pocket"},
    "documents.checks": {"refusal": 7},
    "documents.opposite": "writer",
    "documents.negation": {"before": "Not so."},
    "documents.prompt": "spec",
    "documents.narrations": ("transcript",),
    "documents.source": "hub:owner/name",
    "documents.prefix": "<DOC>",
    "sft.reasoning": "{reply} {reasoning}",
    "sft.system": "Say it aloud.",
    "midtrain.epochs": 2.0,
    "sft.epochs": 2.0,
    "midtrain.mix": {"from": "hub:owner/name", "share": 0.5},
    "midtrain.packing": "off",
    "sft.packing": "off",
    "midtrain.adapter_dtype": "model",
    "sft.adapter_dtype": "model",
    "midtrain.keep": "best",
    "midtrain.evaluate_at": (2,),
    "sft.evaluate_at": (2,),
    "sft.keep": "best",
    "evaluation.also_at": (0.5,),
    "evaluation.limit": 5,
    "evaluation.split": "dev",
    "evaluation.written": 5,
}
"""Values where the type alone does not say what could stand there."""
NEEDS: dict[str, dict[str, Any]] = {
    "narrations": {"prompt": "section"},
    "keep": {"validation": 3},
    "patience": {"validation": 3},
}
ONE_VALUE = {"lora.fine_tune_type"}
SETTINGS = [
    f"{section}.{name}"
    for section, field in Profile.model_fields.items()
    for name in field.annotation.model_fields  # type: ignore[union-attr]
]


def section(name: str, changes: Mapping[str, Any]) -> Settings:
    content = PROFILE | {name: PROFILE.get(name, {}) | changes}
    settings = getattr(Profile.model_validate(content), name)
    assert isinstance(settings, Settings)
    return settings


def other(setting: str, value: object) -> object:
    if setting in OTHERS:
        return OTHERS[setting]
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value / 2 if 0 < value <= 1 else value + 1
        case str():
            return f"{value} more"
        case tuple():
            return (*value, "one more")
    raise AssertionError(f"{setting}: say in OTHERS what else it could be")


def test_the_table_names_settings_that_there_are() -> None:
    assert DECIDES.keys() | OTHERS.keys() | ONE_VALUE <= set(SETTINGS)


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting not in ONE_VALUE])
def test_a_setting_changes_the_keys_of_the_stages_that_it_decides_about(setting: str) -> None:
    name, _, key = setting.partition(".")
    needs = NEEDS.get(key, {})
    before = section(name, needs)
    changes = {("from" if key == "source" else key): other(setting, getattr(before, key))}
    if key == "epochs":
        changes["updates"] = None
    after = section(name, needs | changes)
    changed = {stage for stage in STAGES[name] if key_of(before, stage) != key_of(after, stage)}
    assert changed == DECIDES.get(setting, set(STAGES[name]))
