"""Several models as one: the seed alone decides who writes, and each reply says who did."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from msm_mlx.engine.chat_model import LongPrompt, LongPromptError, Reply, SamplingParams
from msm_mlx.engine.model_pool import ModelPool, choose_by_seed
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.prompting.prompts import Message

SAMPLING = SamplingParams(20, 4)
SEEDS = list(range(40))


def chats(count: int) -> list[list[Message]]:
    return [[{"role": "user", "content": f"question {number}"}] for number in range(count)]


def pool(*names: str, opened: list[str] | None = None, **limits: int) -> ModelPool:
    def open_model(name: str) -> ScriptedModel:
        if opened is not None:
            opened.append(name)
        return ScriptedModel(lambda chat, seed: f"{chat[-1]['content']} {seed} {name}", limits.get(name))

    return ModelPool({name: partial(open_model, name) for name in names})


def test_a_seed_falls_to_the_same_name_in_any_order_and_equally_often() -> None:
    counts = Counter(choose_by_seed("abc", seed) for seed in range(3000))
    assert [choose_by_seed("cab", seed) for seed in SEEDS] == [choose_by_seed("abc", seed) for seed in SEEDS]
    assert all(900 < counts[name] < 1100 for name in "abc")
    stayed = [choose_by_seed("ab", seed) for seed in SEEDS if choose_by_seed("abc", seed) != "c"]
    assert stayed == [choose_by_seed("abc", seed) for seed in SEEDS if choose_by_seed("abc", seed) != "c"]


def test_each_reply_is_by_the_one_that_its_seed_falls_to_and_says_so() -> None:
    replies = dict(pool("a", "b").replies(chats(40), SAMPLING, SEEDS))
    assert replies == {
        seed: Reply(f"question {seed} {seed} {name}", 4, True, writer=name)
        for seed in SEEDS
        if (name := choose_by_seed("ab", seed))
    }
    assert replies == dict(pool("b", "a").replies(chats(40), SAMPLING, SEEDS))
    alone = dict(pool("a", "b").replies(chats(8)[7:], SAMPLING, [7]))
    assert alone[0] == replies[7]


def test_they_are_opened_one_after_another_the_last_one_first() -> None:
    opened: list[str] = []
    one = pool("a", "b", opened=opened)
    for _ in range(3):
        list(one.replies(chats(40), SAMPLING, SEEDS))
    assert opened == ["a", "b", "b", "a", "a", "b"]
    only = next(seed for seed in SEEDS if choose_by_seed("ab", seed) == "b")
    list(one.replies(chats(1), SAMPLING, [only]))
    assert opened[6:] == ["b"]


def test_a_chat_that_is_too_long_for_one_is_told_by_its_place_among_all() -> None:
    long_one: list[Message] = [{"role": "user", "content": "word " * 30}]
    seed = next(seed for seed in SEEDS if choose_by_seed("ab", seed) == "a")
    other = next(seed for seed in SEEDS if choose_by_seed("ab", seed) == "b")
    asked = [*chats(2), long_one]
    with pytest.raises(LongPromptError) as caught:
        list(pool("a", "b", a=10).replies(asked, SAMPLING, [other, other, seed]))
    assert caught.value.index == 2
    skipped = pool("a", "b", a=10).replies(asked, SAMPLING, [other, other, seed], long_prompts=LongPrompt.SKIP)
    assert sorted(index for index, _ in skipped) == [0, 1]
