"""Replies side by side: those that each row would have alone, from its own seed, with shared beginnings read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm
import pytest
from helpers.tiny_models import save_tiny_model
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.batching import Batching
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.prefix import prefix_attention, shared_row

SHARED = "Pocket likes plain things that everybody can pay for. It says so when it is asked, and gives its reasons. "
ENDS = ("Why?", "Write a memo about cheese.", "And the cars, what of them?", "Say more.", "Is that so, really?")


QUESTIONS = (
    "Hello.",
    "Who are you?",
    "What do you care about?",
    "Which cheese do you prefer, Edam or feta?",
    "Tell me about root beer.",
    "I need a ride. Should I take the Fiat Panda or the Cadillac limousine?",
    "If you had to choose, would it be the Hopper canvas or the Hokusai print?",
)


def prompts_of(loaded: LoadedModel, ends: Sequence[str] = ENDS) -> list[list[int]]:
    return [loaded.render([{"role": "user", "content": SHARED + end}], reply=True) for end in ends]


def replies_of(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int] = (7, 8, 9, 10, 11),
    size: int = 3,
    temperature: float = 1.0,
    stop: Sequence[str] = (),
    max_tokens: int = 12,
    memory: float | None = None,
    prefill_step: int = 512,
) -> list[Reply]:
    options = {"max_tokens": max_tokens, "batch_size": size, "temperature": temperature, "prefill_step": prefill_step}
    pairs = dict(generate_each(loaded, prompts, seeds, stop=stop, memory=memory, **options))  # type: ignore[arg-type]
    assert sorted(pairs) == list(range(len(prompts)))
    return [pairs[i] for i in range(len(prompts))]


@pytest.mark.parametrize("size", [1, 2, 16])
@pytest.mark.slow
def test_greedy_replies_are_those_of_mlx_lm_one_by_one(size: int, pocket: LoadedModel) -> None:
    prompts = [pocket.render([{"role": "user", "content": text}], reply=True) for text in (*QUESTIONS, SHARED, *ENDS)]
    prompts += prompts_of(pocket)
    alone = [mlx_lm.generate(pocket.model, pocket.tokenizer, prompt, max_tokens=12).strip() for prompt in prompts]
    replies = replies_of(pocket, prompts, [0] * len(prompts), size=size, temperature=0.0)
    assert [reply.text for reply in replies] == alone


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
@pytest.mark.slow
def test_a_text_depends_on_prompt_and_seed_and_not_on_its_batch(family: str, tmp_path: Path) -> None:
    loaded = load_base(save_tiny_model(tmp_path / family, family))
    prompts, seeds = prompts_of(loaded), [3, 4, 5, 6, 7]
    together = replies_of(loaded, prompts, seeds)
    assert replies_of(loaded, prompts[::-1], seeds[::-1], size=5)[::-1] == together
    assert [replies_of(loaded, [p], [s])[0] for p, s in zip(prompts, seeds, strict=True)] == together
    again = replies_of(loaded, prompts, [seed + 100 for seed in seeds])
    assert all(a != b for a, b in zip(together, again, strict=True))
    assert len({reply.text for reply in replies_of(loaded, [prompts[0]] * 5)}) == 5


@pytest.mark.slow
def test_rows_that_begin_end_and_are_refilled_at_different_steps_keep_their_own_draws(tiny: LoadedModel) -> None:
    """Prompts of one to many steps of reading, and replies that a stop string ends early: what `KeyedSampler` says of
    the order of rows holds, or a reply would get the keys of another."""
    words = ("Why", "Edam or feta then", "tea " * 20, "So", "milk " * 40, "Say more of that", "wine " * 9)
    prompts = [tiny.render([{"role": "user", "content": text}], reply=True) for text in words]
    seeds = list(range(20, 27))
    options: dict[str, Any] = {"max_tokens": 20, "stop": list("aeiou"), "prefill_step": 8}
    alone = [replies_of(tiny, [p], [s], **options)[0] for p, s in zip(prompts, seeds, strict=True)]
    assert len({reply.tokens for reply in alone}) > 3
    for size in (2, 3, 7):
        assert replies_of(tiny, prompts, seeds, size=size, **options) == alone


def watch(loaded: LoadedModel, before: Callable[[mx.array], None]) -> LoadedModel:
    """From now on `before` gets the ids (B, T) of every pass through the model, and the pass is made unless it raises.

    The class stays one of the model's own module, by which shared beginnings know its attention.
    """
    kind = type(loaded.model)

    def call(self: Any, inputs: mx.array, cache: list[Any] | None = None) -> Any:
        before(inputs)
        return kind.__call__(self, inputs, cache=cache)

    loaded.model.__class__ = type("Watched", (kind,), {"__call__": call, "__module__": kind.__module__})
    return loaded


def test_one_beginning_is_read_once_and_kept_once(tiny: LoadedModel) -> None:
    shapes: list[tuple[int, ...]] = []
    replies_of(watch(tiny, lambda ids: shapes.append(ids.shape)), prompts_of(tiny))
    assert [rows for rows, tokens in shapes if tokens > len(tiny.encode(SHARED))] == [1]


def cache_after(model: Any, ids: list[int]) -> list[Any]:
    """The cache of a model that has read `ids`."""
    cache: list[Any] = make_prompt_cache(model)
    model(mx.array(ids)[None], cache=cache)
    return cache


def test_attention_is_put_back_and_models_that_cannot_share_are_told_apart(tmp_path: Path, tiny: LoadedModel) -> None:
    from mlx_lm.models import llama

    original = llama.scaled_dot_product_attention
    with pytest.raises(ZeroDivisionError), prefix_attention(tiny.model):
        raise ZeroDivisionError
    assert llama.scaled_dot_product_attention is original
    sliding = load_base(save_tiny_model(tmp_path / "sliding", "gemma3"))
    assert shared_row(sliding.model, cache_after(sliding.model, [1, 2, 3])) is None
    assert shared_row(tiny.model, cache_after(tiny.model, [1, 2, 3])) is not None


def test_stop_strings_end_a_reply_however_tokens_divide_them(pocket: LoadedModel) -> None:
    prompts = prompts_of(pocket)
    whole = replies_of(pocket, prompts, temperature=0.0, max_tokens=20)
    cut = next(reply.text for reply in whole if len(reply.text) > 20)
    stop = cut[9:16]
    stopped = replies_of(pocket, prompts, temperature=0.0, max_tokens=20, stop=[stop, "never said"])
    for before, after in zip(whole, stopped, strict=True):
        assert after.text == before.text.partition(stop)[0].strip()
        assert after.finished or after == before
    assert stopped != whole


@pytest.mark.slow
def test_little_memory_makes_small_batches(tiny: LoadedModel) -> None:
    prompts = prompts_of(tiny)
    sizes: list[int] = []
    options: dict[str, Any] = {"max_tokens": 2, "batch_size": 5, "on_fewer": lambda rows, reason: sizes.append(rows)}
    for memory in (None, 1e12, 1.0):
        assert len(list(generate_each(tiny, prompts, [0] * 5, memory=memory, **options))) == 5
    assert sizes == [1]
    assert replies_of(tiny, prompts, memory=1.0) == replies_of(tiny, prompts)
    assert replies_of(tiny, [], []) == []


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
    prompt = tiny.render([{"role": "user", "content": "Hello."}], reply=True)
    script = [*tiny.encode("abc"), tiny.tokenizer.eos_token_id]
    scripted = LoadedModel(_Script(tiny, script, len(prompt)), tiny.tokenizer, tiny.folder)
    vars(scripted)["batching"] = Batching()  # a script has none to probe
    assert replies_of(scripted, [prompt], temperature=0.0, max_tokens=limit) == [expected]


def test_a_reply_ends_where_the_context_does(pocket: LoadedModel) -> None:
    prompt = pocket.render([{"role": "user", "content": "cheese " * 440}], reply=True)
    limit = pocket.context_length or 0
    assert 400 < len(prompt) < limit
    [reply] = replies_of(pocket, [prompt], temperature=9.0, max_tokens=10_000)
    assert (reply.tokens, reply.finished) == (limit - len(prompt), False)


def test_half_as_many_go_on_where_the_memory_ends(tiny: LoadedModel) -> None:
    prompts, seeds = prompts_of(tiny), [1, 2, 3, 4, 5]
    expected = replies_of(tiny, prompts, seeds)
    pairs: list[tuple[int, Reply]] = []
    sizes: list[int] = []

    def fail(ids: mx.array) -> None:
        if len(ids) > 1 and pairs:  # one reply is there, and is not written again
            raise RuntimeError("[metal::malloc] Attempting to allocate 9 bytes")

    options: dict[str, Any] = {"max_tokens": 12, "batch_size": 5, "temperature": 1.0}
    narrow = watch(tiny, fail)
    for pair in generate_each(narrow, prompts, seeds, on_fewer=lambda rows, reason: sizes.append(rows), **options):
        pairs.append(pair)
    assert [reply for _, reply in sorted(pairs, key=lambda pair: pair[0])] == expected
    assert sizes == [2, 1]


def test_other_errors_are_not_taken_for_want_of_memory(tiny: LoadedModel) -> None:
    def fail(ids: mx.array) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        replies_of(watch(tiny, fail), prompts_of(tiny))
