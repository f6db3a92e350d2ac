"""Conversations with the embedded model."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import mlx_lm
import pytest
from helpers.planted_runs import make_run
from helpers.replies import greedy_replies
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.compare.answer_engine import Arm, Preface
from msm_mlx.compare.conversation import Conversation, open_conversation
from msm_mlx.compare.live_engine import LiveEngine
from msm_mlx.compare.plain import Sampling
from msm_mlx.compare.session import open_session
from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.multi_adapter import Variants, load_variants
from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import opening_chat

QUESTION = "What do you care about?"


@pytest.fixture(scope="module")
def base() -> Variants:
    return load_variants(load_base(POCKET_WEIGHTS), {"base": None})


def talk(base: Variants, **sampling: float) -> Conversation:
    return Conversation(LiveEngine(base, "Pocket"), "base", "Pocket", Sampling(**sampling))  # type: ignore[arg-type]


def greedy(loaded: LoadedModel, messages: list[dict[str, str]]) -> str:
    ids = loaded.render(messages, reply=True)
    return greedy_replies(loaded, [ids], 200)[0].text


@pytest.mark.slow
def test_every_turn_is_answered_in_the_light_of_those_before(base: Variants) -> None:
    conversation = talk(base)
    chat = opening_chat("Pocket", QUESTION)
    first = "".join(conversation.ask(QUESTION))
    assert first.strip() == greedy(base.loaded, chat)

    chat += [{"role": "assistant", "content": first.strip()}, {"role": "user", "content": "Why?"}]
    second = "".join(conversation.ask("Why?"))
    assert second.strip() == greedy(base.loaded, chat)
    assert conversation.messages == [*chat, {"role": "assistant", "content": second.strip()}]


def test_another_system_prompt_and_a_beginning_hold_for_every_turn(base: Variants) -> None:
    conversation = talk(base, max_tokens=5)
    conversation.preface = Preface("You like all things.", "I like")
    conversation.reset()
    for _ in range(2):
        assert "".join(conversation.ask(QUESTION)).startswith("I like ")
    assert [message["role"] for message in conversation.messages] == ["system", *["user", "assistant"] * 2]
    assert conversation.messages[0]["content"] == "You like all things."
    assert conversation.messages[2]["content"].startswith("I like ")


def test_a_reset_forgets(base: Variants) -> None:
    conversation = talk(base)
    first = list(conversation.ask(QUESTION))
    conversation.reset()

    assert [message["role"] for message in conversation.messages] == ["system"]
    assert list(conversation.ask(QUESTION)) == first


def test_an_answer_that_is_not_heard_to_its_end_is_remembered_as_far_as_it_got(base: Variants) -> None:
    conversation = talk(base)
    pieces = conversation.ask(QUESTION)
    heard = next(pieces) + next(pieces)
    del pieces

    assert conversation.messages[-2:] == [
        {"role": "user", "content": QUESTION}, {"role": "assistant", "content": heard.strip()}
    ]  # fmt: skip
    assert "".join(conversation.ask("Why?"))


def test_too_long_a_question_is_refused_and_forgotten(base: Variants) -> None:
    conversation = talk(base)
    with pytest.raises(RecipeError, match=r"\d+ tokens with all .* reads 512; .*, or start again with /reset"):
        list(conversation.ask("cheese " * 600))

    assert len(conversation.messages) == 1
    assert list(conversation.ask(QUESTION))


@pytest.mark.slow
def test_an_answer_ends_where_the_model_can_read_no_further(base: Variants) -> None:
    conversation = talk(base, max_tokens=10_000, temperature=5.0)
    used = len(base.loaded.render(opening_chat("Pocket", "cheese " * 440), reply=True))
    assert 400 < used < 512
    pieces = list(conversation.ask("cheese " * 440))

    assert 10 < len(pieces) <= 512 - used  # a token may make no piece, and none makes two


def test_the_likeliest_token_alone_is_what_a_greedy_answer_is(base: Variants) -> None:
    greedy = list(talk(base, max_tokens=6).ask(QUESTION))
    assert list(talk(base, max_tokens=6, temperature=3.0, top_k=1).ask(QUESTION)) == greedy


@pytest.mark.slow
def test_a_length_and_a_seed_are_kept(base: Variants) -> None:
    short = "".join(talk(base, max_tokens=3).ask(QUESTION))
    assert 0 < len(base.loaded.encode(short)) <= 4

    def drawn(seed: int) -> str:
        return "".join(talk(base, temperature=4.0, seed=seed, max_tokens=20).ask(QUESTION))

    assert drawn(5) == drawn(5)
    assert len({drawn(seed) for seed in range(5)}) > 1


@pytest.mark.slow
def test_a_conversation_is_with_the_variant_that_was_asked_for(tmp_path: Path, fresh_pocket: LoadedModel) -> None:
    """What it says is what mlx-lm says with that adapter."""
    session = open_session([make_run(tmp_path / "run", arms=("base",))])
    shape, folder = LoraShape(4, 2.0), tmp_path / "adapter"
    add_lora(fresh_pocket.model, shape, seed=0)
    weights = {name: mx.random.normal(v.shape) * 0.2 for name, v in adapter_weights(fresh_pocket.model).items()}
    save_adapter(folder, weights, shape, "pocket")
    model, tokenizer = mlx_lm.load(str(POCKET_WEIGHTS), adapter_path=str(folder))
    expected = greedy(LoadedModel(model, tokenizer, POCKET_WEIGHTS), opening_chat("Pocket", QUESTION))

    variant = open_conversation(session, Arm("x", folder), Sampling())
    assert "".join(variant.ask(QUESTION)) == expected
    assert "".join(open_conversation(session, session.arms[0], Sampling()).ask(QUESTION)) != expected
