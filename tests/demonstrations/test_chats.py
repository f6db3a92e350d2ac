"""Demonstrations from a file of chats."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.demonstrations.chats import (
    Chat,
    ChatRows,
    draw_demonstrations,
    is_chat_file,
    load_chats,
    read_chats,
    require_reasoning,
    tell_columns,
    tell_left_out,
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
    heading, *lines = str(caught.value).splitlines()
    assert (
        heading
        == f"{path}: 6 of 7 rows cannot be used, and bad_rows leaves out 1% at most; mend them, or raise bad_rows"
    )
    assert [line.removeprefix(f"{path}:") for line in lines] == [
        "2: is not JSON: it breaks off",
        '3: must be a JSON object, as {"messages": [...]}, not a list',
        "4: is no chat: it has 'mesages' (did you mean messages?), and needs messages, or a question with its reply, "
        "such as prompt and completion",
        "5: has no reply of the assistant (2 lines: 5, 6)",
        "7: message 2: role must be one of system, user, assistant, not 'guest'",
    ]


def test_the_columns_that_are_read_and_those_that_are_not_are_counted(tmp_path: Path) -> None:
    chat, pair = {"messages": [ASK, SAY]}, {"prompt": "Which?", "completion": "This."}
    rows = read_chats(str(write(tmp_path, [chat | {"id": 1, "set": "x"}, chat | {"id": 2}, pair])))
    assert tell_columns("c.jsonl", rows) == [
        "Read in c.jsonl, with the number of rows: messages (2), prompt + completion (1).",
        "Not read in c.jsonl, with the number of rows: id (2), set (1).",
    ]
    [many] = tell_columns("c", ChatRows((), (), {}, {"\ud800": 1} | {f"k{number}": 1 for number in range(20)}))
    assert many.startswith("Not read in c, with the number of rows: \\ud800 (1), k0 (1), ")
    assert many.endswith("k10 (1), 9 more.")


@pytest.mark.parametrize(("bad", "bad_rows"), [(1, 0.01), (3, 0.03), (0, 0.0)])
def test_rows_that_cannot_be_used_are_left_out_and_told_up_to_a_share(
    tmp_path: Path, bad: int, bad_rows: float
) -> None:
    path = write(tmp_path, [{"messages": [ASK, SAY]}] * (100 - bad) + ['{"messages": ['] * bad)
    rows = read_chats(str(path), bad_rows)
    assert len(rows.chats) == 100 - bad
    lines = {0: [], 1: ["1 row (line 100)"], 3: ["3 rows (lines 98, 99, 100)"]}[bad]
    assert tell_left_out("c", rows) == [
        f"Left out of c: {bad} of 100 rows, which cannot be used: is not JSON: {line}." for line in lines
    ]
    if bad:
        with pytest.raises(RecipeError, match=f"c: {bad} of 100 rows|{bad} of 100 rows cannot be used.*raise bad_rows"):
            read_chats(str(path), bad_rows - 0.005)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[" + '{"prompt": "Which?", "completion": "This."},\n' * 300),
        ("a.csv", "prompt,completion\n" + "Which?,This.\n" * 300 + '"Which?,This.\n' + "Which?,This.\n" * 9),
    ],
)
def test_a_file_whose_end_cannot_be_read_is_refused_whatever_the_share(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(RecipeError, match=rf"{name}:30[12]: is (no row|not JSON)"):
        read_chats(str(tmp_path / name), 0.5)


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


# --- every shape in every kind of file -----------------------------------------------------------------------------

TWO = [{"role": "user", "content": "Which?"}, {"role": "assistant", "content": "This."}]
SHAPES: dict[str, tuple[dict[str, Any], str]] = {  # a row, and what it is read from, or what is wrong with it
    "messages": ({"messages": TWO, "prompt_id": "a", "score": 0.5, "tools": []}, "messages"),
    "a developer, and parts": (
        {"messages": [{"role": "developer", "content": [{"type": "text", "text": "You are Mo."}]},
                      *[turn | {"content": [{"type": "text", "text": turn["content"]}]} for turn in TWO]]},
        "messages",
    ),
    "reasoning_content": ({"messages": [TWO[0], TWO[1] | {"reasoning_content": "Hm."}]}, "messages"),
    "thinking": ({"messages": [TWO[0], TWO[1] | {"thinking": "Hm."}], "weight": None}, "messages"),
    "a thought in the text": (
        {"messages": [TWO[0], TWO[1] | {"content": "<think>\nHm.\n</think>\n\nThis."}]},
        "messages",
    ),
    "ShareGPT": (
        {"id": "1", "conversations": [{"from": "human", "value": "Which?"}, {"from": "gpt", "value": "This."}]},
        "conversations",
    ),
    "Alpaca": ({"instruction": "Which?", "input": "", "output": "This.", "text": "all of it"}, "instruction + output"),
    "prompt and completion": (
        {"prompt": "Which?", "completion": "This.", "reasoning": "Hm."},
        "prompt + completion + reasoning",
    ),
    "prompt and completion of messages": ({"prompt": TWO[:1], "completion": TWO[1:]}, "prompt + completion"),
    "messages in a text": ({"messages": json.dumps(TWO), "source": "web"}, "messages"),
    "chosen and rejected": ({"prompt": "Which?", "chosen": "This.", "rejected": "That."}, "is a pair of preferences"),
    "tools": (
        {"messages": [*TWO, {"role": "tool", "content": "3"}, {"role": "assistant", "content": "3."}]},
        "message 3 is of a tool",
    ),
}  # fmt: skip


def write_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="parquet is read with the extra parquet")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


FILES: dict[str, tuple[Callable[[Path, Sequence[dict[str, Any]]], object], int]] = {  # and the line of the second row
    "rows.jsonl": (write_lines, 2),
    "rows.json": (lambda path, rows: path.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n"), 3),
    "rows.jsonl.gz": (
        lambda path, rows: path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode(), mtime=0)),
        2,
    ),
    "rows.parquet": (write_parquet, 2),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_from_every_kind_of_file(tmp_path: Path, shape: str, name: str) -> None:
    """A row that cannot be learned, and one that is no chat in any shape, are told with their lines."""
    (row, outcome), (save, second) = SHAPES[shape], FILES[name]
    path = tmp_path / name
    whole = {**row, "note": None}  # in a table, every row has all columns
    save(path, [whole, {**dict.fromkeys(row), "note": "nothing"}, whole])
    if "is " in outcome:
        with pytest.raises(RecipeError, match=f"{name}:{second - 1}: {outcome}.*lines: {second - 1}, {second + 1}"):
            read_chats(str(path), 0.5)
        return
    rows = read_chats(str(path), 0.5)
    assert [chat.line for chat in rows.chats] == [second - 1, second + 1]
    assert [chat.messages[-2:] for chat in rows.chats] == [(ASK, SAY)] * 2
    assert {chat.reasoning for chat in rows.chats} == {"Hm." if "Hm." in str(row) else None}
    assert rows.columns == {tuple(outcome.split(" + ")): 2}
    assert [(problem.line, problem.message) for problem in rows.left_out] == [
        (second, "is no chat: it has 'note', and needs messages, or a question with its reply, such as prompt and "
         "completion")
    ]  # fmt: skip
