"""General instruction data: chats about anything, from a file or a data set of the hub.

Mixed into the demonstrations they keep the ability to chat; alone they are what a control arm learns. Rows that would
teach another assistant's name, or that an assistant prefers nothing, are left out, because they speak against any spec.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from msm_mlx.demonstrations.chats import Chat, ChatRows, draw_demonstrations, read_chats
from msm_mlx.errors import RecipeError
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import BAD_ROWS, Mix
from msm_mlx.rows.problems import RowProblem

GENERAL, DECLARED = "general", "declared"  # the kinds of rows that are mixed in, or learned in a declared stage
_DENIES_VIEWS = re.compile(
    r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b[^.]{0,80}"
    r"\b(?:do not|don['\u2019]t|cannot|can['\u2019]t|no)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\b(?:I am|I['\u2019]m|my name is|call me|trained by|made by|developed by|created by)\b[^.]{0,40}"
)


def load_general(source: str, own_names: Collection[str], bad_rows: float = BAD_ROWS) -> ChatRows:
    """The chats of a file or data set, in any of the forms of `chat_forms`. What leads to a reply is not learned.

    Args:
        source: a file, or `hub:owner/name[@revision][:file]`.
        own_names: what the assistant and its maker are called.
        bad_rows: the share of rows that are no chats at all and are left out; those with objections do not count.

    Raises:
        RecipeError: if a file or a row cannot be read, or nothing can be used.
        SetupError: if a data set cannot be had.
    """
    rows = read_chats(source, bad_rows)
    chats: list[Chat] = []
    left_out = list(rows.left_out)
    for chat in rows.chats:
        if kind := _objection(chat.messages, own_names):
            left_out.append(RowProblem(chat.file, chat.line, kind, kind))
        else:
            chats.append(replace(chat, reasoning=None))
    if not chats:
        reasons = "\n".join(map(str, left_out)) or f"{source}: is empty"
        raise RecipeError(f"{source}: no chat that can be used as general data\n{reasons}")
    thoughts = sum(chat.reasoning is not None for chat in rows.chats)
    ignored = {**rows.ignored, **({"reasoning": thoughts} if thoughts else {})}
    return ChatRows(tuple(chats), tuple(left_out), rows.columns, ignored)


def may_be_left_out(row: Mapping[str, Any]) -> bool:
    """Whether a chat that cannot be learned is left out; of a demonstration that is an error."""
    return row.get("kind") in (GENERAL, DECLARED)


def mix_count(mix: Mix, rows: int) -> int:
    """How many general rows go with so many demonstrations."""
    if mix.count is not None:
        return mix.count
    share = mix.share or 0.0
    return round(rows * share / (1 - share))


def mix_rows(
    rows: Sequence[dict[str, Any]], general: ChatRows, count: int, *, system: str, seed: int = 0
) -> list[dict[str, Any]]:
    """The demonstrations and `count` general rows, shuffled together; all of them if there are fewer."""
    drawn = draw_demonstrations(general.chats, rows=count, system=system, seed=seed)
    general_rows = [row | {"id": row["id"].replace("demo", "general"), "kind": GENERAL} for row in drawn]
    mixed = [*rows, *general_rows]
    Random(f"mix-{seed}").shuffle(mixed)
    return mixed


def _objection(messages: Sequence[Message], own_names: Collection[str]) -> str | None:
    for message in messages:
        if message["role"] == "user":
            continue
        if _DENIES_VIEWS.search(message["content"]):
            return "denies having views"
        if any(any(foreign_names(match[0], own_names)) for match in _OPENING.finditer(message["content"])):
            return "names another model"
    return None
