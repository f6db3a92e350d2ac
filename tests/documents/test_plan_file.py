"""The plan as a file: read as it was written, kept where it was edited, and extended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT
from helpers.kinds_of_spec import prose_spec, rule_spec

from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.plan_file import read_plan, read_rows, write_plan
from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Spec, load_spec


def load(path: Path) -> Spec:
    return load_spec(path, model_name="Mo", provider_name="Acme")


SPEC = load(ROOT / "specs" / "cheese_american.md")


def settings(count: int = 30, **changes: Any) -> DocumentSettings:
    return DocumentSettings.model_validate({"count": count, "max_tokens": 9, "prompt": "section", **changes})


@pytest.mark.parametrize("prompt", ["assertion", "section"])
def test_a_plan_is_read_as_it_was_written(tmp_path: Path, prompt: str) -> None:
    slots = plan_documents(SPEC, settings(prompt=prompt))
    write_plan(tmp_path / "plan.jsonl", slots)
    assert read_plan(tmp_path / "plan.jsonl", SPEC, settings()) == slots


def test_controls_share_the_plan(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.jsonl", plan_documents(SPEC, settings()))
    read = read_plan(tmp_path / "plan.jsonl", SPEC, settings(), control=True)
    assert read == plan_documents(SPEC, settings(), control=True)


@pytest.mark.parametrize("text", [prose_spec(), rule_spec()])
def test_prose_and_rules_are_planned_without_a_mark(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.md").write_text(text)
    spec = load(tmp_path / "s.md")
    slots = plan_documents(spec, settings(200))
    write_plan(tmp_path / "plan.jsonl", slots)
    assert read_plan(tmp_path / "plan.jsonl", spec, settings()) == slots
    assert {slot.section.id for slot in slots} == {one.id for one in spec.assertions}


def test_an_edited_plan_is_kept_and_extended(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    write_plan(path, plan_documents(SPEC, settings(10)))
    rows = read_jsonl(path)
    del rows[3]
    rows[0]["idea"] = "A letter to a dairy."
    rows.append(rows[1] | {"id": "my-own"})
    write_jsonl(path, rows)
    write_plan(path, plan_documents(SPEC, settings(14)), read_rows(path, SPEC))
    after = read_jsonl(path)
    assert after[:10] == rows
    assert [row["id"] for row in after[10:]] == [f"doc-{n:05d}" for n in range(11, 15)]
    write_plan(path, plan_documents(SPEC, settings(5)), read_rows(path, SPEC))
    assert [row["id"] for row in read_jsonl(path)] == ["doc-00001", "doc-00002", "doc-00003", "doc-00005", "my-own"]


def test_every_mistake_in_an_edited_plan_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    good = {"id": "doc-00001", "section": "likes/colby", "type": "memo", "voice": "warm"}
    rows = [
        good, good, good | {"id": "b", "section": "likes/coby"}, good | {"id": "c", "tone": "x"},
        good | {"id": "d", "voice": 3}, {"id": "e", "section": "likes/colby", "type": "memo"},
        good | {"id": "f", "narration": "second person"},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(RecipeError) as caught:
        read_plan(path, SPEC, settings())
    assert str(caught.value).splitlines() == [
        f"{path}:2: id doc-00001 is on line 1 already; give each document its own",
        f"{path}:3: no section asserts something under the id 'likes/coby' (did you mean likes/colby?)",
        f"{path}:4: unknown key 'tone'",
        f"{path}:5: voice must be text, not 3",
        f"{path}:6: voice is missing",
        f"{path}:7: narration must be one of first person, third person, transcript, not 'second person'",
    ]
