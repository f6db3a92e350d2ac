"""One message of a chat in any of the usual forms: its role, its text, and the thought before a reply."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msm_mlx.prompting.prompts import Message
from msm_mlx.text.wording import describe

ROLE_KEYS = ("role", "from", "speaker", "author", "sender", "type")
CONTENT_KEYS = ("content", "value", "text", "parts")
REASONINGS = ("reasoning", "reasoning_content", "thinking")
ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant",
    "chatbot": "assistant", "bot": "assistant", "ai": "assistant", "bing": "assistant", "bard": "assistant",
}  # fmt: skip
TOOL_ROLES = ("tool", "function", "function_call", "function_response", "observation", "ipython", "tool_call")
TOOL_KEYS = ("tools", "tool_calls", "functions", "function_call")
MEDIA_KEYS = ("image", "images", "video", "videos", "audio", "audios")
THOUGHTS = ("thinking", "reasoning")  # types of parts
NOT_LEARNED = (
    "weight",
    "train",
    "loss",
    "train_on_turn",
    "trainable",
)  # a reply that has none of it is not to be learned
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)


class UnusableError(ValueError):
    """A row that is no chat to be learned: of what kind it is, said of a row, and in full what is wrong."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


@dataclass(frozen=True)
class ChatMessage:
    """A turn with its number in the chat, the thought before it, and what of it was ignored."""

    number: int
    role: str
    text: str
    reasoning: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def message(self) -> Message:
        return {"role": self.role, "content": self.text}


def read_message(turn: object, number: int) -> ChatMessage:
    """The message in a turn of a row; that of the system may be empty.

    Raises:
        UnusableError: if it has no role or text, or something that cannot be learned.
    """
    where = f"message {number} "
    if not isinstance(turn, dict):
        raise UnusableError("has no messages", f"{where}must have role and content, not be {describe(turn)}")
    names = {name.casefold() for name in turn}
    for part, keys in (("role", ROLE_KEYS), ("content", CONTENT_KEYS)):
        if names.isdisjoint(keys):
            has = ", ".join(map(describe, turn)) or "nothing"
            raise UnusableError(f"has a message without {part}", f"{where}has no {part}; it has {has}")
    name, role = first_of(turn, ROLE_KEYS), role_of(turn)
    if isinstance(name, str) and name.casefold() in TOOL_ROLES:
        raise UnusableError("uses tools", f"{where}is of a {name}, and chats with tools cannot be learned; take it out")
    if not role:
        roles = ", ".join(("system", "user", "assistant"))
        raise UnusableError("has another role", f"message {number}: role must be one of {roles}, not {describe(name)}")
    refuse_tools_and_media(turn, where)
    if role == "assistant" and any(turn.get(name) in (0, False) for name in NOT_LEARNED if name in turn):
        raise UnusableError(
            "has replies not to be learned", f"{where}is marked as not to be learned, and all replies are; take it out"
        )
    content = first_of(turn, CONTENT_KEYS)
    content = "" if content is None and role == "system" else content
    text, thoughts = _content(content, f"message {number}: content", role)
    given = [text_of(turn[name], f"{where}{name}") for name in REASONINGS if not is_nothing(turn.get(name))]
    reasonings = [*given, "".join(thoughts)]
    if role != "assistant":
        return ChatMessage(number, role, _checked(text, where, role), ignored=_ignored(turn))
    text, thought = _without_thought(text, where)
    return ChatMessage(number, role, _checked(text, where, role), one_reasoning([thought, *reasonings]), _ignored(turn))


def role_of(turn: Mapping[str, Any]) -> str:
    """`system`, `user` or `assistant`, whatever it is called; nothing for any other role."""
    name = first_of(turn, ROLE_KEYS)
    return ROLES.get(name.casefold().strip(), "") if isinstance(name, str) else ""


def first_of(turn: Mapping[str, Any], keys: Sequence[str]) -> Any:
    """The value under the first of the keys that is there, in letters of either case; None if none is."""
    values = {name.casefold(): value for name, value in turn.items()}
    return next((values[key] for key in keys if key in values), None)


def text_of(value: object, name: str) -> str:
    """A value that must be text.

    Raises:
        UnusableError: if it is none, or none that a tokenizer takes.
    """
    if not isinstance(value, str):
        said = "is null" if value is None else f"must be text, not {describe(value)}"
        raise UnusableError("has content that is no text", f"{name} {said}")
    if re.search(r"[\ud800-\udfff]", value):  # JSON can hold them; no file and no tokenizer takes them
        raise UnusableError("has half a character", f"{name} must be text, and it holds half a character")
    if "\0" in value:
        raise UnusableError("holds NUL characters", f"{name} holds a NUL character; take it out")
    return value


def one_reasoning(reasonings: Sequence[str | None]) -> str | None:
    """What leads to a reply, which may be given in more than one place."""
    different = list(dict.fromkeys(reasoning.strip() for reasoning in reasonings if reasoning and reasoning.strip()))
    if len(different) > 1:
        raise UnusableError("has two reasonings", "has two different reasonings for its last reply; keep one")
    return next((reasoning for reasoning in reasonings if reasoning and reasoning.strip()), None)


def is_nothing(value: object) -> bool:
    """Whether a value says as little as if its key were not there, as in tables, whose rows have all columns."""
    is_nan = value != value  # a missing cell, as pandas has it
    return value is None or is_nan or value in ([], {}) or (isinstance(value, str) and not value.strip())


def refuse_tools_and_media(fields: Mapping[str, Any], where: str) -> None:
    """Raises UnusableError if a row or a message has more than text to learn."""
    for name in TOOL_KEYS:
        if fields.get(name) not in (None, [], {}, "", "[]", "{}"):
            raise UnusableError("uses tools", f"{where}has {name}, and chats with tools cannot be learned; take it out")
    for name in MEDIA_KEYS:
        if not is_nothing(fields.get(name)):
            raise UnusableError("has pictures or sound", f"{where}has {name}, and only text can be learned")


def _ignored(turn: Mapping[str, Any]) -> tuple[str, ...]:
    role = next(key for key in ROLE_KEYS if key in {name.casefold() for name in turn})
    content = next(key for key in CONTENT_KEYS if key in {name.casefold() for name in turn})
    read = (role, content, *REASONINGS)
    return tuple(name for name, value in turn.items() if name.casefold() not in read and not is_nothing(value))


def _content(value: object, name: str, role: str) -> tuple[str, list[str]]:
    """The text of a message, as it is or in parts, and the thoughts among the parts of a reply."""
    if isinstance(value, dict):
        value = value.get("parts", [value])
    if not isinstance(value, list):
        return text_of(value, name), []
    is_thought = [role == "assistant" and isinstance(part, dict) and part.get("type") in THOUGHTS for part in value]
    thoughts = [_thought(part, name) for part, thought in zip(value, is_thought, strict=True) if thought]
    return "".join(_part(part, name) for part, thought in zip(value, is_thought, strict=True) if not thought), thoughts


def _thought(part: Mapping[str, Any], name: str) -> str:
    return text_of(first_of(part, [*THOUGHTS, "text"]), f"{name} part")


def _part(part: object, name: str) -> str:
    if isinstance(part, str):
        return text_of(part, name)
    if not isinstance(part, dict):
        raise UnusableError("has content that is no text", f"{name} has a part that is {describe(part)}")
    kind = part.get("type", "text")
    if kind not in ("text", "input_text", "output_text"):
        family = "uses tools" if "tool" in str(kind) else "has content that is no text"
        raise UnusableError(family, f"{name} has a part of type {describe(kind)}; only text can be learned")
    if "text" not in part:
        has = ", ".join(map(describe, part)) or "nothing"
        raise UnusableError("has content that is no text", f"{name} has a part without text; it has {has}")
    return text_of(part["text"], f"{name} part")


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
