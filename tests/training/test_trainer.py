"""The loop: its loss, its schedule, and the same bytes whether it was interrupted or not."""

from __future__ import annotations

import math
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from support import flat, log_softmax, same_bits, train_settings

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora
from msm_mlx.engine.models import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.training.batches import batch_rows, make_batch
from msm_mlx.training.rows import Row, document_rows
from msm_mlx.training.trainer import Update, learning_rate, masked_cross_entropy, train


@pytest.fixture
def adapted(tiny: LoadedModel) -> LoadedModel:
    add_lora(tiny.model, LoraShape(2, 2.0), seed=0)
    return tiny


def some_rows(loaded: LoadedModel) -> list[Row]:
    return document_rows(loaded, ["the cat sat", "a dog", "the end of the day", "no", "yes and no"], 16)


def random_mask(rows: list[Row], seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    return [Row(row.ids, tuple(bool(bit) for bit in rng.random(len(row.ids)) < 0.4)) for row in rows]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_loss_is_the_mean_over_learned_tokens_alone(seed: int, tiny: LoadedModel) -> None:
    rows = random_mask(some_rows(tiny), seed)
    batch = make_batch(rows)
    losses = []
    for row in rows:  # each by itself, without padding
        logs = log_softmax(np.array(tiny.model(mx.array([row.ids])))[0])
        losses += [-logs[at - 1, row.ids[at]] for at in range(1, len(row.ids)) if row.supervised[at]]
    loss = masked_cross_entropy(tiny.model, *map(mx.array, (batch.inputs, batch.targets, batch.mask)))
    assert len(losses) == batch.learned_tokens > 0
    assert np.array(loss) == pytest.approx(np.mean(losses), rel=1e-5)


def test_gradients_come_from_learned_tokens_alone(adapted: LoadedModel) -> None:
    """A learned token's gradient must not see what follows it, learned or not."""
    short = Row((1, 2, 3, 4), (False, True, True, False))
    long = Row((1, 2, 3, 9, 8, 7), (False, True, True, False, False, False))
    gradient = nn.value_and_grad(adapted.model, masked_cross_entropy)
    results = []
    for row in (short, long):
        batch = make_batch([row])
        results.append(gradient(adapted.model, *map(mx.array, (batch.inputs, batch.targets, batch.mask))))
    a, b = (flat(gradients) for _, gradients in results)
    assert any(np.abs(np.array(value)).max() > 0 for value in a.values())
    assert all(np.allclose(np.array(a[name]), np.array(b[name]), atol=1e-7) for name in a)


def test_training_learns_its_rows_and_leaves_the_base_alone(adapted: LoadedModel, tmp_path: Path) -> None:
    frozen = {k: v for k, v in flat(adapted.model.parameters()).items() if "lora" not in k}
    updates: list[Update] = []
    row = some_rows(adapted)[0]
    train(
        adapted.model,
        [row],
        train_settings(updates=15, learning_rate=0.05, batch_size=1),
        seed=0,
        checkpoint=tmp_path / "c.safetensors",
        on_update=updates.append,
    )
    assert [update.number for update in updates] == list(range(1, 16))
    assert updates[-1].loss < 0.5 * updates[0].loss
    assert {update.learned_tokens for update in updates} == {len(row.ids) - 1}
    assert same_bits(frozen, {k: v for k, v in flat(adapted.model.parameters()).items() if "lora" not in k})


def test_updates_see_the_rows_that_the_seed_gives_them(adapted: LoadedModel, tmp_path: Path) -> None:
    rows = some_rows(adapted)
    settings = train_settings(updates=4)
    updates: list[Update] = []
    train(adapted.model, rows, settings, seed=3, checkpoint=tmp_path / "c.safetensors", on_update=updates.append)
    expected = [sum(sum(rows[i].supervised) for i in batch_rows(len(rows), 2, number, 3)) for number in range(4)]
    assert [update.learned_tokens for update in updates] == expected


class KilledError(Exception):
    pass


@pytest.mark.parametrize("killed_at", [1, 3, 4, 5, 6])
def test_a_killed_run_ends_in_the_same_bytes(killed_at: int, tiny: LoadedModel, tmp_path: Path) -> None:
    settings = train_settings(updates=6, checkpoint_every=2, warmup=2, weight_decay=0.1)
    checkpoint = tmp_path / "c.safetensors"
    add_lora(tiny.model, LoraShape(2, 2.0), seed=0)
    start = adapter_weights(tiny.model)
    rows = some_rows(tiny)
    whole: list[Update] = []
    train(tiny.model, rows, settings, seed=1, checkpoint=tmp_path / "other.safetensors", on_update=whole.append)
    expected = adapter_weights(tiny.model)

    def kill(update: Update) -> None:
        if update.number == killed_at:
            raise KilledError

    tiny.model.load_weights(list(start.items()), strict=False)
    with pytest.raises(KilledError):
        train(tiny.model, rows, settings, seed=1, checkpoint=checkpoint, on_update=kill)
    tiny.model.load_weights(list(start.items()), strict=False)
    again: list[Update] = []
    train(tiny.model, rows, settings, seed=1, checkpoint=checkpoint, on_update=again.append)
    assert again[0].number == (killed_at - 1) // 2 * 2 + 1
    assert [update.loss for update in again] == [update.loss for update in whole[again[0].number - 1 :]]
    assert same_bits(adapter_weights(tiny.model), expected)
    assert not same_bits(expected, start)


def test_a_damaged_checkpoint_is_an_error_that_names_it(adapted: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "c.safetensors").write_bytes(b"half of it")
    with pytest.raises(MsmError, match=r"c\.safetensors"):
        train(adapted.model, some_rows(adapted), train_settings(), seed=0, checkpoint=tmp_path / "c.safetensors")


@pytest.mark.parametrize(
    "row", [Row((1, 2, 3), (False, False, False)), Row((1,), (False,))], ids=["none-learned", "one-token"]
)
def test_nothing_to_learn_changes_nothing(row: Row, adapted: LoadedModel, tmp_path: Path) -> None:
    before = adapter_weights(adapted.model)
    updates: list[Update] = []
    train(adapted.model, [row], train_settings(updates=2), seed=0, checkpoint=tmp_path / "c", on_update=updates.append)
    assert [(update.loss, update.gradient_norm, update.learned_tokens) for update in updates] == [(0, 0, 0)] * 2
    assert same_bits(adapter_weights(adapted.model), before)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_run_and_names_the_update(
    bad: float, adapted: LoadedModel, tmp_path: Path
) -> None:
    calls = 0

    def loss(model: nn.Module, inputs: mx.array, targets: mx.array, mask: mx.array) -> mx.array:
        nonlocal calls
        calls += 1
        return masked_cross_entropy(model, inputs, targets, mask) * (bad if calls == 3 else 1.0)

    checkpoint = tmp_path / "c.safetensors"
    with pytest.raises(MsmError, match=r"diverged at update 3 .*lower the learning rate"):
        train(adapted.model, some_rows(adapted), train_settings(), seed=0, checkpoint=checkpoint, loss=loss)
    arrays = mx.load(str(checkpoint))
    assert isinstance(arrays, dict)
    assert all(np.isfinite(np.array(value)).all() for value in arrays.values())


def test_a_learning_rate_beyond_all_measure_is_reported_as_divergence(adapted: LoadedModel, tmp_path: Path) -> None:
    settings = train_settings(learning_rate=1e30, weight_decay=0.0)
    with pytest.raises(MsmError, match="diverged"):
        train(adapted.model, some_rows(adapted), settings, seed=0, checkpoint=tmp_path / "c.safetensors")


def rates(**changes: object) -> list[float]:
    settings = train_settings(learning_rate=0.1, **changes)
    return [float(np.array(learning_rate(settings)(mx.array(step)))) for step in range(settings.updates + 1)]


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine_to_zero() -> None:
    assert rates(updates=10, warmup=4)[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    falling = [0.05 * (1 + math.cos(math.pi * step / 6)) for step in range(7)]
    assert rates(updates=10, warmup=4)[4:] == pytest.approx(falling, abs=1e-8)
    assert rates(updates=10, warmup=4)[10] == pytest.approx(0, abs=1e-9)


def test_without_warm_up_the_rate_starts_at_its_peak() -> None:
    assert rates(updates=8, warmup=0)[0] == pytest.approx(0.1)
    assert rates(updates=8, warmup=0)[4] == pytest.approx(0.05)
    assert all(0 < rate <= 0.1 for rate in rates(updates=3, warmup=9))
