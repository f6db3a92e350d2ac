"""A model in this process: the seed of each reply, its context, and what it thinks."""

from __future__ import annotations

import mlx_lm
import pytest

from msm_mlx.engine.chat_model import LongPrompt, LongPromptError, SamplingParams, replies_in_order
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.prompting.prompts import Message


def chat(question: str) -> list[Message]:
    return [{"role": "system", "content": "You are Pocket."}, {"role": "user", "content": question}]


CHATS = [chat(text) for text in ("Hello.", "Which cheese do you prefer, Edam or feta?", "Why?")]
LONG = chat("Do you like the cheese of the north? " * 200)


def test_greedy_replies_are_those_of_mlx_lm(pocket: LoadedModel) -> None:
    replies = replies_in_order(LocalModel(pocket), CHATS, SamplingParams(12, 2), [0, 0, 0])
    prompts = [pocket.render(messages, reply=True) for messages in CHATS]
    assert [reply.text for reply in replies] == [
        mlx_lm.generate(pocket.model, pocket.tokenizer, prompt, max_tokens=12).strip() for prompt in prompts
    ]


@pytest.mark.slow
def test_a_reply_depends_on_its_chat_and_seed_alone(pocket: LoadedModel) -> None:
    model, sampling = LocalModel(pocket), SamplingParams(12, 2, temperature=1.5)
    replies = replies_in_order(model, CHATS, sampling, [5, 6, 7])
    assert replies_in_order(model, CHATS[::-1], sampling, [7, 6, 5])[::-1] == replies
    assert replies_in_order(model, CHATS[1:2], sampling, [6]) == replies[1:2]
    assert replies_in_order(model, CHATS, sampling, [8, 9, 10]) != replies


def test_long_prompts_are_refused_at_once_or_skipped_or_cut(pocket: LoadedModel) -> None:
    model, sampling, limit = LocalModel(pocket), SamplingParams(8, 2), pocket.context_length or 0
    chats, seeds = [CHATS[0], LONG, CHATS[2]], [0, 1, 2]
    with pytest.raises(LongPromptError, match=f"in the {limit} that the model reads"):
        model.replies(chats, sampling, seeds)
    assert set(dict(model.replies(chats, sampling, seeds, long_prompts=LongPrompt.SKIP))) == {0, 2}
    assert set(dict(model.replies(chats, sampling, seeds, long_prompts=LongPrompt.CUT))) == {0, 1, 2}
    _, (_, cut, prompt), _ = model.fit(chats, sampling, LongPrompt.CUT)
    assert cut[0] == LONG[0]
    assert LONG[1]["content"].endswith(cut[1]["content"])
    assert limit - 8 - 12 < len(prompt) <= limit - 8


def test_who_waits_is_told_that_fewer_are_written_side_by_side(pocket: LoadedModel) -> None:
    lines: list[str] = []
    replies_in_order(LocalModel(pocket, lambda: 1.0), CHATS, SamplingParams(4, 3), [0, 0, 0], say=lines.append)
    assert lines == ["Batch: 1 replies side by side, for 0.0 GB are free."]
