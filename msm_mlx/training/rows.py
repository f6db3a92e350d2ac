"""Token rows with the mask of what is learned from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msm_mlx.engine.models import LoadedModel, Message
from msm_mlx.errors import MsmError


@dataclass(frozen=True)
class Row:
    """Token ids, and for each whether it is a target of training."""

    ids: tuple[int, ...]
    supervised: tuple[bool, ...]


def document_rows(loaded: LoadedModel, texts: Iterable[str], max_length: int) -> list[Row]:
    """Every token of every document, ended by the end-of-document token; long ones are cut, and nothing is lost.

    Each further piece of a long document starts with the last token of the piece before, which it does not learn
    again, so that every token has a predecessor to be predicted from.
    """
    rows: list[Row] = []
    for text in texts:
        ids = [*loaded.start_of_document, *loaded.encode(text), loaded.end_of_document]
        step = max_length - 1
        for start in range(0, max(len(ids) - 1, 1), step):
            piece = tuple(ids[start : start + max_length])
            rows.append(Row(piece, (False, *(True,) * (len(piece) - 1))))
    return rows


def chat_row(loaded: LoadedModel, messages: Sequence[Message], max_length: int) -> Row:
    """A chat of which exactly the assistant's turns, with the end of each turn, are learned.

    Raises:
        MsmError: if the chat is longer than `max_length`, or the chat template changes earlier turns when later
            ones follow, so that no exact mask exists.
    """
    ids = loaded.render(messages, reply=False)
    supervised = [False] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = loaded.render(messages[:turn], reply=True)
        through = loaded.render(messages[: turn + 1], reply=False)
        if ids[: len(prompt)] != prompt or ids[: len(through)] != through:
            raise MsmError(
                f"the chat template in {loaded.folder} rewrites earlier turns; its replies cannot be told apart exactly"
            )
        supervised[len(prompt) : len(through)] = [True] * (len(through) - len(prompt))
    if len(ids) > max_length:
        raise MsmError(f"a demonstration has {len(ids)} tokens; raise sft.max_length (now {max_length})")
    return Row(tuple(ids), tuple(supervised))
