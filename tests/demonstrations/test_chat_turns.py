"""Where the turns of a row stand, beyond the forms in which every chat is read the same (`test_chat_forms`)."""

from __future__ import annotations

from typing import Any

import pytest

from msm_mlx.demonstrations.chat_forms import ChatInRow, chat_in_row

ASK, SAY = {"role": "user", "content": "Which?"}, {"role": "assistant", "content": "This."}
CHAT = [ASK, SAY]


@pytest.mark.parametrize(
    ("row", "columns", "ignored"),
    [
        ({"dialog": CHAT}, ("dialog",), ()),
        ({"id": 1, "turns": CHAT, "tags": ["a"]}, ("turns",), ("id", "tags")),
        ({"contents": [ASK, {"role": "model", "parts": [{"text": "This."}]}]}, ("contents",), ()),
        ({"custom_id": "1", "body": {"model": "m", "messages": CHAT}}, ("body.messages",), ("custom_id", "model")),
        ({"conversation": {"messages": CHAT}}, ("conversation.messages",), ()),
        ({"row_idx": 0, "row": {"question": "Which?", "answer": "This."}}, ("row.question", "row.answer"),
         ("row_idx",)),
        ({"conversation": [{"input": "Which?", "output": "This."}]}, ("conversation",), ()),
        ({"messages": {"role": ["user", "assistant"], "content": ["Which?", "This."]}}, ("messages",), ()),
        ({"messages": str(CHAT)}, ("messages",), ()),
        ({"messages": [ASK], "response": "This.", "score": 1}, ("messages", "response"), ("score",)),
        ({"messages": CHAT, "answer": "That."}, ("messages",), ("answer",)),
        ({"messages": [{"role": "system", "content": None}, *CHAT]}, ("messages",), ()),
        ({"problem": "Which?", "solution": "This.", "answer": "no"}, ("problem", "solution"), ("answer",)),
        ({"instruction": "Which?", "input": float("nan"), "output": "This."}, ("instruction", "output"), ()),
    ],
)  # fmt: skip
def test_a_chat_is_read_wherever_it_stands(
    row: dict[str, Any], columns: tuple[str, ...], ignored: tuple[str, ...]
) -> None:
    assert chat_in_row(row) == ChatInRow((ASK, SAY), None, columns, ignored)


def test_exchanges_bring_their_system_prompt_and_all_their_turns() -> None:
    exchange = {"input": "Which?", "output": "This."}
    row = {"conversation": [{"system": "Be kind.", **exchange}, exchange]}
    assert chat_in_row(row).messages == ({"role": "system", "content": "Be kind."}, ASK, SAY, ASK, SAY)
