"""What chat models have in common: seeds, the order of replies, and who hears of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.engine.chat_model import (
    LongPromptError,
    ObservedModel,
    Reply,
    SamplingParams,
    in_order,
    replies_in_order,
    reply_seed,
)
from msm_mlx.engine.scripted_model import ScriptedModel

SAMPLING = SamplingParams(max_tokens=9, batch_size=2)


@given(st.permutations(range(6)))
def test_a_reply_comes_as_soon_as_it_and_those_before_it_are_there(order: list[int]) -> None:
    sent: list[int] = []

    def replies() -> Iterator[tuple[int, Reply]]:
        for index in order:
            sent.append(index)
            yield index, Reply(str(index), 1, True)

    received = []
    for reply in in_order(replies()):
        received.append(int(reply.text))
        assert set(received) <= set(sent)
        assert len(sent) == 1 + max(order.index(index) for index in received)  # none is held back
    assert received == list(range(6))


def test_seeds_have_32_bits_and_follow_from_every_part() -> None:
    seeds = [reply_seed(*parts) for parts in ((1, "a"), (1, "b"), (2, "a"), (1, "a", 0), ("1a",), (1.5, "a"))]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert reply_seed(1, "a") == seeds[0]


def test_who_observes_a_model_hears_of_every_reply_before_it_is_passed_on() -> None:
    heard: list[Reply] = []
    model = ObservedModel(ScriptedModel(["a", "b"]), heard.append)
    for number, (_, reply) in enumerate(model.replies([[], []], SAMPLING, [0, 0]), start=1):
        assert heard[-1] == reply
        assert len(heard) == number


def test_all_replies_in_order_refuse_a_chat_that_is_too_long() -> None:
    chats = [[{"role": "user", "content": text}] for text in ("a", "b c d e f")]
    with pytest.raises(LongPromptError, match="leaves no room"):
        replies_in_order(ScriptedModel(["a", "b"], context_length=4), chats, SAMPLING, [0, 0])


def test_the_protocol_and_the_models_without_weights_import_no_mlx() -> None:
    modules = "chat_model, logged_model, scripted_model, server_model"
    code = (
        f"import sys; from msm_mlx.engine import {modules}; sys.exit('mlx' in sys.modules or 'mlx_lm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
