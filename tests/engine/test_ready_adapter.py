"""Somebody's adapter answers as it would on its own, on whatever layers it is, and only over a model that it fits."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.arrays import logits_of
from helpers.ready_adapters import LAYER, factors, in_peft, write_as_peft, write_mlx
from mlx_lm.tuner.utils import load_adapters

from msm_mlx.engine.adapter_layouts import describe_adapter
from msm_mlx.engine.adapters import LoraShape, has_adapter, save_adapter, use_adapter, use_base
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.ready_adapter import ready_weights
from msm_mlx.errors import RecipeError


def take(loaded: LoadedModel, folder: Path, out: Path) -> Path:
    """The adapter in `folder`, as a run keeps it."""
    adapter = describe_adapter(folder)
    save_adapter(out, ready_weights(loaded.model, adapter), LoraShape(adapter.rank, adapter.scale), "b", source="s")
    return out


def test_an_adapter_on_some_layers_answers_as_mlx_lm_has_it(tiny: LoadedModel, tmp_path: Path) -> None:
    parameters = {"rank": 2, "scale": 10.0, "dropout": 0.0, "keys": ["self_attn.q_proj"]}
    folder = write_mlx(tmp_path / "own", factors("model.layers.1.self_attn.q_proj"), lora_parameters=parameters)
    fresh, plain = load_base(tiny.folder), logits_of(tiny)
    load_adapters(fresh.model, str(folder))
    theirs = logits_of(fresh)
    out = take(tiny, folder, tmp_path / "out")
    assert not has_adapter(tiny.model)
    use_adapter(tiny.model, out)
    assert np.abs(logits_of(tiny) - theirs).max() < 1e-5 < np.abs(theirs - plain).max()


def test_adapters_of_other_ranks_and_scales_take_turns(tiny: LoadedModel, tmp_path: Path) -> None:
    wide = write_mlx(tmp_path / "a", factors(rank=6), lora_parameters={"rank": 6, "scale": 0.5})
    out = [take(tiny, folder, tmp_path / f"{folder.name}-out") for folder in (wide, write_as_peft(tmp_path / "b"))]
    alone = []
    for folder in out:
        fresh = load_base(tiny.folder)
        use_adapter(fresh.model, folder)
        alone.append(logits_of(fresh))
    plain = logits_of(tiny)
    for number in (0, 1, 0):
        use_adapter(tiny.model, out[number])
        assert np.array_equal(logits_of(tiny), alone[number])
    use_base(tiny.model)
    assert np.array_equal(logits_of(tiny), plain)


@pytest.mark.parametrize("prefix", ["base_model.model.language_model.", "base_model.model.model.language_model."])
def test_the_names_of_models_that_read_images_too_are_found(prefix: str, tiny: LoadedModel, tmp_path: Path) -> None:
    layer = LAYER if prefix.count("model.") == 3 else LAYER.removeprefix("model.")
    weights = in_peft({name.replace(LAYER, layer): value for name, value in factors().items()}, prefix)
    taken = ready_weights(tiny.model, describe_adapter(write_as_peft(tmp_path, weights)))
    assert mx.array_equal(taken[f"{LAYER}.lora_a"], factors()[f"{LAYER}.lora_a"])


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (factors(inputs=8), rf"does not fit the model: {LAYER}\.lora_a is \(8, 2\) in the adapter and \(16, 2\) for"),
        (
            factors("model.layers.7.mlp.up_proj"),
            r"changes model\.layers\.7\.mlp\.up_proj, which is no layer of the mod",
        ),
        (factors("lm_head"), "changes lm_head, which is no layer of the model's blocks"),
        ({name: value * float("nan") for name, value in factors().items()}, "has numbers that are not finite"),
        ({name: value * name.endswith("a") for name, value in factors().items()}, "changes nothing, for all its"),
    ],
)
def test_one_that_does_not_fit_is_refused_and_leaves_the_model_as_it_was(
    weights: dict[str, mx.array], problem: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=problem):
        ready_weights(tiny.model, describe_adapter(write_mlx(tmp_path, weights)))
    assert not has_adapter(tiny.model)
