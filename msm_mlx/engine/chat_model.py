"""The one way to put a chat to a model: `ChatModel`. Imports no mlx.

ChatModel        replies(chats, sampling, seeds) -> (index of the chat, Reply), as they are finished
LocalModel       a model in this process                          engine/local_model.py
ServerModel      a model behind a server on this machine          engine/server_model.py
ScriptedModel    known replies, without a model                   engine/scripted_model.py
ModelPool        several models, of which the seed decides        engine/model_pool.py
SharedModel      a model that all ranks of `mlx.launch` have      worker/shared_model.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from msm_mlx.errors import MsmError
from msm_mlx.files import sha256_json
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import SamplingSettings

Token = TypeVar("Token")

OnStep = Callable[[int, int], None]
"""Hears, while replies are written, how many were begun and how many tokens came since it was last told."""


@dataclass(frozen=True)
class SamplingParams:
    """How replies are drawn, the same for all chats of a call.

    Args:
        max_tokens: the longest reply. A reply also ends where the model's context does.
        batch_size: the most replies that are written side by side. It changes the speed and not the texts.
        temperature: 0 takes the likeliest token always.
        stop: strings that end a reply and are not part of it.
        thinking: whether a model that can do so may think before it replies; the thought is part of the reply.
        top_p, top_k, min_p: the tokens that may be drawn, as `TokenFilter` has them.
    """

    max_tokens: int
    batch_size: int
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    thinking: bool = False
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0

    @classmethod
    def of(cls, settings: SamplingSettings, *, max_tokens: int, batch_size: int) -> SamplingParams:
        """As a section of a recipe has its replies drawn."""
        temperature, top_p, top_k, min_p = settings.temperature, settings.top_p, settings.top_k, settings.min_p
        return cls(max_tokens, batch_size, temperature, top_p=top_p, top_k=top_k, min_p=min_p)


@dataclass(frozen=True)
class Reply:
    """A generated text, its length in tokens, and whether the model ended it by itself.

    `filtered` says that a content filter of a server cut it, and `writer`, of several models, which one wrote it.
    """

    text: str
    tokens: int
    finished: bool
    filtered: bool = False
    writer: str = ""


class LongPrompt(Enum):
    """What becomes of a chat that leaves no room for a reply in the model's context."""

    REFUSE = "refuse"
    """`LongPromptError`, before anything is written."""
    SKIP = "skip"
    """The chat has no reply; the others have theirs."""
    CUT = "cut"
    """Tokens are dropped from the left of the last user turn's content, until there is room for `max_tokens` of reply,
    or for half of the context if that is less. Only where that turn is used up, the others lose theirs, the first one
    first."""


class LongPromptError(MsmError):
    """A chat that the model cannot read: the chat at `index` has `tokens`, and the context `limit`."""

    def __init__(self, index: int, tokens: int, limit: int) -> None:
        super().__init__(
            f"a prompt of {tokens} tokens leaves no room for a reply in the {limit} that the model reads; shorten the "
            "prompt, or use a model with a longer context"
        )
        self.index, self.tokens, self.limit = index, tokens, limit


class ChatModel(Protocol):
    """Replies to chats. A reply depends on its chat, its seed and the sampling, and not on the chats beside it."""

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """The replies as they are finished, each with the index of its chat. `seeds` has one for each chat.

        `say` hears what a person should know, such as that fewer replies than asked for are written side by side.

        Raises:
            LongPromptError: before anything is written, if a chat is too long and `long_prompts` is REFUSE.
            MsmError: if the model cannot reply.
        """
        ...


@dataclass(frozen=True)
class ObservedModel:
    """`model`, each of whose replies `on_reply` hears of before it is passed on."""

    model: ChatModel
    on_reply: Callable[[Reply], None]

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        for index, reply in self.model.replies(chats, sampling, seeds, long_prompts=long_prompts, say=say):
            self.on_reply(reply)
            yield index, reply


def reply_seed(*parts: object) -> int:
    """A seed of 32 bits from JSON values that say what the reply is for, and which try it is."""
    return int(sha256_json(list(parts))[:8], 16)


def in_order(replies: Iterable[tuple[int, Reply]]) -> Iterator[Reply]:
    """One reply for each of the indices 0, 1, 2 ..., each as soon as it and those before it are there."""
    early: dict[int, Reply] = {}
    next_index = 0
    for index, reply in replies:
        early[index] = reply
        while next_index in early:
            yield early.pop(next_index)
            next_index += 1


def replies_in_order(
    model: ChatModel,
    chats: Sequence[Sequence[Message]],
    sampling: SamplingParams,
    seeds: Sequence[int],
    *,
    say: Callable[[str], None] = lambda line: None,
) -> list[Reply]:
    """The reply to each chat, in the order of the chats.

    Raises:
        LongPromptError: before anything is written, if a chat is too long for the model.
    """
    return list(in_order(model.replies(chats, sampling, seeds, say=say)))


def fit_chats(
    chats: Sequence[Sequence[Message]],
    sampling: SamplingParams,
    long_prompts: LongPrompt,
    *,
    limit: int | None,
    render: Callable[[Sequence[Message]], Sequence[Token]],
    drop: Callable[[str, int], str],
) -> list[tuple[int, Sequence[Message], Sequence[Token]]]:
    """The chats that a model can read, each with its index and its tokens: the policy of `LongPrompt`, for all models.

    Args:
        limit: the tokens of the model's context, prompt and reply together; None if it is not known.
        render: a chat's tokens.
        drop: a text without so many tokens at its beginning.

    Raises:
        LongPromptError: if a chat does not fit, and is not to be skipped, or cannot be cut enough.
    """
    fitting = []
    for index, chat in enumerate(chats):
        tokens = render(chat)
        if limit is None or len(tokens) < limit:
            fitting.append((index, chat, tokens))
        elif long_prompts is LongPrompt.REFUSE:
            raise LongPromptError(index, len(tokens), limit)
        elif long_prompts is LongPrompt.CUT:
            room = limit - min(sampling.max_tokens, limit // 2)
            fitting.append((index, *_cut(index, chat, room, limit, render, drop)))
    return fitting


def _cut(
    index: int,
    chat: Sequence[Message],
    room: int,
    limit: int,
    render: Callable[[Sequence[Message]], Sequence[Token]],
    drop: Callable[[str, int], str],
) -> tuple[Sequence[Message], Sequence[Token]]:
    """The chat and its tokens, at most `room`, with as much as that takes gone from the last user turn."""
    turns = [dict(message) for message in chat]
    tokens = render(turns)
    before = len(tokens)
    for turn in sorted(turns, key=lambda turn: turn is not _last_user_turn(turns)):
        while len(tokens) > room and turn["content"]:
            # what is left of a text may have more tokens than it had within the whole, so this is repeated
            turn["content"] = drop(turn["content"], len(tokens) - room)
            tokens = render(turns)
    if len(tokens) > room:
        raise LongPromptError(index, before, limit)
    return turns, tokens


def _last_user_turn(turns: Sequence[Message]) -> Message | None:
    return next((turn for turn in reversed(turns) if turn["role"] == "user"), None)
