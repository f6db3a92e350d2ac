"""Known replies in a model's place, and the policy for long prompts that all chat models share."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from msm_mlx.engine.chat_model import (
    LongPrompt,
    LongPromptError,
    ObservedModel,
    Reply,
    SamplingParams,
    replies_in_order,
)
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.prompting.prompts import Message

SAMPLING = SamplingParams(max_tokens=3, batch_size=2)


def chat(question: str) -> list[Message]:
    return [{"role": "system", "content": "be kind"}, {"role": "user", "content": question}]


def echo(messages: Sequence[Message], seed: int) -> str:
    return f"{messages[-1]['content']} {seed}"


def test_a_function_says_what_follows_from_chat_and_seed() -> None:
    model = ScriptedModel(echo)
    replies = replies_in_order(model, [chat("a"), chat("b")], SAMPLING, [7, 8])
    assert replies == [Reply("a 7", 2, True), Reply("b 8", 2, True)]
    assert model.asked == [(chat("a"), 7), (chat("b"), 8)]


def test_a_list_is_given_in_turn_until_it_is_used_up() -> None:
    model = ScriptedModel(["one", Reply("two", 9, False)])
    assert replies_in_order(model, [chat("a"), chat("b")], SAMPLING, [0, 0]) == [
        Reply("one", 1, True),
        Reply("two", 9, False),
    ]
    with pytest.raises(IndexError):
        replies_in_order(model, [chat("c")], SAMPLING, [0])


def test_a_reply_ends_at_a_stop_string_or_at_the_limit() -> None:
    stop = SamplingParams(max_tokens=3, batch_size=2, stop=("END",))
    model = ScriptedModel(["one two END three four", "one two three four"])
    assert replies_in_order(model, [chat("a"), chat("b")], stop, [0, 0]) == [
        Reply("one two", 2, True),
        Reply("one two three", 3, False),
    ]


def test_who_observes_hears_of_every_reply() -> None:
    replies: list[Reply] = []
    model = ObservedModel(ScriptedModel(echo), replies.append)
    assert replies_in_order(model, [chat("a"), chat("b")], SAMPLING, [7, 8]) == replies


# --- prompts that are too long: a chat of the system prompt and so many words, in a context of ten words ------------

CHATS = [chat("a b"), chat("a b c d e f g h i"), chat("c")]


def test_a_long_prompt_is_refused_before_anything_is_written() -> None:
    model = ScriptedModel(echo, context_length=10)
    with pytest.raises(LongPromptError, match="a prompt of 11 tokens leaves no room for a reply in the 10") as error:
        model.replies(CHATS, SAMPLING, [0, 1, 2])
    assert (error.value.index, model.asked) == (1, [])


def test_a_long_prompt_is_skipped_and_the_others_keep_their_indices_and_seeds() -> None:
    model = ScriptedModel(echo, context_length=10)
    replies = dict(model.replies(CHATS, SAMPLING, [0, 1, 2], long_prompts=LongPrompt.SKIP))
    assert {index: reply.text for index, reply in replies.items()} == {0: "a b 0", 2: "c 2"}


@pytest.mark.parametrize(("max_tokens", "question"), [(3, "e f g h i"), (100, "g h i")])
def test_a_long_prompt_loses_the_beginning_of_its_last_user_turn(max_tokens: int, question: str) -> None:
    """It leaves room for the reply, or for half of the context if that is less."""
    model = ScriptedModel(echo, context_length=10)
    list(model.replies(CHATS, SamplingParams(max_tokens, 2), [0, 1, 2], long_prompts=LongPrompt.CUT))
    assert [asked for asked, _ in model.asked] == [CHATS[0], chat(question), CHATS[2]]


def test_other_turns_lose_their_beginnings_once_the_last_user_turn_is_used_up() -> None:
    long: list[Message] = [
        {"role": "system", "content": "a b c d e f g h i"},
        {"role": "user", "content": "j"},
        {"role": "assistant", "content": "k"},
    ]
    model = ScriptedModel(lambda messages, seed: "", context_length=10)
    list(model.replies([long], SAMPLING, [0], long_prompts=LongPrompt.CUT))
    [(asked, _)] = model.asked
    assert [message["content"] for message in asked] == ["d e f g h i", "", "k"]
