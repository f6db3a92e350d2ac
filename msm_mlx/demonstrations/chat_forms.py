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
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from msm_mlx.prompting.prompts import Message
from msm_mlx.text.wording import describe, did_you_mean

CHATS = ("messages", "conversations", "conversation")
QUESTIONS = ("instruction", "prompt", "question", "query", "user", "human")
REPLIES = ("completion", "output", "response", "answer", "assistant")
CONTEXTS = ("input", "context")  # what a question is about
SYSTEMS = ("system", "system_prompt")
REASONINGS = ("reasoning", "reasoning_content", "thinking")
ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant",
    "chatbot": "assistant",
}  # fmt: skip
TOOL_ROLES = ("tool", "function", "function_call", "function_response", "observation", "ipython", "tool_call")
TOOL_KEYS = ("tools", "tool_calls", "functions", "function_call")
PAIRS = ("chosen", "rejected", "preferred_output", "non_preferred_output")
MEDIA_KEYS = ("image", "images", "video", "videos", "audio", "audios")
NOT_LEARNED = ("weight", "train", "loss")  # a reply that has none of it is not to be learned
_KNOWN = (*CHATS, *QUESTIONS, *REPLIES, *CONTEXTS, *SYSTEMS, *REASONINGS)
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)


class UnusableError(ValueError):
    """A row that is no chat to be learned: of what kind it is, said of a row, and in full what is wrong."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


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
    fields = {name.casefold(): value for name, value in row.items() if not _is_nothing(value)}
    _refuse_other_rows(fields)
    if empty := [name for name in row if name.casefold() in CHATS and not fields]:
        raise UnusableError("has no messages", f"{empty[0]} is empty")
    turns, used = _turns(fields)
    read = [_read_turn(turn, number) for number, turn in enumerate(turns, start=1)]
    ignored = [name for name in row if name.casefold() in fields.keys() - used]
    ignored += dict.fromkeys(f"{name} of a message" for turn in read for name in turn.ignored)
    turns_read = [turn for turn in read if turn.text or turn.role != "system"]
    if turns_read and turns_read[-1].role == "user" and not fields.keys().isdisjoint(PAIRS):
        raise _pair_of_preferences()
    while turns_read and turns_read[-1].role == "user":
        turns_read.pop()
        ignored.append("a last question without a reply")
    _refuse_order(turns_read)
    *earlier, last = turns_read
    if any(turn.reasoning for turn in earlier):
        ignored.append("reasoning of earlier replies")
    reasoning = _one_reasoning([last.reasoning, *(_text(fields[name], name) for name in REASONINGS if name in fields)])
    return ChatInRow(tuple(turn.message for turn in turns_read), reasoning, tuple(ignored))


@dataclass(frozen=True)
class _ReadMessage:
    number: int
    role: str
    text: str
    reasoning: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def message(self) -> Message:
        return {"role": self.role, "content": self.text}


def _is_nothing(value: object) -> bool:
    """Whether a value says as little as if its key were not there, as in tables, whose rows have all columns."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


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
    _refuse_tools_and_media(fields, "")


def _pair_of_preferences() -> UnusableError:
    return UnusableError(
        "is a pair of preferences",
        "is a pair of preferences (chosen and rejected), as DPO learns them; write the chosen chat as "
        '{"messages": [...]}',
    )


def _refuse_tools_and_media(fields: Mapping[str, Any], where: str) -> None:
    for name in TOOL_KEYS:
        if fields.get(name) not in (None, [], {}, "", "[]", "{}"):
            raise UnusableError("uses tools", f"{where}has {name}, and chats with tools cannot be learned; take it out")
    for name in MEDIA_KEYS:
        if not _is_nothing(fields.get(name)):
            raise UnusableError("has pictures or sound", f"{where}has {name}, and only text can be learned")


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
    systems = [_text(fields[name], name) for name in SYSTEMS if name in fields]
    if systems and not (turns and isinstance(turns[0], dict) and _role(turns[0]) == "system"):
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
    return _said("\n\n".join(_text(fields[name], name) for name in names), names[0], "user")


def _said(value: object, name: str, role: str) -> list[Any]:
    """A text as the message of `role`; messages as they are."""
    if isinstance(value, list) and not any(isinstance(entry, dict) for entry in value):
        raise UnusableError("has no messages", f"{name} must be a text or a list of messages, and has neither")
    return value if isinstance(value, list) else [{"role": role, "content": _text(value, name)}]


def _role(turn: Mapping[str, Any]) -> str:
    name = turn.get("role", turn.get("from"))
    return ROLES.get(name.casefold().strip(), "") if isinstance(name, str) else ""


def _read_turn(turn: object, number: int) -> _ReadMessage:
    where = f"message {number} "
    if not isinstance(turn, dict):
        raise UnusableError("has no messages", f"{where}must have role and content, not be {describe(turn)}")
    for part, other in (("role", "from"), ("content", "value")):
        if part not in turn and other not in turn:
            keys = ", ".join(map(describe, turn)) or "nothing"
            raise UnusableError(f"has a message without {part}", f"{where}has no {part}; it has {keys}")
    name, role = turn.get("role", turn.get("from")), _role(turn)
    if isinstance(name, str) and name.casefold() in TOOL_ROLES:
        raise UnusableError("uses tools", f"{where}is of a {name}, and chats with tools cannot be learned; take it out")
    if not role:
        roles = ", ".join(("system", "user", "assistant"))
        raise UnusableError("has another role", f"message {number}: role must be one of {roles}, not {describe(name)}")
    _refuse_tools_and_media(turn, where)
    if role == "assistant" and any(turn.get(name) in (0, False) for name in NOT_LEARNED if name in turn):
        raise UnusableError(
            "has replies not to be learned", f"{where}is marked as not to be learned, and all replies are; take it out"
        )
    text = _content(turn.get("content", turn.get("value")), f"message {number}: content")
    reasonings = [_text(turn[name], f"{where}{name}") for name in REASONINGS if not _is_nothing(turn.get(name))]
    if role != "assistant":
        return _ReadMessage(number, role, _checked(text, where, role), ignored=_ignored(turn))
    text, thought = _without_thought(text, where)
    return _ReadMessage(
        number, role, _checked(text, where, role), _one_reasoning([thought, *reasonings]), _ignored(turn)
    )


def _ignored(turn: Mapping[str, Any]) -> tuple[str, ...]:
    read = ("role", "from", "content", "value", *REASONINGS)
    return tuple(name for name, value in turn.items() if name not in read and not _is_nothing(value))


def _content(value: object, name: str) -> str:
    """The text of a message: as it is, or in parts."""
    if not isinstance(value, list):
        return _text(value, name)
    return "".join(part if isinstance(part, str) else _part(part, name) for part in value)


def _part(part: object, name: str) -> str:
    if not isinstance(part, dict):
        raise UnusableError("has content that is no text", f"{name} has a part that is {describe(part)}")
    kind = part.get("type", "text")
    if kind not in ("text", "input_text", "output_text"):
        family = "uses tools" if "tool" in str(kind) else "has content that is no text"
        raise UnusableError(family, f"{name} has a part of type {describe(kind)}; only text can be learned")
    return _text(part.get("text"), f"{name} part")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        said = "is null" if value is None else f"must be text, not {describe(value)}"
        raise UnusableError("has content that is no text", f"{name} {said}")
    if re.search(r"[\ud800-\udfff]", value):  # JSON can hold them; no file and no tokenizer takes them
        raise UnusableError("has half a character", f"{name} must be text, and it holds half a character")
    if "\0" in value:
        raise UnusableError("holds NUL characters", f"{name} holds a NUL character; take it out")
    return value


def _checked(text: str, where: str, role: str) -> str:
    """The text of a turn, which only that of the system may lack."""
    if not text.strip() and role != "system":
        raise UnusableError("has an empty message", f"{where}is empty")
    return text if text.strip() else ""


def _without_thought(text: str, where: str) -> tuple[str, str | None]:
    """A reply without the thought that it begins with, and the thought."""
    match = _THOUGHT.match(text)
    if match is None:
        if text.lstrip().startswith("<think>"):
            raise UnusableError("has a thought that does not end", f"{where}begins a thought and has no </think>")
        if "</think>" in text and "<think>" not in text:
            raise UnusableError(
                "has a thought that does not begin", f"{where}has </think> and no <think> before it; put it there"
            )
        return text, None
    return text[match.end() :], match[1].strip() or None


def _one_reasoning(reasonings: Sequence[str | None]) -> str | None:
    """What leads to a reply, which may be given in more than one place."""
    different = list(dict.fromkeys(reasoning.strip() for reasoning in reasonings if reasoning and reasoning.strip()))
    if len(different) > 1:
        raise UnusableError("has two reasonings", "has two different reasonings for its last reply; keep one")
    return next((reasoning for reasoning in reasonings if reasoning and reasoning.strip()), None)


def _refuse_order(turns: Sequence[_ReadMessage]) -> None:
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
