"""The turns of a row as they stand in it, in whichever of the usual forms, before anybody looks into the messages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from msm_mlx.demonstrations.chat_messages import (
    CONTENT_KEYS,
    REASONINGS,
    ROLE_KEYS,
    UnusableError,
    first_of,
    is_nothing,
    role_of,
    text_of,
)
from msm_mlx.prompting.prompts import Message
from msm_mlx.text.wording import describe, did_you_mean

CHATS = ("messages", "conversations", "conversation")
QUESTIONS = ("instruction", "prompt", "question", "query", "user", "human", "problem", "inputs", "q")
REPLIES = (
    "completion", "output", "response", "solution", "answer", "assistant", "reply", "target", "targets", "a",
)  # fmt: skip
CONTEXTS = ("input", "context")  # what a question is about
SYSTEMS = ("system", "system_prompt")
_WRITTEN_OUT = re.compile(
    r"\s*(?:###\s*)?(?:Human|User|Instruction)\s*:.*(?:\n|###)\s*(?:###\s*)?(?:Assistant|Response)\s*:"
    r"|.*USER:.*ASSISTANT:"
    r"|.*(?:<\|im_start\|>|\[INST\]|<\|start_header_id\|>|<start_of_turn>|<\|(?:user|prompter)\|>)",
    re.DOTALL,
)

Fields = dict[str, Any]


def fields_of(row: Mapping[str, Any]) -> Fields:
    """What a row says, by its names in lower case."""
    return {name.casefold(): value for name, value in row.items() if not is_nothing(value)}


def unwrapped(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one mapping within a row that holds its chat, as `body` does in a file of requests; else the row itself."""
    fields = fields_of(row)
    if any(isinstance(fields.get(name), str | list) for name in (*CHATS, *QUESTIONS, *CONTEXTS)):
        return row
    holders = [value for value in fields.values() if isinstance(value, dict) and _holds_chat(value)]
    return holders[0] if len(holders) == 1 else row


def turns_of(fields: Fields) -> tuple[list[Any], set[str]]:
    """The turns, and the names of the fields that have them.

    Raises:
        UnusableError: if there are none.
    """
    chat = next((name for name in CHATS if name in fields), None) or _other_chat(fields)
    if not chat:
        return _exchange(fields)
    turns = [turn for entry in _list_of_messages(fields[chat], chat) for turn in _entry_turns(entry)]
    beside = [name for name in (*SYSTEMS, *REASONINGS) if name in fields]
    reply = next((name for name in REPLIES if isinstance(fields.get(name), str)), None)
    if reply and turns and isinstance(turns[-1], dict) and role_of(turns[-1]) == "user":
        turns += _said(fields[reply], reply, "assistant")
        beside.append(reply)
    return _with_system(fields, turns), {chat, *beside}


def _holds_chat(fields: Mapping[str, Any]) -> bool:
    names = fields_of(fields).keys()
    return not names.isdisjoint((*CHATS, *QUESTIONS))


def _other_chat(fields: Fields) -> str | None:
    """The only field that is a list of messages, whatever it is called, of a row without a question."""
    if not fields.keys().isdisjoint((*QUESTIONS, *CONTEXTS)):
        return None
    lists = [name for name, value in fields.items() if isinstance(value, list) and all(map(_is_message, value))]
    return lists[0] if len(lists) == 1 else None


def _is_message(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    names = fields_of(value).keys()
    return not names.isdisjoint(ROLE_KEYS) and not names.isdisjoint(CONTENT_KEYS)


def _entry_turns(entry: object) -> list[Any]:
    """An entry of a chat: a message, or a question with its reply."""
    fields = fields_of(entry) if isinstance(entry, dict) else {}
    is_exchange = fields.keys().isdisjoint(ROLE_KEYS) and not fields.keys().isdisjoint(REPLIES)
    return _exchange(fields)[0] if is_exchange else [entry]


def _exchange(fields: Fields) -> tuple[list[Any], set[str]]:
    """A question with its reply, and what stands before it."""
    question = next((name for name in QUESTIONS if name in fields), None)
    context = next((name for name in CONTEXTS if name in fields), None)
    reply = next((name for name in REPLIES if name in fields), None)
    asked = question or context
    if not asked:
        raise _no_question(fields, reply)
    if not reply:
        others = ", ".join(describe(name) for name in list(fields)[:6] if name not in (question, context))
        also = f" (it also has {others})" if others else ""
        raise UnusableError("has no reply", f"has {asked} and no reply{also}; call its reply completion")
    turns = [*_history(fields), *_asked(fields, question, context), *_said(fields[reply], reply, "assistant")]
    used = {name for name in (question, context, reply, "history") if name}
    return _with_system(fields, turns), used | {name for name in (*REASONINGS, *SYSTEMS) if name in fields}


def _no_question(fields: Fields, reply: str | None) -> UnusableError:
    text = fields.get("text")
    if isinstance(text, str) and _WRITTEN_OUT.match(text):
        return UnusableError("is a chat in one text", "is a chat rendered as one text; write it as messages")
    if set(fields) == {"text"}:
        return UnusableError(
            "is a text",
            "is a plain text and no chat; texts are learned as documents: name their file as documents.from, or as "
            "the documents of a stage under stages:",
        )
    if reply and not isinstance(fields[reply], dict):
        return UnusableError("has no question", f"has {reply} and no question; call its question prompt")
    names = (f"{describe(name)}{did_you_mean(name, (*CHATS, 'prompt', 'question'))}" for name in list(fields)[:6])
    needs = "needs messages, or a question with its reply, such as prompt and completion"
    return UnusableError("is no chat", f"is no chat: it has {', '.join(names) or 'nothing'}, and {needs}")


def _with_system(fields: Fields, turns: list[Any]) -> list[Any]:
    """The turns after the system prompt that stands beside them, if one does."""
    system = next((text_of(fields[name], name) for name in SYSTEMS if name in fields), None)
    first = turns[0] if turns and isinstance(turns[0], dict) and role_of(turns[0]) == "system" else None
    if system is None:
        return turns
    if first is None:
        return [{"role": "system", "content": system}, *turns]
    if system != first_of(first, CONTENT_KEYS):
        raise UnusableError(
            "has two system prompts", "has a system prompt of its own and one in its messages; keep one"
        )
    return turns


def _list_of_messages(value: object, name: str) -> list[Any]:
    messages = _parsed(value) if isinstance(value, str) else value  # a column of a table often has them as text
    if isinstance(messages, dict):
        messages = _as_rows(messages)
    if not isinstance(messages, list):
        raise UnusableError("is no chat", f"{name} must be a list of messages, not {describe(value)}")
    return messages


def _as_rows(columns: Mapping[str, Any]) -> object:
    """Messages that stand in columns, as `datasets` saves a sequence of them; anything else as it is."""
    lists = [values for values in columns.values() if isinstance(values, list)]
    if not _is_message(columns) or len(lists) < len(columns) or len({len(values) for values in lists}) > 1:
        return columns
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def _parsed(text: str) -> object:
    """What a text is in JSON, or in Python's notation, in which pandas writes lists into a CSV; else the text."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    return text


def _history(fields: Fields) -> list[Message]:
    """Earlier turns, as pairs of a question and its reply."""
    pairs = fields.get("history", [])
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise UnusableError("has a history", "history must be a list of pairs of a question and its reply")
    roles = ("user", "assistant")
    return [{"role": role, "content": text} for pair in pairs for role, text in zip(roles, pair, strict=True)]


def _asked(fields: Fields, question: str | None, context: str | None) -> list[Any]:
    names = [name for name in (question, context) if name]
    if isinstance(fields[names[0]], list):
        return _said(fields[names[0]], names[0], "user")
    text = "\n\n".join(text_of(fields[name], name) for name in names)
    if _WRITTEN_OUT.match(text):
        raise UnusableError(
            "is a chat in one text", f"{names[0]} has a chat with its roles written out; write it as messages"
        )
    return _said(text, names[0], "user")


def _said(value: object, name: str, role: str) -> list[Any]:
    """A text as the message of `role`; messages as they are."""
    if isinstance(value, list) and not any(isinstance(entry, dict) for entry in value):
        message = f"{name} must be a text or a list of messages, and is a list of neither; a row is one chat"
        raise UnusableError("has no messages", message)
    return value if isinstance(value, list) else [{"role": role, "content": text_of(value, name)}]
