"""Every row of a batch answers as if its adapter were the only one, and a row without one as the base, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx_lm
import numpy as np
import pytest
from helpers.arrays import flat, log_softmax, logits_of
from helpers.tiny_models import FAMILIES, POCKET_WEIGHTS
from mlx_lm.tuner.utils import linear_to_lora_layers

from msm_mlx.engine.adapters import LoraShape, adapter_weights, load_adapter, save_adapter
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.multi_lora import NamedAdapter, RowAdapters, StackedLoRALinear, stack_adapters
from msm_mlx.errors import MsmError

IDS = (5, 60, 61, 62, 9, 100)
SHAPES = (LoraShape(3, 1.5), LoraShape(5, 20.0), LoraShape(1, 2.0))


def random_adapter(loaded: LoadedModel, shape: LoraShape, seed: int, size: float = 0.1) -> dict[str, mx.array]:
    """Weights for every linear layer of every block. `loaded` is left with an adapter on."""
    loaded.model.freeze()
    linear_to_lora_layers(loaded.model, -1, {"rank": shape.rank, "scale": shape.scale, "dropout": 0.0})
    pairs = sorted(adapter_weights(loaded.model).items())
    keys = mx.random.split(mx.random.key(seed), len(pairs))
    return {name: mx.random.normal(value.shape, key=key) * size for key, (name, value) in zip(keys, pairs, strict=True)}


def stacked(folder: Path, shapes: Sequence[LoraShape] = SHAPES) -> tuple[LoadedModel, RowAdapters, list[NamedAdapter]]:
    adapters = [
        NamedAdapter(f"a{seed}", random_adapter(load_base(folder), shape, seed), shape.scale)
        for seed, shape in enumerate(shapes)
    ]
    loaded = load_base(folder)
    return loaded, stack_adapters(loaded.model, adapters), adapters


def batch_logits(loaded: LoadedModel, rows: int) -> np.ndarray:
    """(B, T, V)."""
    return np.array(loaded.model(mx.array([list(IDS)] * rows)))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_base_is_exact_alone_and_next_to_others(family: str, tiny_model_folder: Callable[[str], Path]) -> None:
    base = batch_logits(load_base(tiny_model_folder(family)), 4)
    loaded, rows, _ = stacked(tiny_model_folder(family))
    assert batch_logits(loaded, 4).tobytes() == base.tobytes()
    with rows.using([None] * 4):
        assert batch_logits(loaded, 4).tobytes() == base.tobytes()
    with rows.using([0, None, 2, None]):
        mixed = batch_logits(loaded, 4)
    assert mixed[[1, 3]].tobytes() == base[[1, 3]].tobytes()
    assert np.abs(mixed[[0, 2]] - base[[0, 2]]).max(axis=(1, 2)).min() > 0.01
    assert batch_logits(loaded, 4).tobytes() == base.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_each_row_is_mlx_lm_with_that_adapter_alone(
    family: str, tiny_model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_model_folder(family)
    loaded, rows, adapters = stacked(folder)
    with rows.using([2, 0, None, 1, 0]):
        together = log_softmax(batch_logits(loaded, 5))
    for at, chosen in ((0, 2), (1, 0), (3, 1), (4, 0)):
        save_adapter(tmp_path / str(at), adapters[chosen].weights, SHAPES[chosen], str(folder))
        model, tokenizer = mlx_lm.load(str(folder), adapter_path=str(tmp_path / str(at)))
        alone = log_softmax(logits_of(LoadedModel(model, tokenizer, folder), IDS))[0]
        np.testing.assert_allclose(together[at], alone, rtol=0, atol=1e-5)


def test_a_quantised_base_takes_a_stack_too() -> None:
    def quantised() -> LoadedModel:
        loaded = load_base(POCKET_WEIGHTS)
        nn.quantize(loaded.model, group_size=32, bits=4, class_predicate=lambda _, m: isinstance(m, nn.Linear))
        return loaded

    single = quantised()
    weights = random_adapter(single, SHAPES[0], 3, size=0.03)
    single.model.load_weights(list(weights.items()), strict=False)
    loaded = quantised()
    base = batch_logits(loaded, 2)
    rows = stack_adapters(loaded.model, [NamedAdapter("a", weights, SHAPES[0].scale)])
    assert any(isinstance(layer.linear, nn.QuantizedLinear) for layer in layers_of(loaded))
    with rows.using([None, 0]):
        mixed = batch_logits(loaded, 2)
    assert mixed[0].tobytes() == base[0].tobytes()
    np.testing.assert_allclose(log_softmax(mixed[1]), log_softmax(logits_of(single, IDS))[0], rtol=0, atol=1e-5)


def layers_of(loaded: LoadedModel) -> list[StackedLoRALinear]:
    return [module for _, module in loaded.model.named_modules() if isinstance(module, StackedLoRALinear)]


def test_adapters_of_different_layers_share_a_model(tiny_model_folder: Callable[[str], Path]) -> None:
    folder = tiny_model_folder("llama")
    whole = random_adapter(load_base(folder), SHAPES[0], 1)
    last = {name: value for name, value in whole.items() if ".layers.1.mlp." in name}
    first = {name: value for name, value in whole.items() if ".layers.0.self_attn." in name}
    loaded = load_base(folder)
    rows = stack_adapters(loaded.model, [NamedAdapter("last", last, 1.5), NamedAdapter("first", first, 1.5)])
    assert len(layers_of(loaded)) == 3 + 4
    with rows.using([0, 1]):
        together = batch_logits(loaded, 2)
    for at, part in enumerate((last, first)):
        single = load_base(folder)
        own = stack_adapters(single.model, [NamedAdapter("own", part, 1.5)])
        with own.using([0]):
            np.testing.assert_allclose(together[at], batch_logits(single, 1)[0], rtol=0, atol=1e-5)


def test_the_base_is_there_once_and_everything_is_evaluated(tiny_model_folder: Callable[[str], Path]) -> None:
    adapters = [random_adapter(load_base(tiny_model_folder("llama")), LoraShape(2, 1.0), seed) for seed in range(3)]
    loaded = load_base(tiny_model_folder("llama"))
    weights = {id(module.weight) for _, module in loaded.model.named_modules() if isinstance(module, nn.Linear)}
    stack_adapters(loaded.model, [NamedAdapter("x", weights, 1.0) for weights in adapters])
    assert {id(layer.linear.weight) for layer in layers_of(loaded)} <= weights
    stacks = {name: value for name, value in flat(loaded.model.parameters()).items() if ".lora_" in name}
    assert sum(value.nbytes for value in stacks.values()) == sum(v.nbytes for a in adapters for v in a.values())


def test_the_base_does_not_see_anothers_infinity(tiny_model_folder: Callable[[str], Path]) -> None:
    folder = tiny_model_folder("llama")
    broken = {name: value + mx.inf for name, value in random_adapter(load_base(folder), SHAPES[0], 1).items()}
    loaded = load_base(folder)
    base = batch_logits(loaded, 2)
    rows = stack_adapters(loaded.model, [NamedAdapter("broken", broken, 1.0)])
    with rows.using([0, None]):
        logits = batch_logits(loaded, 2)
    assert not np.isfinite(logits[0]).any()
    assert logits[1].tobytes() == base[1].tobytes()


def test_a_misfit_is_an_error_that_names_the_adapter_and_changes_nothing(tiny: LoadedModel) -> None:
    good = random_adapter(load_base(tiny.folder), SHAPES[0], 1)
    name = "model.layers.0.mlp.up_proj.lora_a"
    misfits = {
        "fit": [
            good | {name: mx.zeros((17, 3))},
            good | {name: mx.zeros((16, 4))},
            good | {name: mx.zeros((16,))},
            good | {f"model.layers.9.mlp.up_proj.lora_{factor}": good[name] for factor in "ab"},
            {f"model.embed_tokens.lora_{factor}": good[name] for factor in "ab"},
        ],
        "not a LoRA adapter": [
            {key: value for key, value in good.items() if key != name},
            good | {"model.layers.0.mlp.up_proj.m": mx.zeros((24,))},
            {"model.norm.weight": mx.zeros((16,))},
        ],
    }
    before = batch_logits(tiny, 1)
    for reason, cases in misfits.items():
        for weights in cases:
            with pytest.raises(MsmError, match=f"some/adapter: .*{reason}"):
                stack_adapters(tiny.model, [NamedAdapter("ok", good, 1.0), NamedAdapter("some/adapter", weights, 1.0)])
    assert layers_of(tiny) == []
    assert batch_logits(tiny, 1).tobytes() == before.tobytes()


def test_rows_are_counted_and_forgotten(tiny_model_folder: Callable[[str], Path]) -> None:
    loaded, rows, _ = stacked(tiny_model_folder("llama"))
    base = batch_logits(loaded, 3)
    with pytest.raises(MsmError, match="cannot answer together"), rows.using([0, 1]):
        batch_logits(loaded, 3)
    assert batch_logits(loaded, 3).tobytes() == base.tobytes()


def test_no_adapters_leave_the_model_as_it_is(tiny: LoadedModel) -> None:
    before = batch_logits(tiny, 2)
    rows = stack_adapters(tiny.model, [])
    with rows.using([None, None]):
        assert batch_logits(tiny, 2).tobytes() == before.tobytes()


def test_half_precision_adapters_stay_so(tiny_model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tiny_model_folder("qwen3")
    weights = {n: v.astype(mx.bfloat16) for n, v in random_adapter(load_base(folder), SHAPES[0], 1).items()}
    save_adapter(tmp_path, weights, SHAPES[0], "base")
    loaded = load_base(folder)
    stack_adapters(loaded.model, [NamedAdapter("a", load_adapter(tmp_path), 2.0)])
    assert {layer.lora_b.dtype for layer in layers_of(loaded)} == {mx.bfloat16}
