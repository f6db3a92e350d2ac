"""Documents that nobody has to write: they stand where written ones would, and a damaged source costs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.plans import changed, keys, plan, recipe
from helpers.ready_documents import good, write
from helpers.scripted_context import ScriptedContext, run_stages

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.preflight import check_ready
from msm_mlx.pipeline.stages.ready_documents import ReadyDocuments
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import DOCUMENT_FILES

STAGE = "documents cheese_american"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(write(tmp_path / "mine.jsonl", *map(good, range(9))))


def settings(source: Path, more: str = "count: 4") -> tuple[str, ...]:
    return "arms=[base, msm]", "seeds=[0]", "model_name=Mo", f"documents={{from: {source}, {more}}}"


def take(run: Path, source: Path, more: str = "count: 4") -> ScriptedContext:
    return run_stages(recipe(*settings(source, more)), run, ["plan", "documents"])


def rows(run: Path) -> list[dict[str, Any]]:
    return read_jsonl(run / "documents" / "documents.jsonl")


def test_they_stand_where_written_ones_would_and_nobody_is_asked(lone_run: Path, source: Path) -> None:
    context = take(lone_run, source)
    assert list(context.told.begun) == [STAGE]
    assert context.asked == []
    assert len(rows(lone_run)) == 4
    assert {file.name for file in (lone_run / "documents").iterdir()} == set(DOCUMENT_FILES)
    assert all(row["tokens"] > 20 for row in rows(lone_run))
    assert context.lines[0].startswith("Documents: 4 of the 9 texts of mine.jsonl")


def test_a_higher_count_keeps_those_of_a_lower(lone_run: Path, source: Path) -> None:
    take(lone_run, source)
    before = {row["id"] for row in rows(lone_run)}
    context = take(lone_run, source, "count: 7")
    assert context.told.begun == {STAGE: "its inputs changed (count)"}
    assert before < {row["id"] for row in rows(lone_run)}


def test_the_texts_and_their_checks_decide_and_the_training_does_not(source: Path) -> None:
    before = keys(plan(*settings(source)))
    assert changed(before, keys(plan(*settings(source), "midtrain.updates=3"))) == {"midtrain msm-s0"}
    assert changed(before, keys(plan(*settings(source, "count: 4, min_words: 9")))) == {STAGE}
    assert changed(before, keys(plan(*settings(source), "provider_name=Acme"))) == {STAGE}
    write(source, *map(good, range(8)))
    assert changed(before, keys(plan(*settings(source)))) == {STAGE}


def test_the_base_does_not_decide_since_it_writes_nothing(source: Path) -> None:
    one, other = (keys(plan_run(recipe(*settings(source)), Fingerprints(base))) for base in "ab")
    assert STAGE not in changed(one, other)


def test_each_spec_has_its_own_source(tmp_path: Path, source: Path) -> None:
    other = write(tmp_path / "other.jsonl", good(1))
    both = f"documents={{from: {{cheese_american: {source}, cheese_affordable: {other}}}, count: 1}}"
    stages = plan("arms=[base, msm]", both, name="cheese_contrast").of(ReadyDocuments)
    assert [(stage.source, stage.folder) for stage in stages] == [
        (str(source), "documents/cheese_american"),
        (other, "documents/cheese_affordable"),
    ]


def test_a_control_is_refused_since_it_has_to_be_written(source: Path) -> None:
    with pytest.raises(RecipeError, match="`control` reads documents without reasons, which are written from the spec"):
        plan(*settings(source), "arms=[base, control+sft]")


@pytest.mark.parametrize("damage", ['{"text": 3}\n', '{"text": "Mo lik', '{"body": "x"}\n'])
def test_a_damaged_source_is_refused_before_what_is_there_goes(lone_run: Path, source: Path, damage: str) -> None:
    take(lone_run, source)
    before = rows(lone_run)
    source.write_text(source.read_text() + damage)
    stages = plan(*settings(source)).stages
    with pytest.raises(RecipeError, match=r"mine\.jsonl:10: "):
        check_ready(stages, RunFolder(lone_run))
    assert rows(lone_run) == before
