"""An adapter changes its base only while it is on, and mlx-lm reads what we write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import mlx_lm
import numpy as np
import pytest
from helpers.arrays import logits_of, same_bits
from helpers.tiny_models import FAMILIES

from msm_mlx.engine.adapter_files import CONFIG, WEIGHTS
from msm_mlx.engine.adapters import (
    LoraShape,
    adapter_shape,
    adapter_weights,
    add_lora,
    clear_adapter,
    load_adapter,
    load_arrays,
    save_adapter,
    save_arrays,
    set_adapter,
    use_adapter,
)
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.errors import MsmError, SetupError

SHAPE = LoraShape(rank=3, scale=1.5)


def noise(loaded: LoadedModel, seed: int = 1) -> dict[str, mx.array]:
    keys = mx.random.split(mx.random.key(seed), 200)
    pairs = sorted(adapter_weights(loaded.model).items())
    return {name: mx.random.normal(value.shape, key=key) for key, (name, value) in zip(keys, pairs, strict=False)}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_base_answers_exactly_as_before_under_a_fresh_and_under_a_cleared_adapter(
    family: str, tiny_model_folder: Callable[[str], Path]
) -> None:
    loaded = load_base(tiny_model_folder(family))
    base = logits_of(loaded)
    add_lora(loaded.model, SHAPE, seed=0)
    assert logits_of(loaded).tobytes() == base.tobytes()
    set_adapter(loaded.model, noise(loaded))
    assert np.abs(logits_of(loaded) - base).max() > 0.1
    clear_adapter(loaded.model)
    assert logits_of(loaded).tobytes() == base.tobytes()


def test_pocket_is_exact_again_too(fresh_pocket: LoadedModel, pocket: LoadedModel) -> None:
    add_lora(fresh_pocket.model, SHAPE, seed=0)
    set_adapter(fresh_pocket.model, noise(fresh_pocket))
    assert not np.array_equal(logits_of(fresh_pocket), logits_of(pocket))
    clear_adapter(fresh_pocket.model)
    assert logits_of(fresh_pocket).tobytes() == logits_of(pocket).tobytes()


def test_every_linear_layer_of_every_block_gets_an_adapter_and_nothing_else_is_trained(tiny: LoadedModel) -> None:
    add_lora(tiny.model, SHAPE, seed=0)
    layers = [f"self_attn.{x}_proj" for x in "qkvo"] + [f"mlp.{x}_proj" for x in ("gate", "up", "down")]
    expected = {f"model.layers.{i}.{layer}.lora_{ab}" for i in (0, 1) for layer in layers for ab in "ab"}
    assert adapter_weights(tiny.model).keys() == expected
    assert {min(value.shape) for value in adapter_weights(tiny.model).values()} == {SHAPE.rank}


def test_a_saved_adapter_comes_back_to_the_bit(tiny: LoadedModel, tmp_path: Path) -> None:
    add_lora(tiny.model, SHAPE, seed=0)
    weights = noise(tiny)
    save_adapter(tmp_path / "a", weights, SHAPE, "some/base")
    assert same_bits(load_adapter(tmp_path / "a"), weights)
    assert adapter_shape(tmp_path / "a") == SHAPE
    assert json.loads((tmp_path / "a" / CONFIG).read_text())["model"] == "some/base"
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted([WEIGHTS, CONFIG])


@pytest.mark.parametrize("family", FAMILIES)
def test_mlx_lm_answers_alike_with_a_saved_adapter(
    family: str, tiny_model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_model_folder(family)
    loaded = load_base(folder)
    base = logits_of(loaded)
    add_lora(loaded.model, SHAPE, seed=0)
    weights = noise(loaded)
    set_adapter(loaded.model, weights)
    save_adapter(tmp_path / "a", weights, SHAPE, str(folder))
    model, tokenizer = mlx_lm.load(str(folder), adapter_path=str(tmp_path / "a"))
    theirs = logits_of(LoadedModel(model, tokenizer, folder))
    np.testing.assert_allclose(theirs, logits_of(loaded), rtol=1e-6, atol=1e-6)
    assert np.abs(theirs - base).max() > 0.1


def test_an_adapter_of_another_shape_or_with_other_layers_is_refused_and_changes_nothing(tiny: LoadedModel) -> None:
    add_lora(tiny.model, SHAPE, seed=0)
    before = adapter_weights(tiny.model)
    wider = {n: mx.zeros([d + (d == SHAPE.rank) for d in v.shape]) for n, v in before.items()}
    fewer = dict(list(noise(tiny).items())[1:])
    more = noise(tiny) | {"model.layers.9.mlp.up_proj.lora_a": mx.zeros((16, 3))}
    for misfit in (wider, fewer, more, {}):
        with pytest.raises(MsmError, match="does not fit"):
            set_adapter(tiny.model, misfit)
        assert same_bits(adapter_weights(tiny.model), before)


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
def test_a_damaged_adapter_file_is_an_error_that_names_it(cut: int, tiny: LoadedModel, tmp_path: Path) -> None:
    add_lora(tiny.model, SHAPE, seed=0)
    save_adapter(tmp_path, noise(tiny), SHAPE, "base")
    path = tmp_path / WEIGHTS
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(MsmError, match=WEIGHTS):
        load_adapter(tmp_path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda weights: dict(list(weights.items())[1:]), r"not a whole LoRA adapter: .* is missing"),
        (lambda weights: weights | {"model.m": mx.zeros((1,))}, r"not a whole LoRA adapter: model\.lora_a is missing"),
        (
            lambda weights: {name: value * float("nan") for name, value in weights.items()},
            "numbers that are not finite",
        ),
    ],
    ids=["lacks a factor", "DoRA", "not finite"],
)
def test_an_adapter_that_would_compute_nonsense_is_refused(
    change: Callable[[dict[str, mx.array]], dict[str, mx.array]], problem: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    add_lora(tiny.model, SHAPE, seed=0)
    save_adapter(tmp_path, change(noise(tiny)), SHAPE, "base")
    with pytest.raises(MsmError, match=f"{WEIGHTS}: .*{problem}; once its folder is moved away"):
        load_adapter(tmp_path)


def test_a_rank_that_the_weights_do_not_have_is_told_before_it_is_made(tiny: LoadedModel, tmp_path: Path) -> None:
    add_lora(tiny.model, SHAPE, seed=0)
    save_adapter(tmp_path, noise(tiny), LoraShape(10**9, 2.0), "base")
    with pytest.raises(MsmError, match=f"{CONFIG}: says rank 1000000000, which its weights do not have"):
        use_adapter(tiny.model, tmp_path)


def test_a_missing_adapter_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(MsmError, match=WEIGHTS):
        load_adapter(tmp_path)
    with pytest.raises(MsmError, match=CONFIG):
        adapter_shape(tmp_path)


RANK_0 = '{"lora_parameters": {"rank": 0, "scale": 2}}'
NAN = '{"lora_parameters": {"rank": 2, "scale": NaN}}'


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"lora_parameters": {"rank": "x"}}', '{"lora_parameters": null}', RANK_0, NAN]
)
def test_a_config_that_is_no_adapters_is_an_error_that_names_it(text: str, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(MsmError, match=CONFIG):
        adapter_shape(tmp_path)


def test_arrays_keep_their_metadata_and_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_arrays(path, {"a": mx.arange(3)}, {"updates": "4"})
    arrays, metadata = load_arrays(path)
    assert arrays["a"].tolist() == [0, 1, 2]
    assert metadata["updates"] == "4"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="cannot be written"):
        save_arrays(tmp_path / "file" / "x.safetensors", {"a": mx.arange(3)}, {})
