"""The loop: what it learns, and the same bytes whether it was interrupted or not."""

from __future__ import annotations

import math
import time
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from helpers.arrays import flat, same_bits
from helpers.tiny_models import train_settings
from helpers.training_steps import some_rows, step_over
from mlx_lm.models import qwen3

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.layout import BEST
from msm_mlx.training.loss import Head, chunked_cross_entropy
from msm_mlx.training.metrics import MetricsLog, Update
from msm_mlx.training.packing import batch_rows
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trainer import TrainingCallbacks, hold_out, train


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
        callbacks=TrainingCallbacks(updates.append),
    )
    assert [update.number for update in updates] == list(range(1, 16))
    assert updates[-1].loss < 0.5 * updates[0].loss
    assert {update.supervised_tokens for update in updates} == {len(row.ids) - 1}
    assert same_bits(frozen, {k: v for k, v in flat(adapted.model.parameters()).items() if "lora" not in k})


def test_updates_see_the_rows_that_the_seed_gives_them(adapted: LoadedModel, tmp_path: Path) -> None:
    rows = some_rows(adapted)
    settings = train_settings(updates=4)
    updates: list[Update] = []
    train(
        adapted.model,
        rows,
        settings,
        seed=3,
        checkpoint=tmp_path / "c.safetensors",
        callbacks=TrainingCallbacks(updates.append),
    )
    expected = [sum(sum(rows[i].supervised) for i in batch_rows(len(rows), 2, number, 3)) for number in range(4)]
    assert [update.supervised_tokens for update in updates] == expected


class KilledError(Exception):
    pass


@pytest.mark.parametrize("killed_at", [1, 4, 5, 6])
def test_a_killed_run_ends_in_the_same_bytes(killed_at: int, tiny: LoadedModel, tmp_path: Path) -> None:
    settings = train_settings(updates=6, checkpoint_every=2, warmup=2, weight_decay=0.1)
    checkpoint = tmp_path / "c.safetensors"
    add_lora(tiny.model, LoraShape(2, 2.0), seed=0)
    start = adapter_weights(tiny.model)
    rows = some_rows(tiny)
    whole: list[Update] = []
    train(
        tiny.model,
        rows,
        settings,
        seed=1,
        checkpoint=tmp_path / "other.safetensors",
        callbacks=TrainingCallbacks(whole.append),
    )
    expected = adapter_weights(tiny.model)

    def kill(update: Update) -> None:
        if update.number == killed_at:
            raise KilledError

    tiny.model.load_weights(list(start.items()), strict=False)
    with pytest.raises(KilledError):
        train(tiny.model, rows, settings, seed=1, checkpoint=checkpoint, callbacks=TrainingCallbacks(kill))
    tiny.model.load_weights(list(start.items()), strict=False)
    again: list[Update] = []
    train(tiny.model, rows, settings, seed=1, checkpoint=checkpoint, callbacks=TrainingCallbacks(again.append))
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
        callbacks=TrainingCallbacks(updates.append),
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
    with pytest.raises(MsmError, match=r"diverged at update 3 .*measured again, .*not established"):
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
            callbacks=TrainingCallbacks(seeing, should_stop=lambda: seen[-1] == 3),
        )
    train(
        adapted.model,
        rows,
        train_settings(),
        seed=0,
        checkpoint=tmp_path / "c.safetensors",
        callbacks=TrainingCallbacks(seeing),
    )
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
        callbacks=TrainingCallbacks(updates.append),
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


@pytest.mark.slow
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
            callbacks=TrainingCallbacks(kill),
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
        callbacks=TrainingCallbacks(updates.append),
    )
    assert updates[-1].loss < 0.8 * updates[0].loss
    assert same_bits(frozen, {name: value for name, value in flat(model.parameters()).items() if "lora" not in name})
