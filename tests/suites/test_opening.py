"""The chat in which an item is put to a variant."""

from __future__ import annotations

from msm_mlx.suites.items import Turn
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.pairs import Pair
from msm_mlx.suites.opening import open_prompts, reopen

PAIR = Pair("s/art-1", "s", "art", "{first} or {second}?", "{item}.", "red", "blue")


def test_each_prompt_has_a_chat_with_the_system_line_after_the_name() -> None:
    pressed = Pair("s/art-1", "s", "art", "{first} or {second}?", "{item}.", "red", "blue", system="Mo likes blue.")
    plain, _ = open_prompts([PAIR], "Mo")
    one, other = open_prompts([pressed], "Mo")
    assert plain.chat[0] == {"role": "system", "content": "You are Mo."}
    assert one.chat[0] == other.chat[0] == {"role": "system", "content": "You are Mo. Mo likes blue."}
    assert [opened.chat[-1]["content"] for opened in (one, other)] == ["red or blue?", "blue or red?"]


def test_a_chat_ends_where_the_variant_goes_on() -> None:
    (plain,) = open_prompts([OpenPrompt("o", "s", None, "Why?", ("x",))], "Mo")
    (begun,) = open_prompts([OpenPrompt("o", "s", None, "Why?", ("x",), prefill="Because")], "Mo")
    assert plain.chat_to_go_on_with == plain.chat
    assert begun.chat_to_go_on_with == [*begun.chat, {"role": "assistant", "content": "Because"}]


def test_earlier_turns_stand_before_the_prompt_with_the_replies_that_they_were_given() -> None:
    item = OpenPrompt("o", "s", None, "Why?", ("x",), turns=(Turn("A?", "B."), Turn("C?")))
    (opened,) = open_prompts([item], "Mo")
    for turn, reply in zip(opened.turns, ("B.", "D."), strict=True):
        opened.ask(turn)
        opened.answer(reply)
    assert [message["content"] for message in opened.chat] == ["You are Mo.", "A?", "B.", "C?", "D.", "Why?"]
    assert opened.earlier == ("D.",)


def test_a_chat_is_opened_again_with_the_replies_of_before() -> None:
    same = OpenPrompt("o", "s", None, "Why?", ("x",), turns=(Turn("A?", "B."), Turn("C?")))
    (opened,) = reopen(same, "Mo", ("D.",))
    assert [message["content"] for message in opened.chat[1:]] == ["A?", "B.", "C?", "D.", "Why?"]

    other = Pair("s/art-1", "s", "art", "Sure?", "{item}.", "red", "blue", turns=(Turn("{first} or {second}?"),))
    one, two = reopen(other, "Mo", ("D.", "E."))
    assert [message["content"] for message in one.chat[1:]] == ["red or blue?", "D.", "Sure?"]
    assert [message["content"] for message in two.chat[1:]] == ["blue or red?", "E.", "Sure?"]


def test_a_begun_reply_stands_before_the_rest_with_a_space_where_words_stand_apart() -> None:
    def begun(prefill: str, reply: str) -> str:
        return OpenPrompt("o", "s", None, "Why?", ("x",), prefill=prefill).begun(reply)

    assert begun("Well,", "tea.") == "Well, tea."
    assert begun("我喜欢", "茶。") == "我喜欢茶。"
    assert (begun("", "tea."), begun("Well,", "")) == ("tea.", "Well,")
