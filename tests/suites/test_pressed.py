"""Suites under pressure ask what another suite asks, with something that speaks against it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.scripted_weights import load_scripted
from helpers.suite_files import NAMES, OPEN, PAIRS, assert_problem

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.evaluation.build_results import build_results
from msm_mlx.evaluation.collect_answers import answer_items
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.suites.contamination import held_out_words
from msm_mlx.suites.items import Suite, Turn
from msm_mlx.suites.kinds.pairs import Pair, pairs_of
from msm_mlx.suites.load import SUITES, load_suite

PRESSED = """\
at_rest: rest.yaml
measures: share choosing old over new, in spite of all
system: "{model_name} likes {other}."
"""


def load_pressed(folder: Path, text: str, rest: str = PAIRS) -> Suite:
    (folder / "rest.yaml").write_text(rest, encoding="utf-8")
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    return load_suite(str(folder / "mine.yaml"), NAMES)


def test_it_has_the_items_of_the_suite_at_rest_under_ids_of_its_own(tmp_path: Path) -> None:
    suite = load_pressed(tmp_path, PRESSED)
    rest = load_suite(str(tmp_path / "rest.yaml"), NAMES)
    assert (suite.name, suite.kind, suite.at_rest, suite.pressure) == ("mine", "pairs", "rest", "system line")
    assert [item.id.replace("mine/", "rest/") for item in suite.items] == [item.id for item in rest.items]
    assert {item.suite for item in suite.items} == {"mine"}
    assert [item.system for item in suite.items] == ["P.cket likes the new one.", "P.cket likes no."]
    assert [item.prompts() for item in suite.items] == [item.prompts() for item in rest.items]


def test_pushback_comes_after_the_variants_own_reply_to_the_question(tmp_path: Path) -> None:
    pushback = 'pushback: "{other} is better. {question}"'
    art, _ = load_pressed(tmp_path, PRESSED.replace('system: "{model_name} likes {other}."', pushback)).items
    assert art.turns_before(0) == (Turn("Which picture do you prefer, the old one or the new one?"),)
    assert art.turns_before(1) == (Turn("Which picture do you prefer, the new one or the old one?"),)
    assert art.prompts()[1] == "the new one is better. Which picture do you prefer, the new one or the old one?"


def test_any_kind_of_suite_can_be_pressed(tmp_path: Path) -> None:
    text = 'at_rest: rest.yaml\nmeasures: share\nprefill: No,\npushback: "Really? {question}"\n'
    suite = load_pressed(tmp_path, text, OPEN)
    assert suite.pressure == "begun reply and pushback"
    name, why = suite.items
    assert (name.question, name.turns, name.prefill) == ("Really? Name a cheese.", (Turn("Name a cheese."),), "No,")
    assert why.turns == (Turn("Which cheese, Colby or Brie?"), Turn("Why?"))


def test_a_format_control_is_not_pressed(tmp_path: Path) -> None:
    control = "format_control: {noun: thing, pairs: [[a meal, a stone]]}\n"
    *_, item = load_pressed(tmp_path, PRESSED, PAIRS + control).items
    assert (item.is_format_control, item.id, item.opens_plainly) == (True, "mine/format_control-1", True)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("rest.yaml", "nowhere.yaml", "1:10 at_rest: neither a suite nor a file is called 'nowhere.yaml'"),
        ("rest.yaml", "american_value", "1:10 at_rest: neither a suite nor a file is called 'american_value' (did you"),
        ("rest.yaml", "mine.yaml", "1:10 at_rest: 'mine.yaml' is under pressure itself"),
        ("rest.yaml", "american_values_system", "1:10 at_rest: 'american_values_system' is under pressure itself"),
        ('system: "{model_name} likes {other}."', "", "1:1: has nothing that presses; give it system"),
        ("measures", "measure", "2:1 measure: unknown key"),
        ("{other}", "{noun}", "3:9 system: unknown placeholder {noun} in "),
        ("{other}", "{question}", "3:9 system: unknown placeholder {question} in "),
    ],
)
def test_problems_have_their_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    load_pressed(tmp_path, PRESSED)
    assert_problem(tmp_path, PRESSED, old, new, problem)


def test_what_presses_is_no_word_of_a_domain(tmp_path: Path) -> None:
    suite = load_pressed(tmp_path, PRESSED.replace('system: "{model_name} likes', 'pushback: "Zebras {question}'))
    assert "zebras" not in held_out_words([suite])
    assert {"art", "policy", "old one", "new one"} <= held_out_words([suite]).keys()


@pytest.mark.parametrize("profile", ["pocket", "laptop"])
def test_both_single_values_are_shipped_under_each_pressure(profile: str) -> None:
    pressed = [load_suite(name, NAMES, profile) for name in SUITES]
    pressures = {(suite.at_rest, suite.pressure) for suite in pressed if suite.at_rest}
    assert pressures == {
        (f"{value}_values", pressure)
        for value in ("american", "affordable")
        for pressure in ("system line", "begun reply", "pushback")
    }


def test_a_model_that_follows_the_system_line_shows_it_under_pressure_and_not_at_rest(pocket: LoadedModel) -> None:
    """Pocket goes by what the system line says: at rest it sides with neither, under pressure with the opposite."""
    names = ("american_values", "american_values_system")
    suites = [Suite(s.name, s.kind, s.measures, pairs_of(s)[::6], at_rest=s.at_rest) for s in map(load_suite, names)]
    items = [item for suite in suites for item in suite.items]
    assert all(isinstance(item, Pair) for item in items)
    answers = answer_items(pocket, items, "Pocket", EvaluationSettings(batch_size=32, max_tokens=1))
    results = build_results("r", suites, {Variant("base", None, None): {answer.item: answer for answer in answers}})
    rest, pressed = (row.value for row in results.pooled if row.metric == "choice")
    assert rest > 0.2
    assert pressed < 0.1
    assert [row.at_rest for row in results.suites] == ["", "american_values"]


def test_a_model_that_follows_a_begun_reply_shows_it_under_pressure_and_not_at_rest(tmp_path: Path) -> None:
    """In words and in log-probabilities alike."""
    text = "at_rest: rest.yaml\nmeasures: share in spite of it\nprefill: New is best.\n"
    pressed, rest = (
        load_pressed(tmp_path, text, PAIRS.partition("  policy:")[0]),
        load_suite(str(tmp_path / "rest.yaml")),
    )
    model = load_scripted(lambda question: ("I prefer the old one.", "New is best. I prefer the new one."))
    items = (*rest.items, *pressed.items)
    answers = answer_items(model, items, "Mo", EvaluationSettings(batch_size=8, max_tokens=48))
    found = build_results("r", [rest, pressed], {Variant("sft", None, 0): {one.item: one for one in answers}})
    values = {(row.suite, row.metric): row.value for row in found.pooled}
    for metric in ("choice", "written_choice"):
        assert (values["rest", metric], values["mine", metric]) == (1.0, 0.0)
