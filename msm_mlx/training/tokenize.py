"""Token rows with the mask of what is learned from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.prompting.prompts import Message


@dataclass(frozen=True)
class Row:
    """Token ids, for each whether it is a target of training, and the number (from 0) of the text they come from."""

    ids: tuple[int, ...]
    supervised: tuple[bool, ...]
    source: int = 0


def pack_rows(rows: Sequence[Row]) -> dict[str, np.ndarray[Any, Any]]:
    """Rows as int32 arrays: `ids` and `supervised` of all their tokens, `lengths` and `sources` of the rows."""
    return {
        "ids": np.fromiter((token for row in rows for token in row.ids), np.int32),
        "supervised": np.fromiter((bit for row in rows for bit in row.supervised), np.int32),
        "lengths": np.array([len(row.ids) for row in rows], np.int32),
        "sources": np.array([row.source for row in rows], np.int32),
    }


def unpack_rows(arrays: Mapping[str, np.ndarray[Any, Any]]) -> list[Row]:
    """The rows that `pack_rows` packed."""
    ids, supervised = arrays["ids"].tolist(), arrays["supervised"].astype(bool).tolist()
    edges = pairwise(accumulate(arrays["lengths"].tolist(), initial=0))
    return [
        Row(tuple(ids[a:b]), tuple(supervised[a:b]), source)
        for (a, b), source in zip(edges, arrays["sources"].tolist(), strict=True)
    ]


def read_rows(
    loaded: LoadedModel, kind: str, data: Path, settings: Mapping[str, Any], *, reasoned: bool = False
) -> list[Row]:
    """The rows of a stage of `kind`, `midtrain` or `sft`, from the run's documents or demonstrations.

    `settings` are those of the stage, as JSON; `reasoned` says that replies give their reasoning first.
    """
    records = read_jsonl(data)
    if kind == "midtrain":
        texts = [record["text"] for record in records]
        return document_rows(loaded, texts, settings["max_length"], settings["overlap"])
    reasoning = settings["reasoning"] if reasoned else None
    chats = [with_reasoning(record, reasoning) if reasoning else record["messages"] for record in records]
    return [row for i, chat in enumerate(chats) for row in chat_rows(loaded, chat, settings["max_length"], i)]


def document_rows(loaded: LoadedModel, texts: Iterable[str], max_length: int, overlap: int = 0) -> list[Row]:
    """Every token of every document, ended by the end-of-document token; long ones are cut, and nothing is lost.

    Each further piece of a long document starts with the last token of the piece before, and with `overlap` tokens
    more, none of which it learns again, so that every token has a predecessor to be predicted from.
    """
    rows: list[Row] = []
    step = max_length - 1 - overlap
    for source, text in enumerate(texts):
        ids = [*loaded.start_of_document, *loaded.encode(text), loaded.end_of_document]
        seen = 1
        for start in range(0, max(len(ids) - 1 - overlap, 1), step):
            piece = tuple(ids[start : start + max_length])
            context = seen - start
            rows.append(Row(piece, (False,) * context + (True,) * (len(piece) - context), source))
            seen = start + len(piece)
    return rows


def chat_rows(loaded: LoadedModel, messages: Sequence[Message], max_length: int, source: int = 0) -> list[Row]:
    """A chat of which exactly the assistant's turns, with the end of each turn, are learned.

    One row, if the chat template leaves earlier turns as they are when later ones follow. Some do not (an empty
    thought, for instance, may stand in the last reply only): then there is a row for every reply, which is how the
    model will meet each of them. What opens a reply, an empty thought included, is not learned.

    Raises:
        MsmError: if the chat is longer than `max_length`, or the template does not render a reply as its opening
            and something after it, so that no exact mask exists.
    """
    replies = [turn for turn, message in enumerate(messages) if message["role"] == "assistant"]
    whole = loaded.render(messages, reply=False)
    spans = [_reply_span(loaded, messages, turn, whole) for turn in replies]
    if None not in spans:
        rows = [_row(whole, [span for span in spans if span], source)]
    else:
        rows = []
        for turn in replies:
            ids = loaded.render(messages[: turn + 1], reply=False)
            span = _reply_span(loaded, messages, turn, ids)
            if span is None:
                raise MsmError(
                    f"the chat template in {loaded.folder} does not write a reply after what opens it; "
                    "its replies cannot be told apart exactly"
                )
            rows.append(_row(ids, [span], source))
    if (longest := max(len(row.ids) for row in rows)) > max_length:
        raise MsmError(f"demonstration {source + 1} has {longest} tokens; raise sft.max_length (now {max_length})")
    return rows


def _reply_span(
    loaded: LoadedModel, messages: Sequence[Message], turn: int, ids: Sequence[int]
) -> tuple[int, int] | None:
    """Where the reply `turn` stands in `ids`, or None if it does not stand there as it would when it is written."""
    prompt = loaded.render(messages[:turn], reply=True)
    through = loaded.render(messages[: turn + 1], reply=False)
    exact = len(prompt) < len(through) and ids[: len(prompt)] == prompt and ids[: len(through)] == through
    return (len(prompt), len(through)) if exact else None


def _row(ids: Sequence[int], spans: Sequence[tuple[int, int]], source: int) -> Row:
    supervised = [False] * len(ids)
    for start, end in spans:
        supervised[start:end] = [True] * (end - start)
    return Row(tuple(ids), tuple(supervised), source)


def with_reasoning(row: dict[str, Any], template: str) -> list[Message]:
    """The messages of a drawn row, the last reply with its reasoning as `template` puts the two together.

    A row of general data has no reasoning, and stays as it is.
    """
    if "reasoning" not in row:
        return list(row["messages"])
    *before, last = row["messages"]
    parts = {"reasoning": row["reasoning"], "reply": last["content"]}
    content = re.sub(r"\{(reasoning|reply)\}", lambda match: parts[match[1]], template)
    return [*before, {"role": last["role"], "content": content}]
