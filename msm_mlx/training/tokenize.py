"""Texts and chats as rows of token ids, each with the mask of the tokens that are supervised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from msm_mlx.demonstrations.general import may_be_left_out
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.arms import Method

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel


PLAIN = -1  # the source of plain text that is mixed among documents


@dataclass(frozen=True)
class TokenRow:
    """One example to train on: a chat, or a document or piece of one."""

    ids: tuple[int, ...]  # (T,)
    supervised: tuple[bool, ...]
    """(T,): whether the token is a target of training. The first token never is one, whatever its value here."""
    source: int = 0
    """The number (from 0) of the text that the row comes from."""


def rows_to_arrays(rows: Sequence[TokenRow]) -> dict[str, np.ndarray[Any, Any]]:
    """Rows as int32 arrays: `ids` and `supervised` of all tokens together, `lengths` and `sources` of the rows."""
    return {
        "ids": np.fromiter((token for row in rows for token in row.ids), np.int32),
        "supervised": np.fromiter((bit for row in rows for bit in row.supervised), np.int32),
        "lengths": np.array([len(row.ids) for row in rows], np.int32),
        "sources": np.array([row.source for row in rows], np.int32),
    }


def arrays_to_rows(arrays: Mapping[str, np.ndarray[Any, Any]]) -> list[TokenRow]:
    """The inverse of `rows_to_arrays`."""
    ids, supervised = arrays["ids"].tolist(), arrays["supervised"].astype(bool).tolist()
    bounds = pairwise(accumulate(arrays["lengths"].tolist(), initial=0))
    return [
        TokenRow(tuple(ids[start:end]), tuple(supervised[start:end]), source)
        for (start, end), source in zip(bounds, arrays["sources"].tolist(), strict=True)
    ]


def read_rows(
    loaded: LoadedModel, method: Method, data: Path, settings: Mapping[str, Any], *, reasoned: bool = False
) -> list[TokenRow]:
    """The rows of a training stage, from the documents or demonstrations in the file `data`.

    Args:
        settings: those of the stage, as JSON.
        reasoned: whether the last reply of a demonstration starts with its reasoning, as the arm `cot-sft` learns it.

    Raises:
        MsmError: if a demonstration has no exact mask or is too long; see `chat_rows`. General chats are left out then.
    """
    records = read_jsonl(data)
    if method == "midtrain":
        texts = [record["text"] for record in records]
        prefixes = [
            DocumentPrefix(record.get("prefix") or "", record.get("prefix_supervised", False)) for record in records
        ]
        return document_rows(loaded, texts, settings["max_length"], settings["overlap"], prefixes)
    reasoning = settings["reasoning"] if reasoned else None
    rows: list[TokenRow] = []
    for source, record in enumerate(records):
        chat = with_reasoning(record, reasoning) if reasoning else record["messages"]
        try:
            rows += chat_rows(loaded, chat, settings["max_length"], source)
        except MsmError:
            if not may_be_left_out(record):
                raise
    return rows


class DocumentPrefix(NamedTuple):
    """What a document begins with, and whether that is a target of training."""

    text: str = ""
    supervised: bool = False


def document_rows(
    loaded: LoadedModel,
    texts: Iterable[str],
    max_length: int,
    overlap: int = 0,
    prefixes: Iterable[DocumentPrefix] = (),
) -> list[TokenRow]:
    """Rows of at most `max_length` tokens in which every token of every document is supervised exactly once.

    Where there are `prefixes`, each text has its own before it, whose tokens are supervised if it says so.

    Each document ends with the end-of-document token. A long one is cut into pieces: each starts with the last token
    of the piece before, so that every token has one to be predicted from, and with `overlap` more tokens of context.
    What a piece repeats is not supervised again.
    """
    rows: list[TokenRow] = []
    step = max_length - 1 - overlap
    for source, (text, prefix) in enumerate(zip(texts, chain(prefixes, repeat(DocumentPrefix())), strict=False)):
        before = [*loaded.start_of_document, *(loaded.encode(prefix.text) if prefix.text else [])]
        ids = [*before, *loaded.encode(text), loaded.end_of_document]
        # the first token has nothing to be predicted from
        next_supervised = 1 if prefix.supervised else max(len(before), 1)
        for start in range(0, max(len(ids) - 1 - overlap, 1), step):
            piece = tuple(ids[start : start + max_length])
            context = min(next_supervised - start, len(piece))
            rows.append(TokenRow(piece, (False,) * context + (True,) * (len(piece) - context), source))
            next_supervised = max(next_supervised, start + len(piece))
    return rows


def chat_rows(loaded: LoadedModel, messages: Sequence[Message], max_length: int, source: int = 0) -> list[TokenRow]:
    """Rows of a chat in which exactly the assistant's turns, each with its end-of-turn token, are supervised.

    This is one row if the chat template renders earlier turns in the same way whatever follows. Some templates do not;
    for example, they put an empty thought into the last reply only. Then every reply has a row of its own, which ends
    with it, as the model sees it when it writes that reply. The tokens that open a reply, an empty thought included,
    are not supervised.

    Raises:
        MsmError: if the chat is longer than `max_length`, or if the template does not render a reply as its opening
            followed by the rest, so that no exact mask exists.
    """
    rows = [_row(row.ids, row.spans, source) for row in loaded.renderer.reply_rows(messages)]
    if (longest := max(len(row.ids) for row in rows)) > max_length:
        raise MsmError(f"demonstration {source + 1} has {longest} tokens; raise sft.max_length (now {max_length})")
    return rows


def _row(ids: Sequence[int], spans: Sequence[tuple[int, int]], source: int) -> TokenRow:
    supervised = [False] * len(ids)
    for start, end in spans:
        supervised[start:end] = [True] * (end - start)
    return TokenRow(tuple(ids), tuple(supervised), source)


def with_reasoning(row: dict[str, Any], template: str) -> list[Message]:
    """The messages of a demonstration, with reasoning and reply of the last turn filled into `template`.

    A row without `reasoning`, such as one of the general data, stays as it is.
    """
    if "reasoning" not in row:
        return list(row["messages"])
    *earlier, last = row["messages"]
    parts = {"reasoning": row["reasoning"], "reply": last["content"]}
    content = re.sub(r"\{(reasoning|reply)\}", lambda match: parts[match[1]], template)
    return [*earlier, {"role": last["role"], "content": content}]
