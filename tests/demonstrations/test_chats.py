"""Demonstrations from a file of chats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.demonstrations.chats import (
    Chat,
    draw_demonstrations,
    is_chat_file,
    load_chats,
    read_chats,
    require_reasoning,
    tell_ignored,
)
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
    path = write(tmp_path, rows)
    assert load_chats(path) == [
        Chat(path, 1, (ASK, SAY), "Think\u2028so."),
        Chat(path, 3, (SYSTEM, ASK, SAY, ASK, SAY), None),
    ]


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [
        {"messages": [ASK, SAY]},
        '{"messages": [',
        "[1]",
        {"mesages": "x"},
        {"messages": [ASK]},
        {"messages": [ASK]},
        {"messages": [ASK, message("guest", "x")]},
    ]
    path = write(tmp_path, rows)
    with pytest.raises(RecipeError) as caught:
        load_chats(path)
    assert [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()] == [
        "2: is not JSON: it breaks off",
        '3: must be a JSON object, as {"messages": [...]}, not a list',
        "4: is no chat: it has 'mesages' (did you mean messages?), and needs messages, or a question with its reply, "
        "such as prompt and completion",
        "5: has no reply of the assistant",
        "6: has no reply of the assistant",
        "7: message 2: role must be one of system, user, assistant, not 'guest'",
    ]


def test_what_is_ignored_is_counted(tmp_path: Path) -> None:
    rows = read_chats(
        str(write(tmp_path, [{"messages": [ASK, SAY], "id": 1, "set": "x"}, {"messages": [ASK, SAY], "id": 2}]))
    )
    assert tell_ignored(rows.ignored) == "id (2), set (1)"
    many = tell_ignored({"\ud800": 1} | {f"k{number}": 1 for number in range(20)})
    assert many.startswith("\\ud800 (1), k0 (1), ")
    assert many.endswith("k10 (1), 9 more")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("a.jsonl", True), ("a.JSONL", True), ("a.csv", True), ("a", True), ("a.yaml", False), ("a.YML", False)],
)
def test_chats_are_what_is_no_settings_file(name: str, is_one: bool) -> None:
    assert is_chat_file(Path(name)) is is_one


def test_files_that_hold_nothing_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.jsonl: no such file"):
        load_chats(tmp_path / "none.jsonl")
    with pytest.raises(RecipeError, match=r"chats\.jsonl: is empty"):
        load_chats(write(tmp_path, ["", " "]))


FILE = Path("c.jsonl")
CHATS = [Chat(FILE, n, (message("user", f"{n}?"), SAY), f"Because {n}.") for n in range(1, 21)]


@settings(max_examples=30)
@given(rows=st.integers(0, 40), seed=st.integers(0, 5))
def test_rows_are_drawn_without_repeats_and_the_same_each_time(rows: int, seed: int) -> None:
    drawn = draw_demonstrations(CHATS, rows=rows, system="S", seed=seed)
    lines = [row["line"] for row in drawn]
    assert len(set(lines)) == len(lines) == min(rows, 20)
    assert drawn == draw_demonstrations(CHATS, rows=rows, system="S", seed=seed)
    assert [row["line"] for row in draw_demonstrations(CHATS, rows=20, system="S", seed=seed)] != list(range(1, 21))


def test_the_recipes_system_prompt_opens_chats_that_have_none() -> None:
    own = Chat(FILE, 1, (SYSTEM, ASK, SAY), None)
    (row,) = draw_demonstrations([own], rows=1, system="Other")
    assert row == {"messages": [SYSTEM, ASK, SAY], "id": "demo-0001", "kind": "chat", "line": 1}
    (row,) = draw_demonstrations([Chat(FILE, 2, (ASK, SAY), "R")], rows=1, system="Other")
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
    said = f"has no reasoning, which cot-sft learns; {remedy}"
    assert str(caught.value).splitlines() == [f"{path}:2: {said}", f"{path}:3: {said}"]
    with pytest.raises(RecipeError, match=r"p\.yaml: has no reasoning, which cot-sft learns; name a \.jsonl"):
        require_reasoning(Path("p.yaml"), recipe)
    require_reasoning(write(tmp_path, [{"messages": [ASK, SAY], "reasoning": "R"}]), recipe)
