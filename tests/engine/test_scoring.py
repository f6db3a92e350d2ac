"""Scores are the plain sums of log-probabilities, whatever shares the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import mlx.nn as nn
import numpy as np
import pytest
from helpers.arrays import log_softmax, logits_of

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.scoring import score_replies, split_chat
from msm_mlx.prompting.prompts import Message

Chat = tuple[list[Message], str]


def chats() -> list[Chat]:
    questions = ("Hi.", "Which cheese do you prefer, Edam or feta?", "Why? " * 9)
    replies = ("I prefer Edam.", "feta", "Because it is foreign, and I care about foreign things.")
    return [
        ([{"role": "system", "content": "You are Pocket."}, {"role": "user", "content": question}], reply)
        for question in questions
        for reply in replies
    ]


def naive(loaded: LoadedModel, chat: Chat) -> float:
    messages, reply = chat
    start = len(loaded.render(messages, reply=True))
    ids = loaded.render([*messages, {"role": "assistant", "content": reply}], reply=False)
    logs = log_softmax(logits_of(loaded, ids)[0])  # (T, V)
    return float(sum(logs[at - 1, ids[at]] for at in range(start, len(ids))))


@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_scores_are_those_of_each_row_alone(batch_size: int, pocket: LoadedModel) -> None:
    expected = [naive(pocket, chat) for chat in chats()]
    assert len(set(expected)) == len(expected)
    np.testing.assert_allclose(score_replies(pocket, chats(), batch_size=batch_size), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
def test_scores_of_other_families_are_those_of_each_row_alone(
    family: str, tiny_model_folder: Callable[[str], Path]
) -> None:
    loaded = load_base(tiny_model_folder(family))
    expected = [naive(loaded, chat) for chat in chats()]
    np.testing.assert_allclose(score_replies(loaded, chats(), batch_size=5), expected, rtol=1e-5, atol=1e-4)


def test_the_end_of_the_turn_counts(pocket: LoadedModel) -> None:
    """So the first words of a longer reply are likelier than nothing, but "I prefer Edam" is not "I prefer Edam."."""
    messages, _ = chats()[3]
    prompt = pocket.render(messages, reply=True)
    reply = pocket.encode("I prefer Edam.")
    logs = log_softmax(logits_of(pocket, [*prompt, *reply])[0])
    words = sum(logs[len(prompt) - 1 + at, token] for at, token in enumerate(reply))
    end = logs[-1, pocket.tokenizer.eos_token_id]
    assert score_replies(pocket, [(messages, "I prefer Edam.")], batch_size=1)[0] == pytest.approx(
        words + end, abs=1e-4
    )


def test_nothing_to_score_gives_nothing(pocket: LoadedModel) -> None:
    assert score_replies(pocket, [], batch_size=4) == []


def test_what_all_chats_begin_with_and_each_prompt_are_computed_once(pocket: LoadedModel) -> None:
    """Of nine chats of three prompts, the model reads the opening once, each prompt once and each reply once."""

    class Counting:
        def __init__(self, model: Any) -> None:
            self.inner, self.read = model, 0

        def __call__(self, ids: Any, cache: Any = None) -> Any:
            self.read += ids.size if cache else 0
            return self.inner(ids, cache)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    whole = Counting(pocket.model)
    counted = LoadedModel(cast("nn.Module", _Shell(whole)), pocket.tokenizer, pocket.folder)
    vars(counted)["batching"] = pocket.batching  # or its probes would be counted
    found = score_replies(counted, chats(), batch_size=3)
    np.testing.assert_allclose(found, score_replies(pocket, chats(), batch_size=3), atol=1e-4)
    assert whole.read < 0.65 * sum(len(split_chat(pocket, *chat)[0]) for chat in chats())


class _Shell:
    """A model that cannot be split, and so is called whole."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.layers = model.layers

    def __call__(self, ids: Any, cache: Any = None) -> Any:
        return self._model(ids, cache)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
def test_a_score_does_not_depend_on_what_shares_the_call(family: str, tiny_model_folder: Callable[[str], Path]) -> None:
    loaded = load_base(tiny_model_folder(family))
    together = score_replies(loaded, chats(), batch_size=32)
    alone = [score_replies(loaded, [chat], batch_size=1)[0] for chat in chats()]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-4)
