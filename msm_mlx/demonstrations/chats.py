"""Demonstrations from a file of chats: one JSON object a line, with `messages` and, where there is one, `reasoning`.

{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}], "reasoning": "..."}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings
from msm_mlx.text.wording import describe, did_you_mean

KEYS = ("messages", "reasoning")
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Chat:
    """One demonstration. It ends with the assistant's reply, and `reasoning` is what leads to that reply."""

    line: int
    messages: tuple[Message, ...]
    reasoning: str | None


def is_chat_file(path: Path) -> bool:
    """Whether demonstrations come from chats, and not from preferences."""
    return path.suffix == ".jsonl"


def load_chats(path: Path) -> list[Chat]:
    """Read a file of chats. Empty lines count for nothing.

    Raises:
        RecipeError: with one line for every problem, each as `file:line: what is wrong`.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such file; check the path of the demonstrations") from error
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from error
    chats: list[Chat] = []
    problems: list[str] = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        row, of_line = _parse(line)
        problems += [f"{path}:{number}: {problem}" for problem in of_line]
        if not of_line:
            messages = tuple({"role": m["role"], "content": m["content"]} for m in row["messages"])
            chats.append(Chat(number, messages, row.get("reasoning")))
    if problems:
        raise RecipeError("\n".join(problems))
    if not chats:
        raise RecipeError(f'{path}: is empty; give each line a chat as {{"messages": [...]}}')
    return chats


def require_reasoning(path: Path, recipe: Path) -> None:
    """Make sure that every demonstration has its reasoning.

    Raises:
        RecipeError: with what to do, if the demonstrations are not chats, or some have none.
    """
    if has_demonstration_settings(path):
        return  # the writer gives every answer its reasoning
    remedy = f'give each row a "reasoning", or take cot-sft out of the arms in {recipe}'
    if not is_chat_file(path):
        raise RecipeError(f"{path}: has no reasoning, which cot-sft learns; name a .jsonl file of chats and {remedy}")
    without = [chat.line for chat in load_chats(path) if chat.reasoning is None]
    if without:
        more = f" (and {len(without) - 1} more)" if len(without) > 1 else ""
        raise RecipeError(f"{path}:{without[0]}: has no reasoning, which cot-sft learns{more}; {remedy}")


def draw_demonstrations(chats: Sequence[Chat], *, rows: int, system: str, seed: int = 0) -> list[dict[str, Any]]:
    """`rows` of the chats, or all if there are fewer, drawn without repeats in an order that depends on `seed` alone.

    `system` opens those that have no system prompt of their own.
    """
    drawn = Random(seed).sample(chats, min(rows, len(chats)))
    opening = {"role": "system", "content": system}
    width = max(4, len(str(len(drawn))))
    return [
        {
            "messages": [*([] if chat.messages[0]["role"] == "system" else [opening]), *chat.messages],
            **({} if chat.reasoning is None else {"reasoning": chat.reasoning}),
            "id": f"demo-{number:0{width}d}",
            "kind": "chat",
            "line": chat.line,
        }
        for number, chat in enumerate(drawn, start=1)
    ]


def _parse(line: bytes) -> tuple[dict[str, Any], list[str]]:
    """The row, and what is wrong with it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, [f"is not JSON: {error}"]
    if not isinstance(row, dict):
        return {}, [f"must be an object with messages, not {describe(row)}"]
    return row, list(chat_problems(row))


def chat_problems(row: dict[str, Any]) -> Iterator[str]:
    """What keeps a row from being a chat."""
    for key in (key for key in row if key not in KEYS):
        yield f"unknown key {describe(key)}{did_you_mean(key, KEYS)}"
    if not _is_text(row.get("reasoning", "none given")):
        yield f"reasoning must be text, not {describe(row['reasoning'])}"
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages must be a list with at least a question and a reply"
        return
    for number, message in enumerate(messages, start=1):
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            yield f"message {number} must have exactly role and content"
            return
        if message["role"] not in ROLES:
            yield f"message {number}: role must be one of {', '.join(ROLES)}, not {describe(message['role'])}"
            return
        if not _is_text(message["content"]):
            yield f"message {number}: content must be text, not {describe(message['content'])}"
    roles = [message["role"] for message in messages]
    turns = roles[1:] if roles[0] == "system" else roles
    if not turns or len(turns) % 2 or turns != ["user", "assistant"] * (len(turns) // 2):
        yield "messages must be user and assistant in turns, after at most one system prompt, and end with a reply"


def _is_text(value: object) -> bool:
    """JSON can hold halves of characters, which no file and no tokenizer takes."""
    return isinstance(value, str) and bool(value.strip()) and not re.search(r"[\ud800-\udfff]", value)
