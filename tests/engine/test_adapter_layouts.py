"""What somebody's adapter is, is read from its files; what is more than factors on layers is refused by name."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from helpers.ready_adapters import LAYER, factors, in_peft, write_as_peft, write_mlx

from msm_mlx.engine.adapter_layouts import describe_adapter
from msm_mlx.errors import RecipeError

MERGE = r"; merge it into its base with the program that made it, and take the whole model as --model$"


def test_both_layouts_say_the_same(tmp_path: Path) -> None:
    ours, theirs = describe_adapter(write_mlx(tmp_path / "a")), describe_adapter(write_as_peft(tmp_path / "b"))
    assert ours.layers == theirs.layers == {LAYER: (16, 16)}
    assert ours.shapes == theirs.shapes
    assert (ours.rank, ours.scale, ours.base) == (2, 10.0, "someone/tiny")
    assert (theirs.rank, theirs.scale, theirs.base) == (2, 2.0, "someone/tiny")


def test_the_scale_of_a_rank_stabilised_adapter_is_alpha_by_the_root_of_its_rank(tmp_path: Path) -> None:
    assert describe_adapter(write_as_peft(tmp_path, use_rslora=True)).scale == pytest.approx(4 / math.sqrt(2))


@pytest.mark.parametrize("form", [{"prefix": ""}, {"name": ".default"}])
def test_names_with_less_and_more_in_them_are_read(form: dict[str, str], tmp_path: Path) -> None:
    assert describe_adapter(write_as_peft(tmp_path, in_peft(factors(), **form))).layers == {LAYER: (16, 16)}


def test_its_version_is_that_of_its_content(tmp_path: Path) -> None:
    first, same = describe_adapter(write_mlx(tmp_path / "a")), describe_adapter(write_mlx(tmp_path / "b"))
    other = describe_adapter(write_mlx(tmp_path / "c", lora_parameters={"rank": 2, "scale": 1.0}))
    assert first.version() == same.version() != other.version()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"use_dora": True}, "is DoRA, which also rescales whole weights"),
        ({"modules_to_save": ["lm_head"]}, r"brings whole layers of its own \(modules_to_save\)"),
        ({"rank_pattern": {"q_proj": 4}}, r"has other ranks in some layers \(rank_pattern\)"),
        ({"alpha_pattern": {"q_proj": 4}}, r"has other scales in some layers \(alpha_pattern\)"),
        ({"trainable_token_indices": [1]}, "brings embeddings of its own"),
        ({"bias": "all"}, r"brings biases of its base \(bias: 'all'\)"),
        ({"lora_bias": True}, "has biases"),
        ({"init_lora_weights": "pissa_niter_4"}, "began as pissa_niter_4, which changes the weights of the base too"),
        ({"init_lora_weights": "LoftQ"}, "began as LoftQ"),
        ({"use_newest": True}, r"is of a kind that is not known here \(use_newest\)"),
        ({"peft_type": "IA3"}, "is an adapter of peft's kind IA3, and no LoRA"),
    ],
)
def test_what_peft_has_besides_is_refused(changes: dict[str, Any], problem: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=rf"^{tmp_path}: {problem}.*{MERGE}"):
        describe_adapter(write_as_peft(tmp_path, **changes))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"fine_tune_type": "dora"}, "was trained as 'dora', and only lora adds factors to a base"),
        ({"fine_tune_type": "full", "lora_parameters": None}, "was trained as 'full'"),
        ({"lora_parameters": None}, "has no lora_parameters"),
        ({"lora_parameters": {"rank": 2, "alpha": 4}}, "says scale: nothing, where a number must stand"),
        ({"lora_parameters": {"rank": "2", "scale": 4}}, "says rank: '2', where a whole number from 1 on must stand"),
        ({"lora_parameters": {"rank": 3, "scale": 4}}, f"{LAYER} has rank 2, and adapter_config.json says 3"),
    ],
)
def test_what_mlx_lm_has_besides_is_refused(changes: dict[str, Any], problem: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=problem):
        describe_adapter(write_mlx(tmp_path, **changes))


A, B = factors().values()


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ({f"{LAYER}.lora_a": A}, rf"lacks {LAYER}\.lora_b"),
        (factors() | {f"{LAYER}.m": A}, rf"has {LAYER}\.m, which is no factor of a LoRA adapter"),
        ({f"{LAYER}.lora_a": A, f"{LAYER}.lora_b": mx.zeros((3, 16))}, "cannot be multiplied"),
        ({f"{LAYER}.lora_a": mx.zeros(3), f"{LAYER}.lora_b": B}, "cannot be multiplied"),
        (factors() | factors("model.layers.1.mlp.up_proj", rank=4), "up_proj has rank 4"),
    ],
)
def test_factors_that_are_no_pairs_of_one_rank_are_refused(
    weights: dict[str, mx.array], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=problem):
        describe_adapter(write_mlx(tmp_path, weights))


@pytest.mark.parametrize("name", ["base_model.model.lm_head.weight", "lora_unet_down.alpha", "x.lora_embedding_A"])
def test_foreign_names_are_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=rf"has {name}, which is no factor of a linear layer{MERGE}"):
        describe_adapter(write_as_peft(tmp_path, in_peft(factors()) | {name: A}))


def test_a_folder_without_an_adapter_says_what_it_is(tmp_path: Path) -> None:
    def refuse(problem: str) -> None:
        with pytest.raises(RecipeError, match=problem):
            describe_adapter(tmp_path)

    refuse(r"holds no adapter, for it has no adapter_config\.json$")
    write_mlx(tmp_path / "checkpoints" / "last")
    refuse(r"; name the folder of one, as .*checkpoints/last$")
    (tmp_path / "config.json").write_text("{}")
    refuse("; a whole model is named with --model$")
    config = tmp_path / "adapter_config.json"
    for content, problem in (("{", "cannot be read"), ("[]", "is a list"), ("{}", "is neither mlx-lm's nor peft's")):
        config.write_text(content)
        refuse(problem)
    config.write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4}))
    refuse(r"lacks adapter_model\.safetensors, the weights that adapter_config\.json is about$")
    (tmp_path / "adapter_model.bin").write_bytes(b"")
    refuse("a pickle can run code and is not read: save it anew as safetensors$")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"version https://git-lfs.github.com/")
    refuse("is damaged or no safetensors file; copy or download it again$")
