"""Files of chats: read in every usual form, and drawn from as demonstrations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from msm_mlx.demonstrations.chat_forms import chat_in_row
from msm_mlx.demonstrations.chat_messages import UnusableError
from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings
from msm_mlx.rows.problems import DataRow, RowError, RowProblem
from msm_mlx.rows.read import rows_and_problems
from msm_mlx.settings_file.base import is_settings_file
from msm_mlx.text.terminal import visible

SHOWN_NAMES = 12  # of what was not read


@dataclass(frozen=True)
class Chat:
    """One demonstration. It ends with the assistant's reply, and `reasoning` is what leads to that reply."""

    file: Path
    line: int
    messages: tuple[Message, ...]
    reasoning: str | None


@dataclass(frozen=True)
class ChatRows:
    """What the rows of a file or a data set hold.

    Attributes:
        unusable: why the other rows are no chats that can be learned.
        ignored: what of the chats' rows was not read, by the number of rows.
    """

    chats: tuple[Chat, ...]
    unusable: tuple[RowProblem, ...]
    ignored: Mapping[str, int]


def is_chat_file(path: Path) -> bool:
    """Whether demonstrations come from chats, and not from preferences."""
    return not is_settings_file(path)


def read_chats(source: str) -> ChatRows:
    """The chats of a file or of a data set of the hub. Empty lines count for nothing.

    Raises:
        RecipeError: with a line for every problem, if rows or files cannot be read at all.
        SetupError: if a data set, or what reads it, cannot be had.
    """
    chats: list[Chat] = []
    unreadable: list[RowProblem] = []
    unusable: list[RowProblem] = []
    ignored: Counter[str] = Counter()
    for row in rows_and_problems(source):
        if not isinstance(row, DataRow):
            unreadable.append(row)
            continue
        try:
            chat = chat_in_row(row.content)
        except UnusableError as error:
            unusable.append(RowProblem(row.file, row.line, error.kind, error.message))
            continue
        chats.append(Chat(row.file, row.line, chat.messages, chat.reasoning))
        ignored.update(chat.ignored)
    if unreadable:
        raise RowError([*unreadable, *unusable])
    return ChatRows(tuple(chats), tuple(unusable), dict(ignored.most_common()))


def require_chats(source: str) -> ChatRows:
    """The chats of a file all of whose rows are to be learned.

    Raises:
        RecipeError: with a line for every problem, or if there is no row.
    """
    rows = read_chats(source)
    if rows.unusable:
        raise RowError(rows.unusable)
    if not rows.chats:
        raise RecipeError(f'{source}: is empty; give each line a chat as {{"messages": [...]}}')
    return rows


def load_chats(path: Path) -> list[Chat]:
    """The chats of `require_chats` without what was ignored."""
    return list(require_chats(str(path)).chats)


def tell_ignored(ignored: Mapping[str, int]) -> str:
    """What of the rows was not read, in words."""
    names = [f"{visible(name)} ({count:,})" for name, count in ignored.items()]
    return ", ".join(names[:SHOWN_NAMES] + [f"{len(names) - SHOWN_NAMES:,} more"] * (len(names) > SHOWN_NAMES))


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
    message = f"has no reasoning, which cot-sft learns; {remedy}"
    without = [chat for chat in load_chats(path) if chat.reasoning is None]
    if without:
        raise RowError(RowProblem(chat.file, chat.line, "has no reasoning", message) for chat in without)


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
