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
