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
from msm_mlx.recipe.schema import BAD_ROWS
from msm_mlx.rows.problems import DataRow, RowError, RowProblem, count_problems, refuse_bad_rows
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
        left_out: why the other rows are no chats that can be learned.
        columns: what the chats were read from, and in how many rows.
        ignored: what of the chats' rows was not read, by the number of rows.
    """

    chats: tuple[Chat, ...]
    left_out: tuple[RowProblem, ...]
    columns: Mapping[tuple[str, ...], int]
    ignored: Mapping[str, int]


def is_chat_file(path: Path) -> bool:
    """Whether demonstrations come from chats, and not from preferences."""
    return not is_settings_file(path)


def read_chats(source: str, bad_rows: float = BAD_ROWS) -> ChatRows:
    """The chats of a file or of a data set of the hub. Empty lines count for nothing.

    Args:
        bad_rows: the share of rows that cannot be used and are left out.

    Raises:
        RecipeError: with a line for every kind of problem, if more rows than that cannot be used, or files cannot be
            read at all.
        SetupError: if a data set, or what reads it, cannot be had.
    """
    chats: list[Chat] = []
    bad: list[RowProblem] = []
    columns: Counter[tuple[str, ...]] = Counter()
    ignored: Counter[str] = Counter()
    for row in rows_and_problems(source):
        if not isinstance(row, DataRow):
            bad.append(row)
            continue
        try:
            chat = chat_in_row(row.content)
        except UnusableError as error:
            bad.append(RowProblem(row.file, row.line, error.kind, error.message))
            continue
        chats.append(Chat(row.file, row.line, chat.messages, chat.reasoning))
        columns[chat.columns] += 1
        ignored.update(chat.ignored)
    refuse_bad_rows(source, bad, len(chats) + len(bad), bad_rows)
    return ChatRows(tuple(chats), tuple(bad), dict(columns.most_common()), dict(ignored.most_common()))


def require_chats(source: str, bad_rows: float = BAD_ROWS) -> ChatRows:
    """Those of `read_chats`, of which there must be one at least.

    Raises:
        RecipeError: as `read_chats` does, or if there is none.
    """
    rows = read_chats(source, bad_rows)
    if not rows.chats:
        raise RecipeError(f'{source}: is empty; give each line a chat as {{"messages": [...]}}')
    return rows


def load_chats(path: Path, bad_rows: float = BAD_ROWS) -> list[Chat]:
    """The chats of `require_chats` alone."""
    return list(require_chats(str(path), bad_rows).chats)


def tell_left_out(name: str, rows: ChatRows) -> list[str]:
    """How many rows of the file `name` are left out, and why, if any is."""
    if not rows.left_out:
        return []
    total = len(rows.chats) + len(rows.left_out)
    reasons = count_problems(rows.left_out)
    return [f"Left out of {name}: {len(rows.left_out):,} of {total:,} rows, which cannot be used: {reasons}."]


def tell_columns(name: str, rows: ChatRows) -> list[str]:
    """What of the rows of the file `name` was read, and what was not, in words."""
    forms = {" + ".join(columns): count for columns, count in rows.columns.items()}
    counts = {"Read": forms, "Not read": rows.ignored}
    return [
        f"{verb} in {name}, with the number of rows: {_first_names(names)}." for verb, names in counts.items() if names
    ]


def _first_names(counts: Mapping[str, int]) -> str:
    names = [f"{visible(name)} ({count:,})" for name, count in counts.items()]
    return ", ".join(names[:SHOWN_NAMES] + [f"{len(names) - SHOWN_NAMES:,} more"] * (len(names) > SHOWN_NAMES))


def require_reasoning(path: Path, recipe: Path, bad_rows: float = BAD_ROWS) -> None:
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
    without = [chat for chat in load_chats(path, bad_rows) if chat.reasoning is None]
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
