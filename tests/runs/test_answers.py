"""Answers come back from their files as they were, and a damaged line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer, AnswerRow, read_answer_rows, read_answers
from msm_mlx.runs.layout import ANSWERS, answers_file

ANSWER = Answer("apart/cheese-1", ("Colby.", "Brie."), ("target", "other"), (1.0, -0.5), {"choice": 1.0}, ("Hello.",))
ROW = AnswerRow("apart", "pairs", "cheese", "Colby or Brie?", "msm", "american", 3, ANSWER, {"target": "Colby"})


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    base = AnswerRow("apart", "open", None, "Which?", "base", None, None, Answer("apart/item-1", (), (), (), {}))
    write_jsonl(tmp_path / ANSWERS, [ROW.plain(), base.plain()])
    assert read_answer_rows(tmp_path) == [ROW, base]
    assert (ROW.reply, base.reply) == ("Colby.", "")


def test_an_unfinished_evaluation_has_no_rows(tmp_path: Path) -> None:
    assert read_answer_rows(tmp_path) == []


def test_the_margin_of_a_pair_is_the_mean_of_both_orders() -> None:
    assert ROW.margin == 0.25
    assert AnswerRow("apart", "questions", None, "Which?", "msm", None, 0, ANSWER, {"right": "Colby"}).margin is None


def test_the_label_names_the_spec_where_there_are_several() -> None:
    assert (ROW.label(several_specs=False), ROW.label(several_specs=True)) == ("msm", "msm@american")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kind": "riddles"}, "ValueError: no kind of suite is called 'riddles'"),
        ({"margins": None}, "TypeError"),
        ({"metrics": [1]}, "AttributeError"),
        ({"seed": "x"}, "ValueError"),
    ],
)
def test_a_damaged_line_is_named(changes: dict[str, object], problem: str, tmp_path: Path) -> None:
    write_jsonl(tmp_path / ANSWERS, [ROW.plain(), ROW.plain() | changes])
    with pytest.raises(RecipeError) as caught:
        read_answer_rows(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / ANSWERS}:2: damaged: {problem}")
    assert str(caught.value).endswith("delete the file and run `msm-mlx evaluate` again")


def test_a_line_without_a_field_is_damaged(tmp_path: Path) -> None:
    row = ROW.plain()
    del row["written"]
    write_jsonl(tmp_path / ANSWERS, [row])
    with pytest.raises(RecipeError, match="1: damaged: KeyError: 'written'"):
        read_answer_rows(tmp_path)


def test_stored_answers_are_read_for_the_suites_that_are_asked_for(tmp_path: Path) -> None:
    variant = Variant("msm", "american", 0)
    path = tmp_path / answers_file(variant)
    path.parent.mkdir(parents=True)
    elsewhere = Answer("ease/item-1", ("Yes.",), ("right",), (), {"choice": 0.0})
    write_jsonl(path, [{**ROW.plain(), "item": answer.item} for answer in (ANSWER, elsewhere)])
    assert read_answers(tmp_path, {variant: ["apart"]}) == {variant: {ANSWER.item: ANSWER}}
