"""Which file a suite is read from, and what is said of one that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.suite_files import NAMES, OPEN, PAIRS, QUESTIONS, RATED, SCENES, assert_problem, load_text

from msm_mlx.errors import RecipeError
from msm_mlx.suites.load import load_suite


@pytest.mark.parametrize("kind", ["pears", "[pairs]", "3"])
def test_an_unknown_kind_is_told_with_the_known_ones(tmp_path: Path, kind: str) -> None:
    known = "must be one of pairs, questions, open, scenes, rated, not "
    assert_problem(tmp_path, PAIRS, "measures: ", f"kind: {kind}\nmeasures: ", f"1:7 kind: {known}")


def test_a_misspelled_kind_has_its_nearest(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"not 'pears' \(did you mean pairs\?\)"):
        load_text(tmp_path, f"kind: pears\n{PAIRS}")


def test_a_suite_with_items_needs_its_kind(tmp_path: Path) -> None:
    message = "1:1 kind: is missing; a suite with items is of one of these kinds: questions, open, scenes, rated"
    assert_problem(tmp_path, QUESTIONS, "kind: questions\n", "", message)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load_text(tmp_path, QUESTIONS.replace("right:", "rigth:").replace("spec:", "spce:"))
    assert [line.rpartition(".yaml:")[2].partition(" ")[0] for line in str(caught.value).splitlines()] == [
        "5:5", "7:5", "10:5"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "just text"])
def test_what_is_no_suite_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError, match=r"mine\.yaml"):
        load_text(tmp_path, text)


def test_a_suite_has_the_name_of_its_file_and_without_names_keeps_its_variables(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(PAIRS, encoding="utf-8")
    suite = load_suite(str(tmp_path / "own.yaml"))
    assert (suite.name, suite.file, suite.kind, suite.added) == ("own", "own.yaml", "pairs", False)
    assert suite.measures == "share choosing old over new"
    assert suite.items[1].options() == ("yes, by {model_name}.", "no, by {model_name}.")
    assert load_suite(str(tmp_path / "own.yaml"), NAMES).items[1].options()[0] == "yes, by P.cket."


# --- system lines and begun replies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [PAIRS, QUESTIONS, OPEN, SCENES, RATED], ids=["pairs", "questions", "open", "scenes", "rated"]
)
def test_a_suite_of_any_kind_has_a_system_line_and_a_begun_reply(tmp_path: Path, text: str) -> None:
    said = load_text(tmp_path, f'system: "{{model_name}} likes tea."\nprefill: "Well, "\n{text}')
    assert {(item.system, item.prefill) for item in said} == {("P.cket likes tea.", "Well,")}
    assert {(item.system, item.prefill) for item in load_text(tmp_path, text)} == {("", "")}


@pytest.mark.parametrize("text", [QUESTIONS, OPEN, SCENES, RATED], ids=["questions", "open", "scenes", "rated"])
def test_an_item_may_have_its_own(tmp_path: Path, text: str) -> None:
    own = text.replace("- {prompt", "- {system: Be brief., prompt", 1).replace(
        "- prompt", "- system: Be brief.\n    prompt", 1
    )
    assert [item.system for item in load_text(tmp_path, f"system: Be long.\n{own}")][:1] == ["Be brief."]


def test_pairs_may_name_their_things_and_their_noun_in_them(tmp_path: Path) -> None:
    own = PAIRS.replace("    noun: picture\n", "    noun: picture\n    prefill: Not {target},\n")
    art, policy = load_text(tmp_path, f"system: Take {{other}}.\nprefill: A {{noun}},\n{own}")
    assert (art.system, art.prefill) == ("Take the new one.", "Not the old one,")
    assert policy.prefill == "A policy,"


@pytest.mark.parametrize("key", ["system", "prefill"])
def test_an_unknown_placeholder_in_them_is_told(tmp_path: Path, key: str) -> None:
    known = "{target}, {other}, {noun}, {model_name}, {provider_name}"
    problem = f"2:{len(key) + 3} {key}: unknown placeholder {{first}} in "
    assert_problem(tmp_path, PAIRS, "question:", f"{key}: Take {{first}}.\nquestion:", problem)
    with pytest.raises(RecipeError, match=f"there are {known}"):
        load_text(tmp_path, f"{key}: Take {{first}}.\n{PAIRS}")


@pytest.mark.parametrize("key", ["system", "prefill"])
def test_neither_is_blank(tmp_path: Path, key: str) -> None:
    assert_problem(
        tmp_path, QUESTIONS, "measures:", f'{key}: " "\nmeasures:', f"2:{len(key) + 3} {key}: must not be blank"
    )
