"""A chat out of a row in any of the usual forms.

{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}], "reasoning": "..."}
{"conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]}
{"instruction": "...", "input": "...", "output": "..."}
{"prompt": "...", "completion": "..."}, and with lists of messages
{"question": "...", "answer": "..."}

Messages may stand under another name, and a chat within one field of the row, as in files of requests. What would be
lost or learned wrongly in this form is refused; other keys are ignored, and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from msm_mlx.demonstrations.chat_messages import (
    REASONINGS,
    ChatMessage,
    UnusableError,
    one_reasoning,
    read_message,
    refuse_tools_and_media,
    text_of,
)
from msm_mlx.demonstrations.chat_turns import CHATS, fields_of, turns_of, unwrapped
from msm_mlx.prompting.prompts import Message

PAIRS = ("chosen", "rejected", "preferred_output", "non_preferred_output")


@dataclass(frozen=True)
class ChatInRow:
    """The turns, what leads to the last reply, the columns that they are from, and what of the row was ignored."""

    messages: tuple[Message, ...]
    reasoning: str | None
    columns: tuple[str, ...]
    ignored: tuple[str, ...]


def chat_in_row(row: Mapping[str, Any]) -> ChatInRow:
    """The chat that a row holds. It ends with a reply: a question behind that has none is left out.

    Raises:
        UnusableError: if there is none, or not all of it can be learned.
    """
    _refuse_other_rows(fields_of(row))
    holder = unwrapped(row)
    outside = [] if holder is row else [name for name, value in row.items() if value is not holder]
    within = "".join(f"{name}." for name, value in row.items() if value is holder)
    row, fields = holder, fields_of(holder)
    _refuse_other_rows(fields)
    if empty := [name for name in row if name.casefold() in CHATS and not fields]:
        raise UnusableError("has no messages", f"{empty[0]} is empty")
    turns, used = turns_of(fields)
    read = [read_message(turn, number) for number, turn in enumerate(turns, start=1)]
    ignored = outside + [name for name in row if name.casefold() in fields.keys() - used]
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
    columns = tuple(f"{within}{name}" for name in row if name.casefold() in used)
    return ChatInRow(tuple(turn.message for turn in turns_read), reasoning, columns, tuple(ignored))


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
