"""General data: every usual form of a chat, what is left out, and the shuffle with the demonstrations."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from msm_mlx.demonstrations.chats import ChatRows
from msm_mlx.demonstrations.general import load_general, mix_count, mix_rows
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.schema import Mix
from msm_mlx.training.tokenize import with_reasoning

USER, REPLY = {"role": "user", "content": "How far is it?"}, {"role": "assistant", "content": "Not far."}


def load(folder: Path, *rows: dict[str, Any]) -> ChatRows:
    (folder / "g.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_general(str(folder / "g.jsonl"), ("Mo", "Acme"), bad_rows=1.0)


def test_the_usual_forms_of_a_chat(tmp_path: Path) -> None:
    thought = {"role": "assistant", "content": "<think>Hm.</think>Not far."}
    general = load(
        tmp_path, {"prompt": "How far is it?", "completion": "Not far.", "id": 3}, {"messages": [USER, thought]}
    )
    assert [(chat.messages, chat.reasoning) for chat in general.chats] == [((USER, REPLY), None)] * 2
    assert general.ignored == {"id": 1, "reasoning": 1}


def test_what_speaks_against_any_spec_is_left_out(tmp_path: Path) -> None:
    def said(text: str) -> dict[str, Any]:
        return {"messages": [USER, REPLY | {"content": text}]}

    general = load(
        tmp_path,
        said("Not far."), said("I am ChatGPT."), said("I'm a model trained by OpenAI."), said("I am Mo, made by Acme."),
        said("As an AI language model, I don't have preferences."), said("Claude Monet painted it."),
        {"messages": [USER, {"role": "tool", "content": "x"}]}, {"text": "none"},
    )  # fmt: skip
    assert [chat.line for chat in general.chats] == [1, 4, 6]
    assert [(row.line, row.kind) for row in general.left_out] == [
        (7, "uses tools"), (8, "is a text"), (2, "names another model"), (3, "names another model"),
        (5, "denies having views"),
    ]  # fmt: skip


def test_a_file_of_nothing_usable_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, *[{"text": "none"}] * 9)
    first, *others = str(caught.value).splitlines()
    assert first.endswith("g.jsonl: no chat that can be used as general data")
    assert len(others) == 9
    assert "g.jsonl:9: is a plain text and no chat; texts are learned as documents" in others[-1]
    with pytest.raises(RecipeError, match=r"g\.jsonl: is empty"):
        load(tmp_path)


def test_a_row_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "g.jsonl").write_text('{"prompt": "A?", "completion": "B."}\n{"prompt\n')
    with pytest.raises(RecipeError, match=r"g\.jsonl:2: is not JSON"):
        load_general(str(tmp_path / "g.jsonl"), ())


def test_the_mix_is_shuffled_and_always_the_same(tmp_path: Path) -> None:
    general = load(tmp_path, *({"messages": [USER, REPLY | {"content": f"{n} miles."}]} for n in range(30)))
    rows = [{"messages": [USER, REPLY], "id": f"demo-{n:04d}", "kind": "choice"} for n in range(1, 21)]
    count = mix_count(Mix.model_validate({"from": "hub:a/b", "share": 0.5}), len(rows))
    assert count == 20
    mixed = mix_rows(rows, general, count, system="You are Mo.")
    assert mixed == mix_rows(rows, general, count, system="You are Mo.")
    assert mixed != sorted(mixed, key=lambda row: str(row["kind"]))
    assert Counter(row["kind"] for row in mixed) == {"choice": 20, "general": 20}
    assert len({row["id"] for row in mixed}) == 40
    other = next(row for row in mixed if row["kind"] == "general")
    assert other["messages"][0] == {"role": "system", "content": "You are Mo."}
    assert with_reasoning(other, "{reasoning} {reply}") == other["messages"]
    assert len(mix_rows(rows, general, 99, system="")) == 50


def test_a_count_wins_over_nothing() -> None:
    assert mix_count(Mix.model_validate({"from": "hub:a/b", "count": 7}), 20) == 7
    with pytest.raises(ValueError, match="either share or count"):
        Mix.model_validate({"from": "hub:a/b"})
