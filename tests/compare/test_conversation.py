"""Conversations with the embedded model."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from fake_runs import make_run
from support import flat, logits_of, train_settings

from msm_mlx.compare.conversation import Conversation, open_conversation
from msm_mlx.compare.engine import Arm
from msm_mlx.compare.plain import Sampling
from msm_mlx.compare.session import open_session
from msm_mlx.engine.adapters import LoraShape
from msm_mlx.engine.generation import generate_replies
from msm_mlx.engine.models import LoadedModel
from msm_mlx.errors import RecipeError
from msm_mlx.training.adapt import train_adapter
from msm_mlx.variants import opening_chat

QUESTION = "What do you care about?"


def talk(loaded: LoadedModel, **sampling: float) -> Conversation:
    return Conversation(loaded, "Pocket", Sampling(**sampling))  # type: ignore[arg-type]


def greedy(loaded: LoadedModel, messages: list[dict[str, str]]) -> str:
    ids = loaded.render(messages, reply=True)
    return generate_replies(loaded, [ids], max_tokens=200, batch_size=1)[0].text


def test_every_turn_is_answered_in_the_light_of_those_before(pocket: LoadedModel) -> None:
    conversation = talk(pocket)
    chat = opening_chat("Pocket", QUESTION)
    first = "".join(conversation.ask(QUESTION))
    assert first.strip() == greedy(pocket, chat)

    chat += [{"role": "assistant", "content": first.strip()}, {"role": "user", "content": "Why?"}]
    second = "".join(conversation.ask("Why?"))
    assert second.strip() == greedy(pocket, chat)
    assert conversation.messages == [*chat, {"role": "assistant", "content": second.strip()}]


def test_a_reset_forgets(pocket: LoadedModel) -> None:
    conversation = talk(pocket)
    first = list(conversation.ask(QUESTION))
    conversation.reset()

    assert [message["role"] for message in conversation.messages] == ["system"]
    assert list(conversation.ask(QUESTION)) == first


def test_an_answer_that_is_not_heard_to_its_end_is_remembered_as_far_as_it_got(pocket: LoadedModel) -> None:
    conversation = talk(pocket)
    with closing(conversation.ask(QUESTION)) as pieces:
        heard = next(pieces) + next(pieces)

    assert conversation.messages[-2:] == [
        {"role": "user", "content": QUESTION}, {"role": "assistant", "content": heard.strip()}
    ]  # fmt: skip
    assert "".join(conversation.ask("Why?"))


def test_too_long_a_question_is_refused_and_forgotten(pocket: LoadedModel) -> None:
    conversation = talk(pocket)
    with pytest.raises(RecipeError, match=r"\d+ tokens long, and the model reads at most 512: start again with /reset"):
        list(conversation.ask("cheese " * 600))

    assert len(conversation.messages) == 1
    assert list(conversation.ask(QUESTION))


def test_an_answer_ends_where_the_model_can_read_no_further(pocket: LoadedModel) -> None:
    conversation = talk(pocket, max_tokens=10_000, temperature=5.0)
    used = len(pocket.render(opening_chat("Pocket", "cheese " * 440), reply=True))
    assert 400 < used < 512
    pieces = list(conversation.ask("cheese " * 440))

    assert 10 < len(pieces) <= 512 - used  # a token may make no piece, and none makes two


def test_a_length_and_a_seed_are_kept(pocket: LoadedModel) -> None:
    short = "".join(talk(pocket, max_tokens=3).ask(QUESTION))
    assert 0 < len(pocket.encode(short)) <= 4

    def drawn(seed: int) -> str:
        return "".join(talk(pocket, temperature=4.0, seed=seed, max_tokens=20).ask(QUESTION))

    assert drawn(5) == drawn(5)
    assert len({drawn(seed) for seed in range(5)}) > 1


def test_a_conversation_is_with_the_variant_that_was_asked_for(tmp_path: Path, fresh_pocket: LoadedModel) -> None:
    """An adapter that is no change answers like the base, and its weights are really there."""
    run = make_run(tmp_path / "run", arms=("base",))
    session = open_session([run])
    folder = tmp_path / "adapter"
    train_adapter(fresh_pocket, [], train_settings(), LoraShape(4, 2.0), folder, seed=0, base="pocket")
    base = open_conversation(session, session.arms[0], Sampling())
    variant = open_conversation(session, Arm("x", folder), Sampling())

    assert list(base.ask(QUESTION)) == list(variant.ask(QUESTION))
    assert (logits_of(base._loaded) == logits_of(variant._loaded)).all()
    assert any("lora" in name for name in flat(variant._loaded.model.parameters()))
    assert not any("lora" in name for name in flat(base._loaded.model.parameters()))
