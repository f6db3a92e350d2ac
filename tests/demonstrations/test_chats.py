"""Demonstrations from a file of chats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.demonstrations.chats import Chat, draw_demonstrations, load_chats, require_reasoning
from msm_mlx.errors import RecipeError
from msm_mlx.training.tokenize import with_reasoning


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


ASK, SAY = message("user", "Which?"), message("assistant", "This.")
SYSTEM = message("system", "You are Mo.")


def write(folder: Path, rows: Sequence[Any]) -> Path:
    path = folder / "chats.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_chats_come_back_with_their_lines(tmp_path: Path) -> None:
    rows = [{"messages": [ASK, SAY], "reasoning": "Think\u2028so."}, "", {"messages": [SYSTEM, ASK, SAY, ASK, SAY]}]
    assert load_chats(write(tmp_path, rows)) == [
        Chat(1, (ASK, SAY), "Think\u2028so."),
        Chat(3, (SYSTEM, ASK, SAY, ASK, SAY), None),
    ]


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [
        {"messages": [ASK, SAY]},
        '{"messages": [',
        "[1]",
        {"mesages": [ASK, SAY]},
        {"messages": [ASK]},
        {"messages": [SAY, ASK]},
        {"messages": [ASK, {"role": "assistant"}]},
        {"messages": [ASK, message("bot", "x")]},
        {"messages": [ASK, message("assistant", " ")], "reasoning": 3},
        {"messages": []},
    ]
    path = write(tmp_path, rows)
    with pytest.raises(RecipeError) as caught:
        load_chats(path)
    turns = "messages must be user and assistant in turns, after at most one system prompt, and end with a reply"
    lines = [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
    assert lines[0].startswith("2: is not JSON: ")
    assert lines[1:] == [
        "3: must be an object with messages, not a list",
        "4: unknown key 'mesages' (did you mean messages?)",
        "4: messages must be a list with at least a question and a reply",
        f"5: {turns}",
        f"6: {turns}",
        "7: message 2 must have exactly role and content",
        "8: message 2: role must be one of system, user, assistant, not 'bot'",
        "9: reasoning must be text, not 3",
        "9: message 2: content must be text, not ' '",
        "10: messages must be a list with at least a question and a reply",
    ]


def test_files_that_hold_nothing_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.jsonl: no such file"):
        load_chats(tmp_path / "none.jsonl")
    with pytest.raises(RecipeError, match=r"chats\.jsonl: is empty"):
        load_chats(write(tmp_path, ["", " "]))


CHATS = [Chat(n, (message("user", f"{n}?"), SAY), f"Because {n}.") for n in range(1, 21)]


@settings(deadline=None, max_examples=30)
@given(rows=st.integers(0, 40), seed=st.integers(0, 5))
def test_rows_are_drawn_without_repeats_and_the_same_each_time(rows: int, seed: int) -> None:
    drawn = draw_demonstrations(CHATS, rows=rows, system="S", seed=seed)
    lines = [row["line"] for row in drawn]
    assert len(set(lines)) == len(lines) == min(rows, 20)
    assert drawn == draw_demonstrations(CHATS, rows=rows, system="S", seed=seed)
    assert [row["line"] for row in draw_demonstrations(CHATS, rows=20, system="S", seed=seed)] != list(range(1, 21))


def test_the_recipes_system_prompt_opens_chats_that_have_none() -> None:
    own = Chat(1, (SYSTEM, ASK, SAY), None)
    (row,) = draw_demonstrations([own], rows=1, system="Other")
    assert row == {"messages": [SYSTEM, ASK, SAY], "id": "demo-0001", "kind": "chat", "line": 1}
    (row,) = draw_demonstrations([Chat(2, (ASK, SAY), "R")], rows=1, system="Other")
    assert row["messages"] == [message("system", "Other"), ASK, SAY]
    assert row["reasoning"] == "R"


def test_reasoning_goes_before_the_last_reply_alone() -> None:
    row = {"messages": [ASK, SAY, ASK, message("assistant", "{reasoning}")], "reasoning": "{reply} \\1"}
    assert with_reasoning(row, "<think>\n{reasoning}\n</think>\n\n{reply}") == [
        ASK, SAY, ASK, message("assistant", "<think>\n{reply} \\1\n</think>\n\n{reasoning}")
    ]  # fmt: skip


def test_reasoning_is_demanded_with_a_remedy(tmp_path: Path) -> None:
    recipe = Path("r.yaml")
    path = write(tmp_path, [{"messages": [ASK, SAY], "reasoning": "R"}, *[{"messages": [ASK, SAY]}] * 2])
    with pytest.raises(RecipeError) as caught:
        require_reasoning(path, recipe)
    remedy = 'give each row a "reasoning", or take cot-sft out of the arms in r.yaml'
    assert str(caught.value) == f"{path}:2: has no reasoning, which cot-sft learns (and 1 more); {remedy}"
    with pytest.raises(RecipeError, match=r"p\.yaml: has no reasoning, which cot-sft learns; name a \.jsonl"):
        require_reasoning(Path("p.yaml"), recipe)
    require_reasoning(write(tmp_path, [{"messages": [ASK, SAY], "reasoning": "R"}]), recipe)


def test_half_a_character_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "\\ud800"}, {"role": "assistant", "content": "b"}]}\n')

    with pytest.raises(RecipeError, match=r"chats.jsonl:1: message 1: content must be text"):
        load_chats(path)
