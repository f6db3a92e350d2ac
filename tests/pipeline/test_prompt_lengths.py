"""Prompts that nobody can read are told before anything is asked: those of every path, with the place in the spec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.plans import MODELS, plan, recipe

from msm_mlx.models.hub import resolve_model
from msm_mlx.models.renderers import load_each_once
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.prompt_lengths import duty_in, guess_prompts, long_prompts, measure_prompts
from msm_mlx.pipeline.stage import Stage
from msm_mlx.prompting.prompts import Message

CRITIC = "documents.critique={model: pocket}"
IDEAS = ("documents.prompt=section", "documents.ideas=2")


def words(chat: Sequence[Message], thinking: bool) -> int:
    return sum(len(message["content"].split()) for message in chat)


def due(*overrides: str) -> list[Stage]:
    return list(plan("documents.count=24", *overrides).stages)


def problems(stages: Sequence[Stage], limit: int | None) -> list[str]:
    return long_prompts(stages, words, limit, "the writer")[0]


@pytest.mark.parametrize(
    ("overrides", "limit", "what"),
    [
        ((), 40, "documents"),
        (("documents.prompt=spec",), 1000, "documents"),
        (("documents.prompt=section",), 200, "documents"),
        ((CRITIC,), 140, "documents that a critic rewrites"),
        (IDEAS, 240, "ideas"),
    ],
)
def test_every_path_is_measured(overrides: tuple[str, ...], limit: int, what: str) -> None:
    stages = due(*overrides)
    told = [line for line in problems(stages, limit) if f"the prompt for {what} has" in line]
    assert told
    assert "specs/cheese_american.md:" in told[0]
    assert f"the writer reads {limit:,} with the reply" in told[0]
    assert problems(stages, 100_000) == problems(stages, None) == []


def test_each_is_read_by_who_is_asked() -> None:
    roles = {stage.kind: duty_in(stage) for stage in due(CRITIC, *IDEAS)}
    assert {kind: role for kind, role in roles.items() if role} == {
        "plan": "writer", "documents": "writer", "critique": "critic"
    }  # fmt: skip


def test_without_a_tokenizer_what_is_far_too_long_is_told() -> None:
    [line] = guess_prompts(plan("documents.prompt=spec"))
    assert "the writer (pocket (embedded)) reads" in line
    assert line.endswith("(guessed from the number of characters)")
    assert guess_prompts(plan("documents.prompt=assertion")) == []


def test_one_line_tells_of_all_sections() -> None:
    assert len(problems(due("documents.prompt=spec"), 1000)) == 1


def test_it_is_the_model_itself_that_counts() -> None:
    pocket = resolve_model("pocket")
    stages = due("documents.prompt=spec")
    told = measure_prompts(recipe(), stages, pocket, {}, load_each_once())[0]
    assert len(told) == 1
    assert "and the writer (pocket (embedded)) reads 512 with the reply" in told[0]
    served = recipe("documents.writer={model: m, server: 'http://127.0.0.1:1/v1'}")
    assert measure_prompts(served, stages, pocket, {}, load_each_once()) == ([], [])


def test_a_reply_that_will_break_off_is_said_and_no_problem() -> None:
    told = long_prompts(due("documents.max_tokens=900"), words, 900, "the writer")
    assert told[0] == []
    assert "which may have 900: what is longer is left out or breaks off" in told[1][0]


def test_written_demonstrations_and_verdicts_are_measured(tmp_path: Path) -> None:
    file = tmp_path / "written.yaml"
    file.write_text(f"spec: {recipe().specs[0]}\nstyle: value\n")
    stages = plan_run(replace(recipe(), demonstrations=file), MODELS).stages
    assert any("the prompt for demonstrations" in line for line in problems(stages, 150))
