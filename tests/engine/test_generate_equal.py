"""Prompts of equal length side by side write what `generate_each` writes, with the same draws."""

from __future__ import annotations

import pytest

from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.generate_equal import generate_equal
from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.pending_reply import PendingReply
from msm_mlx.engine.token_filter import TokenFilter

QUESTIONS = ("Hello.", "Who are you?", "Why is that?", "Which cheese do you prefer, Edam or feta?", "What is it?")


@pytest.mark.parametrize(("size", "temperature"), [(1, 0.0), (3, 1.0)])
def test_replies_are_those_of_batches_with_padding(size: int, temperature: float, pocket: LoadedModel) -> None:
    token_filter = TokenFilter(top_k=30, top_p=0.9)
    prompts = [pocket.render([{"role": "user", "content": question}], reply=True) for question in QUESTIONS]
    seeds = [7, 8, 9, 2**33 + 1, 11]
    lengths = [6, 2, 9, 4, 9]  # rows end at different steps
    rows = [PendingReply(i, prompts[i], 0, seeds[i], lengths[i], ("because",)) for i in range(len(prompts))]
    found = dict(generate_equal(pocket, rows, size, temperature, token_filter=token_filter))
    expected: dict[int, Reply] = {}
    for i, prompt in enumerate(prompts):
        [(_, expected[i])] = generate_each(
            pocket,
            [prompt],
            [seeds[i]],
            max_tokens=lengths[i],
            batch_size=1,
            temperature=temperature,
            token_filter=token_filter,
            stop=["because"],
        )
    assert found == expected


@pytest.mark.parametrize("writes", [generate_each, generate_equal])
def test_tokens_are_heard_before_a_reply_is_there(writes: object, pocket: LoadedModel) -> None:
    prompts = [pocket.render([{"role": "user", "content": question}], reply=True) for question in QUESTIONS]
    heard: list[tuple[int, int]] = []

    def on_step(begun: int, tokens: int) -> None:
        heard.append((begun, tokens))

    if writes is generate_each:
        replies = generate_each(pocket, prompts, [0] * 5, max_tokens=4, batch_size=3, temperature=1.0, on_step=on_step)
    else:
        rows = [PendingReply(i, prompt, 0, 0, 4, ()) for i, prompt in enumerate(prompts)]
        replies = generate_equal(pocket, rows, 3, 1.0, on_step=on_step)
    next(replies)
    assert 1 <= len(heard) <= 4
    lengths = [1, *(reply.tokens for _, reply in replies)]
    assert sum(begun for begun, _ in heard) == 5
    assert sum(lengths) <= sum(tokens for _, tokens in heard) <= 5 * 4
