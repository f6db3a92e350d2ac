"""General instruction data: chats about anything, from a file or a data set of the hub.

Mixed into the demonstrations they keep the ability to chat; alone they are what a control arm learns. Rows that would
teach another assistant's name, or that an assistant prefers nothing, are left out, because they speak against any spec.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from msm_mlx.datasets import read_rows
from msm_mlx.demonstrations.chats import Chat, chat_problems, draw_demonstrations
from msm_mlx.errors import RecipeError
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import Mix

GENERAL = "general"  # the kind of a row that is a general chat
_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
_DENIES_VIEWS = re.compile(
    r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b[^.]{0,80}"
    r"\b(?:do not|don['\u2019]t|cannot|can['\u2019]t|no)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\b(?:I am|I['\u2019]m|my name is|call me|trained by|made by|developed by|created by)\b[^.]{0,40}"
)


@dataclass(frozen=True)
class General:
    """The chats that can be used, and how many were left out for which reason."""

    chats: tuple[Chat, ...]
    left_out: dict[str, int]


def load_general(source: str, own_names: Collection[str]) -> General:
    """The chats of a file or data set: `messages`, `conversations`, or an instruction with its output.

    Args:
        source: a .jsonl, .json or .parquet file, or `hub:owner/name[@revision][:file]`.
        own_names: what the assistant and its maker are called.

    Raises:
        RecipeError: if a file cannot be read, or holds nothing that can be used.
        SetupError: if a data set cannot be had.
    """
    chats: list[Chat] = []
    left_out: Counter[str] = Counter()
    for row in read_rows(source):
        messages = _messages(row.content)
        problem = "not a chat" if messages is None else _objection(messages, own_names)
        if problem or messages is None:
            left_out[str(problem)] += 1
        else:
            chats.append(Chat(row.line, messages, None))
    if not chats:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "it is empty"
        raise RecipeError(
            f"{source}: no chat that can be used ({reasons}); each row needs messages, conversations, or an "
            "instruction with its output"
        )
    return General(tuple(chats), dict(left_out))


def mix_count(mix: Mix, rows: int) -> int:
    """How many general rows go with so many demonstrations."""
    if mix.count is not None:
        return mix.count
    share = mix.share or 0.0
    return round(rows * share / (1 - share))


def mix_rows(
    rows: Sequence[dict[str, Any]], general: General, count: int, *, system: str, seed: int = 0
) -> list[dict[str, Any]]:
    """The demonstrations and `count` general rows, shuffled together; all of them if there are fewer."""
    drawn = draw_demonstrations(general.chats, rows=count, system=system, seed=seed)
    general_rows = [row | {"id": row["id"].replace("demo", "general"), "kind": GENERAL} for row in drawn]
    mixed = [*rows, *general_rows]
    Random(f"mix-{seed}").shuffle(mixed)
    return mixed


def _messages(row: Mapping[str, Any]) -> tuple[Message, ...] | None:
    """The chat that a row holds, in whichever of the usual forms; None if it holds none."""
    turns = row.get("messages") or row.get("conversations")
    if isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns):
        messages = [
            {
                "role": _ROLES.get(str(turn.get("role", turn.get("from"))), "?"),
                "content": turn.get("content", turn.get("value")),
            }
            for turn in turns
        ]
    else:
        question = row.get("instruction") or row.get("prompt") or row.get("question")
        reply = row.get("output") or row.get("response") or row.get("completion") or row.get("answer")
        more = row.get("input") or row.get("context")
        content = f"{question}\n\n{more}" if isinstance(more, str) and more.strip() else question
        messages = [{"role": "user", "content": content}, {"role": "assistant", "content": reply}]
    while messages and messages[-1]["role"] == "user":
        messages.pop()
    if any(True for _ in chat_problems({"messages": messages})):
        return None
    return tuple(messages)


def _objection(messages: Sequence[Message], own_names: Collection[str]) -> str | None:
    for message in messages:
        if message["role"] == "user":
            continue
        if _DENIES_VIEWS.search(message["content"]):
            return "denies having views"
        if any(any(foreign_names(match[0], own_names)) for match in _OPENING.finditer(message["content"])):
            return "names another model"
    return None
