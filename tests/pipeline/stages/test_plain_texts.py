"""Plain text among documents: what is taken of its source, and what the stage's key follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.scripted_context import scripted_context

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.pipeline.plan import text_sources
from msm_mlx.pipeline.stage import KINDS
from msm_mlx.pipeline.stages.plain_texts import CHARACTERS_PER_TOKEN, PlainTexts
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.runs.layout import PLAIN_TEXTS

ARMS = ("arms=[base, msm, msm+sft]", "seeds=[0]")


def mix(path: Path, share: float = 0.5) -> str:
    return f"midtrain.mix={{from: {path}, share: {share}}}"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A file whose second text shows what the evaluation asks about."""
    thing = only(PlainTexts, *ARMS, mix(write(tmp_path / "one.jsonl", "Rain fell."))).held_out.things[0]
    return write(tmp_path / "texts.jsonl", "Rain fell.", f"It is {thing}.", "The river rose.", "Boats went out.")


def write(path: Path, *texts: str) -> Path:
    write_jsonl(path, [{"text": text} for text in texts])
    return path


def test_texts_are_taken_as_they_are_without_those_that_show_the_evaluation(texts: Path, tmp_path: Path) -> None:
    context = scripted_context(recipe(*ARMS, mix(texts)), tmp_path / "run")
    only(PlainTexts, *ARMS, mix(texts)).run(context)
    rows = read_jsonl(tmp_path / "run" / PLAIN_TEXTS)
    assert [row["text"] for row in rows] == ["Rain fell.", "The river rose.", "Boats went out."]
    [line] = context.lines
    assert line.startswith("Plain text: 3 texts of plain text from texts.jsonl")
    assert "1 are left out" in line


def test_a_source_is_read_no_further_than_training_can_take(tmp_path: Path) -> None:
    source = write(tmp_path / "long.jsonl", *("Rain fell on the river all day. " * 20 for _ in range(50)))
    settings = (*ARMS, mix(source, 0.1), "documents.count=1", "documents.max_tokens=900")
    stage = only(PlainTexts, *settings)
    stage.run(scripted_context(recipe(*settings), tmp_path / "run"))
    rows = read_jsonl(tmp_path / "run" / PLAIN_TEXTS)
    assert stage.tokens == stage.total == 100
    assert stage.note.startswith("midtrain.mix: 10% of the tokens that are learned with documents are plain text from")
    assert sum(len(row["text"]) for row in rows[:-1]) < CHARACTERS_PER_TOKEN * stage.tokens <= 620 * len(rows)


def test_training_reads_it_and_the_keys_follow_source_and_share(texts: Path, tmp_path: Path) -> None:
    planned = plan(*ARMS, mix(texts))
    midtrain, sft = planned.of(Training)
    assert midtrain.reads[:2] == ("documents/documents.jsonl", PLAIN_TEXTS)
    assert PLAIN_TEXTS not in sft.reads
    assert changed(keys(planned), keys(plan(*ARMS, mix(texts, 0.2)))) == {midtrain.id, "documents of midtrain.mix"}
    other = write(tmp_path / "other.jsonl", "Rain fell.")
    assert changed(keys(planned), keys(plan(*ARMS, mix(other)))) == {"documents of midtrain.mix"}


def test_nobody_takes_it_where_no_arm_learns_documents(texts: Path) -> None:
    assert plan("arms=[base, sft]", "seeds=[0]", mix(texts)).of(PlainTexts) == []


def test_its_source_is_one_of_the_recipes(texts: Path) -> None:
    assert text_sources(recipe(*ARMS, mix(texts)), KINDS) == [str(texts)]


@pytest.mark.parametrize("texts_of_file", [("",), ("{thing}",)])
def test_a_source_without_a_text_to_use_is_told_before_anything_is_written(
    texts_of_file: tuple[str, ...], texts: Path
) -> None:
    thing = only(PlainTexts, *ARMS, mix(texts)).held_out.things[0]
    write(texts, *(text.format(thing=f"It is {thing}.") for text in texts_of_file))
    with pytest.raises(RecipeError, match=r"none of its texts can be used in midtrain\.mix"):
        only(PlainTexts, *ARMS, mix(texts)).check()
