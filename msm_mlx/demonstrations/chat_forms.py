"""A chat out of a row in any of the usual forms.

{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}], "reasoning": "..."}
{"conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]}
{"instruction": "...", "input": "...", "output": "..."}
{"prompt": "...", "completion": "..."}, and with lists of messages
{"question": "...", "answer": "..."}

What would be lost or learned wrongly in this form is refused; other keys are ignored, and named.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from msm_mlx.demonstrations.chat_messages import (
    REASONINGS,
    ChatMessage,
    UnusableError,
    is_nothing,
    one_reasoning,
    read_message,
    refuse_tools_and_media,
    role_of,
    text_of,
)
from msm_mlx.prompting.prompts import Message
from msm_mlx.text.wording import describe, did_you_mean

CHATS = ("messages", "conversations", "conversation")
QUESTIONS = ("instruction", "prompt", "question", "query", "user", "human")
REPLIES = ("completion", "output", "response", "answer", "assistant")
CONTEXTS = ("input", "context")  # what a question is about
SYSTEMS = ("system", "system_prompt")
PAIRS = ("chosen", "rejected", "preferred_output", "non_preferred_output")


@dataclass(frozen=True)
class ChatInRow:
    """The turns, what leads to the last reply, and what of the row was ignored."""

    messages: tuple[Message, ...]
    reasoning: str | None
    ignored: tuple[str, ...]


def chat_in_row(row: Mapping[str, Any]) -> ChatInRow:
    """The chat that a row holds. It ends with a reply: a question behind that has none is left out.

    Raises:
        UnusableError: if there is none, or not all of it can be learned.
    """
    fields = {name.casefold(): value for name, value in row.items() if not is_nothing(value)}
    _refuse_other_rows(fields)
    if empty := [name for name in row if name.casefold() in CHATS and not fields]:
        raise UnusableError("has no messages", f"{empty[0]} is empty")
    turns, used = _turns(fields)
    read = [read_message(turn, number) for number, turn in enumerate(turns, start=1)]
    ignored = [name for name in row if name.casefold() in fields.keys() - used]
    ignored += dict.fromkeys(f"{name} of a message" for turn in read for name in turn.ignored)
    turns_read = [turn for turn in read if turn.text or turn.role != "system"]
    if turns_read and turns_read[-1].role == "user" and not fields.keys().isdisjoint(PAIRS):
        raise _pair_of_preferences()
    if turns_read and turns_read[-1].role == "user":
        ignored.append("a last question without a reply")
    while turns_read and turns_read[-1].role == "user":
        turns_read.pop()
    _refuse_order(turns_read)
    *earlier, last = turns_read
    if any(turn.reasoning for turn in earlier):
        ignored.append("reasoning of earlier replies")
    reasoning = one_reasoning([last.reasoning, *(text_of(fields[name], name) for name in REASONINGS if name in fields)])
    return ChatInRow(tuple(turn.message for turn in turns_read), reasoning, tuple(ignored))


def _refuse_other_rows(fields: Mapping[str, Any]) -> None:
    """Rows that something else than fine-tuning learns from."""
    has_chat = any(name in fields for name in CHATS)
    if not has_chat and not fields.keys().isdisjoint(PAIRS):
        raise _pair_of_preferences()
    if isinstance(fields.get("label"), bool):
        raise UnusableError(
            "is a rated reply",
            "is a reply with a label, as KTO learns them; keep the good ones, and take the label out",
        )
    if not has_chat and fields.keys() & {"role", "from"} and fields.keys() & {"content", "value"}:
        raise UnusableError("is a message", 'is a message and not a chat; write a chat a row, {"messages": [...]}')
    refuse_tools_and_media(fields, "")


def _pair_of_preferences() -> UnusableError:
    return UnusableError(
        "is a pair of preferences",
        "is a pair of preferences (chosen and rejected), as DPO learns them; write the chosen chat as "
        '{"messages": [...]}',
    )


def _turns(fields: Mapping[str, Any]) -> tuple[list[Any], set[str]]:
    """The turns as they stand, and the keys that have them."""
    used = {name for name in (*REASONINGS, *SYSTEMS) if name in fields}
    chat = next((name for name in CHATS if name in fields), None)
    if chat:
        turns, used = _list_of_messages(fields[chat], chat), used | {chat}
    else:
        question = next((name for name in QUESTIONS if name in fields), None)
        context = next((name for name in CONTEXTS if name in fields), None)
        reply = next((name for name in REPLIES if name in fields), None)
        if not question and not context:
            raise UnusableError("is no chat", f"is no chat: {_lack(fields)}")
        if not reply:
            raise UnusableError("has no reply", f"has {question or context} and no reply; add it as completion")
        turns = [*_history(fields), *_asked(fields, question, context), *_said(fields[reply], reply, "assistant")]
        used |= {name for name in (question, context, reply, "history") if name}
    systems = [text_of(fields[name], name) for name in SYSTEMS if name in fields]
    if systems and not (turns and isinstance(turns[0], dict) and role_of(turns[0]) == "system"):
        turns = [{"role": "system", "content": systems[0]}, *turns]
    elif systems and systems[0] != turns[0].get("content", turns[0].get("value")):
        raise UnusableError(
            "has two system prompts", "has a system prompt of its own and one in its messages; keep one"
        )
    return turns, used


def _lack(fields: Mapping[str, Any]) -> str:
    meant = next((hint for name in fields if (hint := did_you_mean(name, (*CHATS, *QUESTIONS)))), "")
    keys = ", ".join(map(describe, list(fields)[:6])) or "nothing"
    return f"it has {keys}{meant}, and needs messages, or a question with its reply, such as prompt and completion"


def _list_of_messages(value: object, name: str) -> list[Any]:
    if isinstance(value, str):  # a column of a table often has them so
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)
    if not isinstance(value, list):
        raise UnusableError("is no chat", f"{name} must be a list of messages, not {describe(value)}")
    return value


def _history(fields: Mapping[str, Any]) -> list[Message]:
    """Earlier turns, as pairs of a question and its reply."""
    pairs = fields.get("history", [])
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise UnusableError("has a history", "history must be a list of pairs of a question and its reply")
    roles = ("user", "assistant")
    return [{"role": role, "content": text} for pair in pairs for role, text in zip(roles, pair, strict=True)]


def _asked(fields: Mapping[str, Any], question: str | None, context: str | None) -> list[Any]:
    names = [name for name in (question, context) if name]
    if isinstance(fields[names[0]], list):
        return _said(fields[names[0]], names[0], "user")
    return _said("\n\n".join(text_of(fields[name], name) for name in names), names[0], "user")


def _said(value: object, name: str, role: str) -> list[Any]:
    """A text as the message of `role`; messages as they are."""
    if isinstance(value, list) and not any(isinstance(entry, dict) for entry in value):
        raise UnusableError("has no messages", f"{name} must be a text or a list of messages, and has neither")
    return value if isinstance(value, list) else [{"role": role, "content": text_of(value, name)}]


def _refuse_order(turns: Sequence[ChatMessage]) -> None:
    """Make sure that user and assistant take turns, after at most one system prompt."""
    talk = turns[1:] if turns and turns[0].role == "system" else turns
    if not talk:
        raise UnusableError("has no reply", "has no reply of the assistant")
    for turn in talk:
        if turn.role == "system":
            raise UnusableError(
                "has a later system turn", f"message {turn.number} is a system turn; only the first can be"
            )
    if talk[0].role != "user":
        raise UnusableError(
            "begins with a reply", f"message {talk[0].number} is a reply to nothing; put a question before it"
        )
    for turn, following in pairwise(talk):
        if turn.role == following.role:
            raise UnusableError(
                "has two turns of one side",
                f"messages {turn.number} and {following.number} are both of the {turn.role}; join them",
            )
