"""The loop: its loss, its schedule, and the same bytes whether it was interrupted or not."""

from __future__ import annotations

import math
import time
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from helpers.arrays import close, flat, log_softmax, same_bits
from helpers.tiny_models import train_settings
from mlx_lm.models import qwen3

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora
from msm_mlx.engine.boundaries import packed_attention
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.layout import BEST
from msm_mlx.training.loss import Head, chunked_cross_entropy
from msm_mlx.training.metrics import MetricsLog, Update
from msm_mlx.training.packing import batch_rows, make_batches
from msm_mlx.training.plan import plan_training
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.step import TrainingStep
from msm_mlx.training.tokenize import TokenRow, document_rows
from msm_mlx.training.trainer import hold_out, train


@pytest.fixture
def adapted(tiny: LoadedModel) -> LoadedModel:
    add_lora(tiny.model, LoraShape(2, 2.0), seed=0)
    return tiny


def some_rows(loaded: LoadedModel) -> list[TokenRow]:
    return document_rows(loaded, ["the cat sat", "a dog", "the end of the day", "no", "yes and no"], 16)


def random_mask(rows: list[TokenRow], seed: int) -> list[TokenRow]:
    rng = np.random.default_rng(seed)
    return [TokenRow(row.ids, tuple(bool(bit) for bit in rng.random(len(row.ids)) < 0.4)) for row in rows]


def step_over(loaded: LoadedModel, **changes: object) -> TrainingStep:
    """What `train` does an update with, over the rows of a test."""
    settings = train_settings(**changes)
    plan = plan_training(loaded.model, some_rows(loaded), settings)
    optimizer = optim.AdamW(learning_rate(settings, 6))
    return TrainingStep(loaded.model, plan, chunked_cross_entropy, optimizer, settings.max_grad_norm)


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


def test_checkpointing_the_blocks_changes_no_bit(adapted: LoadedModel, tmp_path: Path) -> None:
    start = adapter_weights(adapted.model)
    ends = []
    for name in ("kept", "again"):
        adapted.model.load_weights(list(start.items()), strict=False)
        settings = train_settings(gradient_checkpointing=name == "again")
        train(adapted.model, some_rows(adapted), settings, seed=0, checkpoint=tmp_path / f"{name}.safetensors")
        ends.append(adapter_weights(adapted.model))
    assert same_bits(*ends)
    assert not same_bits(ends[0], start)


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
    assert {update.supervised_tokens for update in updates} == {len(row.ids) - 1}
    assert same_bits(frozen, {k: v for k, v in flat(adapted.model.parameters()).items() if "lora" not in k})


def test_updates_see_the_rows_that_the_seed_gives_them(adapted: LoadedModel, tmp_path: Path) -> None:
    rows = some_rows(adapted)
    settings = train_settings(updates=4)
    updates: list[Update] = []
    train(adapted.model, rows, settings, seed=3, checkpoint=tmp_path / "c.safetensors", on_update=updates.append)
    expected = [sum(sum(rows[i].supervised) for i in batch_rows(len(rows), 2, number, 3)) for number in range(4)]
    assert [update.supervised_tokens for update in updates] == expected


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
    "row", [TokenRow((1, 2, 3), (False, False, False)), TokenRow((1,), (False,))], ids=["none-learned", "one-token"]
)
def test_nothing_to_learn_changes_nothing(row: TokenRow, adapted: LoadedModel, tmp_path: Path) -> None:
    before = adapter_weights(adapted.model)
    updates: list[Update] = []
    train(
        adapted.model,
        [row],
        train_settings(updates=2),
        seed=0,
        checkpoint=tmp_path / "c.safetensors",
        on_update=updates.append,
    )
    assert [(update.loss, update.gradient_norm, update.supervised_tokens) for update in updates] == [(0, 0, 0)] * 2
    assert same_bits(adapter_weights(adapted.model), before)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_run_and_names_the_update(
    bad: float, adapted: LoadedModel, tmp_path: Path
) -> None:
    calls = 0

    def loss(head: Head, hidden: mx.array, targets: mx.array, weights: mx.array, chunk: int) -> mx.array:
        nonlocal calls
        calls += 1
        return chunked_cross_entropy(head, hidden, targets, weights, chunk) * (bad if calls == 3 else 1.0)

    checkpoint = tmp_path / "c.safetensors"
    with pytest.raises(MsmError, match=r"diverged at update 3 .*lower the learning rate"):
        train(adapted.model, some_rows(adapted), train_settings(), seed=0, checkpoint=checkpoint, loss=loss)
    arrays = mx.load(str(checkpoint))
    assert isinstance(arrays, dict)
    assert all(np.isfinite(np.array(value)).all() for value in arrays.values())


def test_a_row_that_is_not_finite_is_named(adapted: LoadedModel, tmp_path: Path) -> None:
    rows = [TokenRow((1, 2, 3), (False, True, True), 0), TokenRow((1, 9, 3), (False, True, True), 6)]

    def loss(head: Head, hidden: mx.array, targets: mx.array, weights: mx.array, chunk: int) -> mx.array:
        poisoned = mx.where((targets == 9).any(), math.nan, 1.0)
        return chunked_cross_entropy(head, hidden, targets, weights, chunk) * poisoned

    with pytest.raises(MsmError, match=r"update 1 .*from line 7 of the data"):
        train(adapted.model, rows, train_settings(), seed=0, checkpoint=tmp_path / "c", loss=loss)


def test_an_id_that_the_model_has_no_embedding_for_is_refused(adapted: LoadedModel, tmp_path: Path) -> None:
    row = TokenRow((1, 10**6), (False, True), 0)
    with pytest.raises(MsmError, match="ids up to 1000000, but the model has embeddings for"):
        train(adapted.model, [row], train_settings(updates=1), seed=0, checkpoint=tmp_path / "state.safetensors")


def test_asked_to_stop_it_saves_and_goes_on_later(adapted: LoadedModel, tmp_path: Path) -> None:
    start, rows, seen = adapter_weights(adapted.model), some_rows(adapted), [0]
    train(adapted.model, rows, train_settings(), seed=0, checkpoint=tmp_path / "other.safetensors")
    expected = adapter_weights(adapted.model)
    adapted.model.load_weights(list(start.items()), strict=False)

    def seeing(update: Update) -> None:
        seen.append(update.number)

    with pytest.raises(KeyboardInterrupt):
        train(
            adapted.model,
            rows,
            train_settings(checkpoint_every=100),
            seed=0,
            checkpoint=tmp_path / "c.safetensors",
            on_update=seeing,
            should_stop=lambda: seen[-1] == 3,
        )
    train(adapted.model, rows, train_settings(), seed=0, checkpoint=tmp_path / "c.safetensors", on_update=seeing)
    assert seen == [0, 1, 2, 3, 4, 5, 6]
    assert same_bits(adapter_weights(adapted.model), expected)


def test_a_learning_rate_beyond_all_measure_is_reported_as_divergence(adapted: LoadedModel, tmp_path: Path) -> None:
    settings = train_settings(learning_rate=1e30, weight_decay=0.0)
    with pytest.raises(MsmError, match="diverged"):
        train(adapted.model, some_rows(adapted), settings, seed=0, checkpoint=tmp_path / "c.safetensors")


def rates(**changes: object) -> list[float]:
    settings = train_settings(learning_rate=0.1, **changes)
    return [
        float(np.array(learning_rate(settings, settings.updates or 0)(mx.array(step, dtype=mx.uint64))))
        for step in range((settings.updates or 0) + 1)
    ]


def test_each_update_tells_the_rate_that_it_was_done_with(adapted: LoadedModel, tmp_path: Path) -> None:
    settings, updates = train_settings(updates=6, warmup=2, learning_rate=0.1), list[Update]()
    train(
        adapted.model,
        some_rows(adapted),
        settings,
        seed=0,
        checkpoint=tmp_path / "c.safetensors",
        on_update=updates.append,
    )
    assert [update.learning_rate for update in updates] == pytest.approx(rates(updates=6, warmup=2)[:6])


def test_validation_is_on_the_same_held_out_texts_for_every_seed(adapted: LoadedModel, tmp_path: Path) -> None:
    rows = some_rows(adapted)
    learned, held = hold_out(rows, 2)
    assert {row.source for row in held}.isdisjoint({row.source for row in learned})
    assert len({row.source for row in held}) == 2
    assert len(learned) + len(held) == len(rows)
    with pytest.raises(MsmError, match="nothing to learn"):
        hold_out(rows, 5)


def test_the_best_adapter_is_kept_and_training_stops_when_it_no_longer_gets_better(
    adapted: LoadedModel, tmp_path: Path
) -> None:
    settings = train_settings(
        updates=60, learning_rate=0.05, validation=2, validate_every=3, patience=2, keep="best", warmup=2
    )
    log = MetricsLog(tmp_path / "metrics.jsonl", time.monotonic)
    rows = some_rows(adapted)
    train(adapted.model, rows, settings, seed=0, checkpoint=tmp_path / "c.safetensors", metrics=log)
    measured = [row for row in read_jsonl(tmp_path / "metrics.jsonl") if "validation_loss" in row]
    losses = [row["validation_loss"] for row in measured]
    best = measured[losses.index(min(losses))]["number"]
    assert measured[-1]["number"] == best + 6 < 60
    kept = mx.load(str(tmp_path / BEST))
    assert isinstance(kept, dict)
    assert same_bits(adapter_weights(adapted.model), kept)
    step = step_over(adapted)
    assert step.mean_loss(hold_out(rows, 2)[1]) == pytest.approx(min(losses), rel=1e-5)


def test_epochs_are_counted_in_updates() -> None:
    settings = TrainSettings(learning_rate=0.1, epochs=1.5, batch_size=4, max_length=8)
    assert settings.planned_updates(10) == 4
    assert train_settings(updates=7).planned_updates(10) == 7


def test_metrics_read_as_if_there_had_been_no_interruption(adapted: LoadedModel, tmp_path: Path) -> None:
    def run(name: str, killed_at: int | None) -> list[dict[str, object]]:
        adapted.model.load_weights(list(start.items()), strict=False)

        def kill(update: Update) -> None:
            if update.number == killed_at:
                raise KilledError

        log = MetricsLog(tmp_path / name / "metrics.jsonl", time.monotonic)
        train(
            adapted.model,
            some_rows(adapted),
            train_settings(),
            seed=0,
            checkpoint=tmp_path / name / "c.safetensors",
            metrics=log,
            on_update=kill,
        )
        rows = read_jsonl(tmp_path / name / "metrics.jsonl")
        return [{k: v for k, v in row.items() if "second" not in k and "memory" not in k} for row in rows]

    start = adapter_weights(adapted.model)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    expected = run("whole", None)
    with pytest.raises(KilledError):
        run("cut", 5)
    assert run("cut", None) == expected
    assert [row["number"] for row in expected] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("bits", [4, 8])
def test_a_quantised_base_trains_and_keeps_its_weights(bits: int, tmp_path: Path) -> None:
    arguments = {"model_type": "qwen3", "rms_norm_eps": 1e-6, "rope_theta": 1e6, "max_position_embeddings": 64}
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "intermediate_size": 64, "num_attention_heads": 1}
    heads = {"num_key_value_heads": 1, "head_dim": 32, "vocab_size": 64, "tie_word_embeddings": True}
    model = qwen3.Model(qwen3.ModelArgs(**arguments, **shape, **heads))
    nn.quantize(model, group_size=32, bits=bits)
    add_lora(model, LoraShape(4, 2.0), seed=0)
    frozen = {name: value for name, value in flat(model.parameters()).items() if "lora" not in name}
    updates: list[Update] = []
    rows = [TokenRow(tuple(range(i, i + 9)), (False, *(True,) * 8), i) for i in range(4)]
    train(
        model,
        rows,
        train_settings(updates=12, learning_rate=0.05, batch_size=4),
        seed=0,
        checkpoint=tmp_path / "c.safetensors",
        on_update=updates.append,
    )
    assert updates[-1].loss < 0.8 * updates[0].loss
    assert same_bits(frozen, {name: value for name, value in flat(model.parameters()).items() if "lora" not in name})
