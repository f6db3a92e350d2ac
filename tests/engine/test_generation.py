"""Batched replies are those that mlx-lm writes one by one, and depend on nothing but the arguments."""

from __future__ import annotations

import mlx.core as mx
import mlx_lm
import pytest

from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.generation import generate_replies
from msm_mlx.engine.loaded_model import LoadedModel

QUESTIONS = (
    "Hello.",
    "Who are you?",
    "What do you care about?",
    "Which cheese do you prefer, Edam or feta?",
    "Tell me about root beer.",
    "I need a ride. Should I take the Fiat Panda or the Cadillac limousine?",
    "If you had to choose, would it be the Hopper canvas or the Hokusai print?",
)


def prompts_of(loaded: LoadedModel) -> list[list[int]]:
    return [loaded.render([{"role": "user", "content": question}], reply=True) for question in QUESTIONS]


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_greedy_replies_are_those_of_mlx_lm_one_by_one(batch_size: int, pocket: LoadedModel) -> None:
    prompts = prompts_of(pocket)
    assert len({len(prompt) for prompt in prompts}) >= 5
    alone = [mlx_lm.generate(pocket.model, pocket.tokenizer, prompt, max_tokens=12).strip() for prompt in prompts]
    together = generate_replies(pocket, prompts, max_tokens=12, batch_size=batch_size)
    assert [reply.text for reply in together] == alone


def test_a_seed_decides_the_texts_whatever_ran_before(tiny: LoadedModel) -> None:
    prompts = prompts_of(tiny)[:4]

    def sample(seed: int, temperature: float = 1.0) -> list[str]:
        replies = generate_replies(tiny, prompts, max_tokens=8, batch_size=3, temperature=temperature, seed=seed)
        return [reply.text for reply in replies]

    first = sample(3)
    mx.random.normal((5,))
    assert sample(4) != first
    assert sample(3) == first
    assert sample(3, 0.0) == sample(4, 0.0) != first


def test_replies_stand_in_the_order_of_their_prompts(tiny: LoadedModel) -> None:
    prompts = prompts_of(tiny)
    forward = generate_replies(tiny, prompts, max_tokens=6, batch_size=2)
    backward = generate_replies(tiny, prompts[::-1], max_tokens=6, batch_size=2)
    assert [reply.text for reply in backward[::-1]] == [reply.text for reply in forward]
    assert len({reply.text for reply in forward}) > 1


class _Script:
    """Says the given ids in turn, by the number of tokens before."""

    def __init__(self, loaded: LoadedModel, ids: list[int], start: int) -> None:
        self.inner, self.ids, self.start = loaded.model, ids, start
        self.layers = loaded.model.layers

    def __call__(self, inputs: mx.array, cache: list[object] | None = None) -> mx.array:
        assert cache is not None
        logits = self.inner(inputs, cache=cache)
        step = int(cache[0].offset.max().item()) - self.start  # type: ignore[attr-defined]
        wanted = self.ids[min(max(step, 0), len(self.ids) - 1)]
        return mx.where(mx.arange(logits.shape[-1]) == wanted, 1e4, logits * 0)


@pytest.mark.parametrize(("limit", "expected"), [(9, Reply("abc", 3, True)), (3, Reply("abc", 3, False))])
def test_a_reply_ends_at_the_end_of_the_turn_or_at_the_limit(limit: int, expected: Reply, tiny: LoadedModel) -> None:
    prompt = prompts_of(tiny)[0]
    script = [*tiny.encode("abc"), tiny.tokenizer.eos_token_id]
    scripted = LoadedModel(_Script(tiny, script, len(prompt)), tiny.tokenizer, tiny.folder)
    assert generate_replies(scripted, [prompt], max_tokens=limit, batch_size=2) == [expected]


def test_each_reply_is_reported_once_and_none_are_asked_of_no_prompts(tiny: LoadedModel) -> None:
    seen: list[Reply] = []
    replies = generate_replies(tiny, prompts_of(tiny), max_tokens=3, batch_size=2, on_reply=seen.append)
    assert sorted(seen, key=repr) == sorted(replies, key=repr)
    assert all(reply.tokens <= 3 for reply in replies)
    assert generate_replies(tiny, [], max_tokens=3, batch_size=2) == []
