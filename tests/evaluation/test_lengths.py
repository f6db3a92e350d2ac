"""Items that a model cannot read are named before it is asked anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from msm_mlx.errors import MsmError
from msm_mlx.evaluation.lengths import MAX_LINES, check_lengths
from msm_mlx.prompting.prompts import Message
from msm_mlx.suites.items import Item, Turn
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.questions import MultipleChoice


class Words:
    """A model that reads words, and nothing between the messages of a chat."""

    def render(self, messages: Sequence[Message], *, reply: bool) -> list[int]:
        return [0 for message in messages for _ in message["content"].split()]

    def encode(self, text: str) -> list[int]:
        return [0 for _ in text.split()]


# `You are Mo.` is 3 words
QUESTION = MultipleChoice("k/item-1", "k", None, "one two", "three", ("three four",))
OPEN = OpenPrompt("o/item-1", "o", None, "one two", ("x",))


@pytest.mark.parametrize(
    ("item", "tokens"),
    [
        (QUESTION, 3 + 2 + 2),
        (OPEN, 3 + 2 + 1),
        (OpenPrompt("o/1", "o", None, "one", ("x",), turns=(Turn("a b", "c"),)), 3 + 3 + 1 + 1),
        (OpenPrompt("o/1", "o", None, "one", ("x",), turns=(Turn("a b"),)), 3 + 2 + 10 + 1 + 1),
        (replace(QUESTION, system="Mo likes tea."), 3 + 3 + 2 + 2),
        (replace(OPEN, prefill="I say"), 3 + 2 + 2 + 1),
    ],
    ids=[
        "the longest option",
        "one token of a reply",
        "an earlier turn",
        "an earlier reply that is still to come",
        "a system line",
        "a begun reply",
    ],
)
def test_what_does_not_fit_is_refused_with_its_suite_and_item(item: Item, tokens: int) -> None:
    check_lengths(Words(), tokens, [item], "Mo", max_tokens=10)
    check_lengths(Words(), None, [item], "Mo", max_tokens=10)
    with pytest.raises(MsmError, match=f"suite {item.suite}, item {item.id}: {tokens} tokens\n.*{tokens - 1} tokens"):
        check_lengths(Words(), tokens - 1, [item], "Mo", max_tokens=10)


def test_where_earlier_replies_count_they_can_be_made_shorter() -> None:
    own = OpenPrompt("o/2", "o", None, "one", ("x",), turns=(Turn("a b"),))
    for item, remedy in ((own, "items, lower evaluation.max_tokens, or take"), (OPEN, "items, or take")):
        with pytest.raises(MsmError, match=remedy):
            check_lengths(Words(), 4, [item], "Mo", max_tokens=10)


def test_a_few_of_many_are_named() -> None:
    items = [OpenPrompt(f"o/item-{n}", "o", None, "one two", ("x",)) for n in range(MAX_LINES + 3)]
    with pytest.raises(MsmError, match=f"item o/item-{MAX_LINES - 1}: 6 tokens\nand 3 more\n"):
        check_lengths(Words(), 4, items, "Mo", max_tokens=10)
