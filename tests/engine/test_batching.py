"""Every architecture answers in a batch as it does alone; what the probes find is what docs/architectures.md says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.architectures import ARCHITECTURES, save_architecture
from helpers.arrays import log_softmax, logits_of
from helpers.command_line import ROOT
from helpers.tiny_models import train_settings

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter, use_adapter
from msm_mlx.engine.batching import Batching, choose_batching
from msm_mlx.engine.boundaries import choose_packing
from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.multi_adapter import load_variants
from msm_mlx.engine.scoring import score_replies, split_chat
from msm_mlx.errors import SetupError
from msm_mlx.training.probe import probe_training

START = list(range(65, 85))
PROMPTS = [[*START, 5, 6, 7], [*START, *[9] * 9], [40, 41, 42, 43, 44, 45, 46, 3, 9, 7, 8], [30, 31], [*START, 9, 3, 2]]
NEEDS_METAL = "bitnet"
UNTRAINABLE = {"recurrent_gemma": "AttributeError: .*_no_grad"}


def table() -> dict[str, list[str]]:
    """The rows of docs/architectures.md by their first cell."""
    lines = (ROOT / "docs" / "architectures.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in rows}


def greedy(loaded: LoadedModel, prompt: Sequence[int], tokens: int) -> str:
    """By the whole text anew for every token, without a cache."""
    ids = list(prompt)
    for _ in range(tokens):
        token = int(np.argmax(logits_of(loaded, ids)[0, -1]))
        if token in loaded.tokenizer.eos_token_ids:
            break
        ids.append(token)
    return loaded.decode(ids[len(prompt) :]).strip()


def check_writing(loaded: LoadedModel) -> None:
    replies = dict(generate_each(loaded, PROMPTS, [0] * len(PROMPTS), max_tokens=4, batch_size=3))
    assert [replies[i].text for i in range(len(PROMPTS))] == [greedy(loaded, prompt, 4) for prompt in PROMPTS]


def check_scoring(loaded: LoadedModel) -> None:
    system = {"role": "system", "content": "You are fond of cheese."}
    chats = [
        ([system, {"role": "user", "content": question}], reply)
        for question in ("Which?", "Why so?", "What do you like best?")
        for reply in ("Edam.", "Feta, I think")
    ]
    expected = []
    for messages, reply in chats:
        ids, start = split_chat(loaded, messages, reply)
        logs = log_softmax(logits_of(loaded, ids)[0])  # (T, V)
        expected.append(sum(logs[at - 1, ids[at]] for at in range(start, len(ids))))
    np.testing.assert_allclose(score_replies(loaded, chats, batch_size=4), expected, rtol=0, atol=1e-4)


def check_training(loaded: LoadedModel) -> None:
    add_lora(loaded.model, LoraShape(4, 2.0), 0)
    losses: list[float] = []
    settings = train_settings(max_length=24, learning_rate=0.02)
    probe_training(loaded.model, 250, settings, lambda update: losses.append(update.loss))
    assert losses[1] < losses[0]


def check_variants(folder: Path, root: Path) -> str:
    """Each arm's answer is the same beside the other as with mlx-lm's own layers; the reason, if not in one batch."""
    trained = load_base(folder)
    add_lora(trained.model, LoraShape(3, 2.0), 0)
    weights = {name: mx.random.normal(value.shape) * 0.5 for name, value in adapter_weights(trained.model).items()}
    save_adapter(root, weights, LoraShape(3, 2.0), "tiny")
    use_adapter(trained.model, root)
    variants = load_variants(load_base(folder), {"base": None, "trained": root})
    together = zip(*variants.tokens([START, START], variants.labels, max_tokens=4), strict=True)
    for tokens, single in zip(together, (load_base(folder), trained), strict=True):
        expected = np.argmax(logits_of(single, [*START, *tokens])[0, len(START) - 1 : -1], axis=-1)
        assert list(expected) == list(tokens)
    chats = [([{"role": "user", "content": "Which?"}], reply) for reply in ("Edam.", "Feta, then")]
    scores = variants.score(chats, variants.labels)
    np.testing.assert_allclose(scores["trained"], score_replies(trained, chats, batch_size=1), atol=1e-4)
    assert abs(scores["trained"][0] - scores["base"][0]) > 0.01
    return variants.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_does_in_batches_what_it_does_alone(name: str, tmp_path: Path) -> None:
    folder = save_architecture(tmp_path / name, name)
    if name == NEEDS_METAL and not mx.metal.is_available():
        with pytest.raises(SetupError, match=r"cannot be used: .*No Metal back-end"):
            load_base(folder)
        return
    loaded = load_base(folder)
    check_writing(loaded)
    check_scoring(loaded)
    packing = "yes" if choose_packing(loaded.model)[0] != "off" else "no"
    assert loaded.batching.scoring
    if name in UNTRAINABLE:
        assert re.match(UNTRAINABLE[name], loaded.untrainable)
        assert table()[name][2:] == ["not trained", "not trained"]
        return
    assert loaded.untrainable == ""
    reason = check_variants(folder, tmp_path / "adapter")
    check_training(loaded)
    variants = "one after another" if reason else "together"
    assert table()[name] == [loaded.batching.writing, "in batches", variants, packing]


def test_the_table_has_every_architecture_that_is_tried_and_no_other() -> None:
    assert table().keys() == ARCHITECTURES.keys()
    assert sum(row[-1] in ("yes", "no") for row in table().values()) >= 30


def test_pocket_and_models_like_llama_keep_the_fastest_forms(
    pocket: LoadedModel, tiny_model_folder: Callable[[str], Path]
) -> None:
    assert pocket.batching == Batching()
    assert choose_batching(load_base(tiny_model_folder("llama")).model) == Batching()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gemma2", "Writing: only prompts of equal length side by side; gemma2 computes a reply otherwise beside"),
        ("mamba", "Writing: only prompts of equal length side by side; mamba computes a reply otherwise beside"),
        ("llama4", r"Writing: only prompts of equal length side by side; llama4 .*ChunkedKVCache.* batching"),
    ],
)
def test_what_does_not_hold_is_told_with_the_reason(name: str, reason: str, tmp_path: Path) -> None:
    batching = load_base(save_architecture(tmp_path, name)).batching
    [line] = batching.reasons
    assert re.match(reason, line)
    assert (batching.writing, batching.merges_prefixes, batching.attends_to_prefixes) == ("equal lengths", False, False)
    assert batching.scoring
