"""The chat in which an item's prompt is put to a variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msm_mlx.prompting.prompts import Message, system_prompt
from msm_mlx.suites.items import Item, Turn


@dataclass(frozen=True)
class OpenedPrompt:
    """One of an item's prompts, by its number from 0, and what stands before it: the system line, and the earlier
    turns with their replies, as far as these are there."""

    item: Item
    number: int
    messages: list[Message]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The earlier turns, whether or not they have a reply yet."""
        return self.item.turns_before(self.number)

    @property
    def chat(self) -> list[Message]:
        """The chat up to the prompt."""
        return [*self.messages, {"role": "user", "content": self.item.prompts()[self.number]}]

    @property
    def chat_to_go_on_with(self) -> list[Message]:
        """The chat up to where the variant begins to write: after the prompt, or after the beginning of a reply."""
        begun = [{"role": "assistant", "content": self.item.prefill}] if self.item.prefill else []
        return [*self.chat, *begun]

    @property
    def earlier(self) -> tuple[str, ...]:
        """The variant's own replies in the earlier turns."""
        replies = [message["content"] for message in self.messages if message["role"] == "assistant"]
        return tuple(text for text, turn in zip(replies, self.turns, strict=True) if turn.assistant is None)

    def ask(self, turn: Turn) -> None:
        """Add what the user says in an earlier turn."""
        self.messages.append({"role": "user", "content": turn.user})

    def answer(self, reply: str) -> None:
        """Add the reply to it."""
        self.messages.append({"role": "assistant", "content": reply})


def reopen(item: Item, model_name: str, earlier: Sequence[str]) -> list[OpenedPrompt]:
    """The prompts of an item as a variant was asked them, with its own replies in the earlier turns. These are there
    once where all prompts have the same turns."""
    prompts = list(open_prompts([item], model_name))
    same = len({prompt.turns for prompt in prompts}) == 1
    replies = iter(earlier)
    for prompt in prompts:
        replies = iter(earlier) if same else replies
        for turn in prompt.turns:
            prompt.ask(turn)
            prompt.answer(next(replies) if turn.assistant is None else turn.assistant)
    return prompts


def open_prompts(items: Sequence[Item], model_name: str) -> Iterator[OpenedPrompt]:
    """All prompts of the items, in order, none with its earlier turns."""
    for item in items:
        for number in range(len(item.prompts())):
            system = system_prompt(model_name, item.system)
            yield OpenedPrompt(item, number, [{"role": "system", "content": system}])
