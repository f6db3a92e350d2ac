"""One update: its loss and its gradients, however many passes it takes."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.arrays import close, flat, log_softmax, same_bits
from helpers.tiny_models import train_settings
from helpers.training_steps import some_rows, step_over

from msm_mlx.engine.adapters import adapter_weights
from msm_mlx.engine.boundaries import packed_attention
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.training.packing import make_batches
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trainer import train


def random_mask(rows: list[TokenRow], seed: int) -> list[TokenRow]:
    rng = np.random.default_rng(seed)
    return [TokenRow(row.ids, tuple(bool(bit) for bit in rng.random(len(row.ids)) < 0.4)) for row in rows]


def gradients_of(loaded: LoadedModel, rows: list[TokenRow], **changes: object) -> tuple[float, dict[str, mx.array]]:
    step = step_over(loaded, **changes)
    batches = make_batches(rows, step.plan.layout)
    with packed_attention(loaded.model, step.plan.packing):
        loss, gradients = step.gradients(batches, sum(batch.supervised_tokens for batch in batches))
    return float(np.array(loss)), flat(gradients)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_loss_is_the_mean_over_learned_tokens_alone(seed: int, adapted: LoadedModel) -> None:
    rows = random_mask(some_rows(adapted), seed)
    losses = []
    for row in rows:  # each by itself, without padding
        logs = log_softmax(np.array(adapted.model(mx.array([row.ids])))[0])
        losses += [-logs[at - 1, row.ids[at]] for at in range(1, len(row.ids)) if row.supervised[at]]
    loss, _ = gradients_of(adapted, rows)
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_passes_add_up_to_the_same_update(adapted: LoadedModel) -> None:
    """An update of many passes weighs every token as one of a single pass does."""
    rows = random_mask(some_rows(adapted), 0)
    one, together = gradients_of(adapted, rows, step_tokens=4096)
    other, apart = gradients_of(adapted, rows, step_tokens=16, max_length=16)
    assert one == pytest.approx(other, rel=1e-6)
    assert all(close(together[name], apart[name], 1e-5) for name in together)
    step = step_over(adapted, step_tokens=16, max_length=16)
    assert len(make_batches(rows, step.plan.layout)) > 2


def test_gradients_come_from_learned_tokens_alone(adapted: LoadedModel) -> None:
    """A learned token's gradient must not see what follows it, learned or not."""
    short = TokenRow((1, 2, 3, 4), (False, True, True, False))
    long = TokenRow((1, 2, 3, 9, 8, 7), (False, True, True, False, False, False))
    _, a = gradients_of(adapted, [short])
    _, b = gradients_of(adapted, [long])
    assert any(np.abs(np.array(value)).max() > 0 for value in a.values())
    assert all(np.allclose(np.array(a[name]), np.array(b[name]), atol=1e-7) for name in a)


def test_an_adapter_may_compute_in_the_models_own_type(adapted: LoadedModel, tmp_path: Path) -> None:
    """Its gradient then is that of float32 but for rounding, and its weights stay float32."""
    adapted.model.apply(lambda weight: weight.astype(mx.bfloat16))
    adapted.model.load_weights([(k, v.astype(mx.float32)) for k, v in adapter_weights(adapted.model).items()], False)
    rows = some_rows(adapted)
    found = {dtype: gradients_of(adapted, rows, adapter_dtype=dtype) for dtype in ("float32", "model")}
    (loss, exact), (other, rounded) = found.values()
    assert loss == pytest.approx(other, rel=0.02)
    assert {value.dtype for value in (*exact.values(), *rounded.values())} == {mx.float32}
    assert not same_bits(exact, rounded)
    assert all(close(rounded[name], exact[name], 0.1) for name in exact)
    settings = train_settings(adapter_dtype="model", updates=2, gradient_checkpointing=True)
    train(adapted.model, rows, settings, seed=0, checkpoint=tmp_path / "c.safetensors")
    assert {value.dtype for value in adapter_weights(adapted.model).values()} == {mx.float32}
