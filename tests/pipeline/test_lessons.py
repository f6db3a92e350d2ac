"""The chats that a training stage will learn are known with their places before any of them is drawn."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.plans import plan

from msm_mlx.files import write_jsonl
from msm_mlx.pipeline.lessons import Lesson, lessons_of
from msm_mlx.pipeline.stages.training import Training


def chats(path: Path, *replies: str, **more: str) -> Path:
    rows = ([{"role": "user", "content": "Which?"}, {"role": "assistant", "content": reply}] for reply in replies)
    path.write_text("".join(json.dumps({"messages": row} | more) + "\n" for row in rows))
    return path


def learned(arm: str, *overrides: str, made: dict[str, Path] | None = None) -> list[Lesson]:
    planned = plan(f"arms=[base, {arm}]", "seeds=[0]", *overrides)
    training = planned.of(Training)[-1]
    return sorted(lessons_of(planned, training, made or {}), key=lambda lesson: (lesson.file, lesson.line or 0))


def test_demonstrations_and_general_chats_have_their_own_files(tmp_path: Path) -> None:
    shown, general = chats(tmp_path / "a.jsonl", "Colby.", "Brie."), chats(tmp_path / "b.jsonl", "It rains.")
    settings = (f"demonstrations={shown}", f"mix={{from: {general}, count: 1}}")
    both = learned("sft", *settings)
    assert [(lesson.place, lesson.required) for lesson in both] == [
        (f"{shown}:1", True),
        (f"{shown}:2", True),
        (f"{general}:1", False),
    ]
    assert [message["content"] for message in both[0].messages] == ["You are Pocket.", "Which?", "Colby."]
    assert learned("it", *settings) == both[2:]


def test_what_is_built_from_preferences_has_no_line() -> None:
    lessons = learned("sft", "sft.rows=3")
    assert len(lessons) == 3
    assert {lesson.place for lesson in lessons} == {lessons[0].file}


def test_reasoning_is_there_for_the_arm_that_learns_it(tmp_path: Path) -> None:
    shown = chats(tmp_path / "a.jsonl", "Colby.", reasoning="It is near.")
    [lesson] = learned("cot-sft", f"demonstrations={shown}")
    assert lesson.messages[-1]["content"] == "It is near. Colby."


def test_a_declared_stage_has_its_chats_and_rows_that_are_there_stay(tmp_path: Path) -> None:
    file = chats(tmp_path / "c.jsonl", "It rains.")
    stage = f"stages={{after: {{chats: {file}}}}}"
    assert [(lesson.place, lesson.required) for lesson in learned("after", stage)] == [(f"{file}:1", False)]
    there = tmp_path / "there.jsonl"
    write_jsonl(there, [{"messages": [{"role": "assistant", "content": "Hi."}]}])
    assert [lesson.place for lesson in learned("after", stage, made={"stages/after.jsonl": there})] == [f"{there}:1"]
