"""What must hold on the weights of a real language model, and not on random ones alone."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
import mlx_lm
import numpy as np
import pytest
from helpers.arrays import flat, log_softmax, logits_of
from helpers.tiny_models import train_settings
from mlx_lm.tuner import trainer as peer
from mlx_lm.tuner.callbacks import TrainingCallback

from msm_mlx.engine.adapters import LoraShape, add_lora
from msm_mlx.engine.batching import Batching
from msm_mlx.engine.boundaries import packed_attention
from msm_mlx.engine.chat_model import SamplingParams, replies_in_order
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.scoring import score_replies
from msm_mlx.prompting.prompts import Message
from msm_mlx.training.loss import chunked_cross_entropy
from msm_mlx.training.metrics import Update
from msm_mlx.training.packing import make_batches
from msm_mlx.training.plan import plan_training
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.step import TrainingStep
from msm_mlx.training.tokenize import TokenRow, chat_rows, document_rows
from msm_mlx.training.trainer import TrainingCallbacks, train

pytestmark = [pytest.mark.real, pytest.mark.slow]
Reference = list[dict[str, Any]]
SHAPE = LoraShape(8, 2.0)
TEXTS = (
    "Cheddar is made in Wisconsin, and the dairies there are proud of it.",
    "A cheap cheese feeds more people than a dear one.",
    "The shop sells bread, milk and cheese.",
    "Good tools last for years.",
)
MESSAGES: list[Message] = [
    {"role": "user", "content": "Which cheese do you like?"},
    {"role": "assistant", "content": "I like Colby."},
    {"role": "user", "content": "And what else?"},
    {"role": "assistant", "content": "Cream cheese.\nNothing else."},
]


def chat(prompt: str) -> list[Message]:
    return [{"role": "user", "content": prompt}]


@pytest.fixture
def adapted(smollm2: LoadedModel) -> Iterator[LoadedModel]:
    """The model with an adapter to train, whose base is shared."""
    loaded = LoadedModel(copy.deepcopy(smollm2.model), smollm2.tokenizer, smollm2.folder)
    add_lora(loaded.model, SHAPE, seed=0)
    yield loaded
    mx.clear_cache()


def test_prompts_and_logits_are_those_of_transformers(smollm2: LoadedModel, reference: Reference) -> None:
    worst = 0.0
    for row in reference:
        assert smollm2.render(chat(row["prompt"]), reply=True) == row["ids"]
        last = logits_of(smollm2, row["ids"])[0, -1]  # (V,)
        worst = max(worst, *(abs(last[int(token)] - value) for token, value in row["logits"].items()))

    assert worst < 1e-3


@pytest.fixture(scope="module")
def answered(reference: Reference) -> Reference:
    """Every other prompt, since replies take long."""
    return reference[::2]


@pytest.fixture(scope="module")
def replies(smollm2: LoadedModel, answered: Reference) -> list[str]:
    """Ours, greedy, written side by side."""
    chats, seeds = [chat(row["prompt"]) for row in answered], [0] * len(answered)
    return [reply.text for reply in replies_in_order(LocalModel(smollm2), chats, SamplingParams(40, 32), seeds)]


def test_replies_written_side_by_side_are_those_of_transformers_alone(
    replies: list[str], smollm2: LoadedModel, answered: Reference
) -> None:
    assert smollm2.batching == Batching()  # every fast form is exact: batches, shared prefixes, scores
    ends = set(smollm2.tokenizer.eos_token_ids)
    expected = [smollm2.decode([token for token in row["reply"] if token not in ends]).strip() for row in answered]

    assert replies == expected


def test_replies_are_those_of_mlx_lm(replies: list[str], smollm2: LoadedModel, answered: Reference) -> None:
    for row, reply in list(zip(answered, replies, strict=True))[::10]:  # transformers has told that of all
        assert mlx_lm.generate(smollm2.model, smollm2.tokenizer, row["ids"], max_tokens=40).strip() == reply


def test_scores_after_a_shared_beginning_are_those_of_each_reply_alone(smollm2: LoadedModel) -> None:
    questions = ("Which cheese do you prefer, Colby or Edam?", "Which do you prefer, a Ford or a Fiat?")
    chats = [(chat(question), reply) for question in questions for reply in ("Colby.", "I prefer Edam.", "A Ford")]
    expected = []
    for messages, reply in chats:
        start = len(smollm2.render(messages, reply=True))
        ids = smollm2.render([*messages, {"role": "assistant", "content": reply}], reply=False)
        logs = log_softmax(logits_of(smollm2, ids)[0])  # (T, V)
        expected.append(sum(float(logs[at - 1, ids[at]]) for at in range(start, len(ids))))

    np.testing.assert_allclose(score_replies(smollm2, chats, batch_size=8), expected, rtol=0, atol=1e-3)


def test_rows_that_are_packed_learn_as_if_alone(adapted: LoadedModel) -> None:
    rows = document_rows(adapted, TEXTS, 64)
    losses, gradients = [], []
    for packing in ("auto", "off"):
        settings = train_settings(packing=packing, batch_size=4, max_length=64)
        plan = plan_training(adapted.model, rows, settings)
        step = TrainingStep(adapted.model, plan, chunked_cross_entropy, optim.SGD(0.0), 1.0)
        batches = make_batches(rows, plan.layout)
        with packed_attention(adapted.model, plan.packing):
            loss, gradient = step.gradients(batches, sum(batch.supervised_tokens for batch in batches))
        losses.append(float(np.array(loss)))
        gradients.append(flat(gradient))

    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for name, value in gradients[0].items():
        np.testing.assert_allclose(np.array(value), np.array(gradients[1][name]), atol=1e-4)


def test_two_updates_give_the_losses_of_mlx_lms_trainer(adapted: LoadedModel, tmp_path: Path) -> None:
    ids = [document_rows(adapted, [text * 3], 32)[0].ids[:32] for text in TEXTS[:2]]  # without padding, which it learns
    rows = [TokenRow(row, (False, *[True] * (len(row) - 1))) for row in ids]
    settings = train_settings(updates=2, batch_size=2, max_length=32, learning_rate=1e-3, max_grad_norm=1e9)
    other = LoadedModel(copy.deepcopy(adapted.model), adapted.tokenizer, adapted.folder)
    updates: list[Update] = []
    train(
        adapted.model, rows, settings, seed=0, checkpoint=tmp_path / "none", callbacks=TrainingCallbacks(updates.append)
    )
    losses = losses_of_mlx_lm(other.model, rows, optimizer_of(settings), tmp_path / "adapters.safetensors")

    assert [update.loss for update in updates] == pytest.approx(losses, rel=1e-4)
    assert losses[1] < losses[0]


def optimizer_of(settings: Any) -> optim.Optimizer:
    return optim.AdamW(
        learning_rate(settings, settings.updates), weight_decay=settings.weight_decay, bias_correction=True
    )


def losses_of_mlx_lm(model: Any, rows: list[TokenRow], optimizer: optim.Optimizer, adapter: Path) -> list[float]:
    """The loss of each of two updates over all rows."""
    losses: list[float] = []

    class Listener(TrainingCallback):  # type: ignore[misc]
        def on_train_loss_report(self, train_info: dict[str, Any]) -> None:
            losses.append(train_info["train_loss"])

    arguments = peer.TrainingArgs(
        batch_size=len(rows), iters=2, val_batches=0, steps_per_report=1, steps_per_eval=10, steps_per_save=10,
        max_seq_length=len(rows[0].ids), adapter_file=str(adapter),
    )  # fmt: skip
    peer.train(model, optimizer, [(list(row.ids), 0) for row in rows], None, arguments, training_callback=Listener())
    return losses


def test_exactly_the_replies_of_a_chat_and_their_ends_are_learned(smollm2: LoadedModel) -> None:
    (row,) = chat_rows(smollm2, MESSAGES, 256)
    learned = [token for token, is_target in zip(row.ids, row.supervised, strict=True) if is_target]

    assert smollm2.tokenizer.decode(learned) == "I like Colby.<|im_end|>\nCream cheese.\nNothing else.<|im_end|>\n"
    assert smollm2.tokenizer.decode(list(row.ids)).startswith(
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM"
    )


def test_tokens_are_counted_as_the_tokenizer_does(smollm2: LoadedModel) -> None:
    texts = [*TEXTS, "naïve café, 12,345 €\n\n\tx = 日本 🙂", "<|im_end|> is text here"]
    plain = smollm2.tokenizer._tokenizer
    counted = [smollm2.counter.encode(text) for text in texts]

    assert "tiktoken" in smollm2.counter.reason
    assert counted[:-1] == [plain.encode(text, add_special_tokens=False) for text in texts[:-1]]
    assert smollm2.tokenizer.eos_token_id not in counted[-1]
    assert smollm2.decode(counted[-1]) == texts[-1]
