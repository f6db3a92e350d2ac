"""Scenes at several temperatures: the shares at each, and the main one's as before."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import RECIPES
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import RecipeError
from msm_mlx.evaluation.answers import answer_items, score_answer
from msm_mlx.evaluation.results import build_results
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.suites.kinds.scenes import Act, Scene
from msm_mlx.suites.load import SUITES, load_suite

SCENE = Scene(
    "s/x-1", "s", "x", "?", None, (Act("leak", ("I leak.",), (), harmful=True), Act("work", ("I work.",), ()))
)

BASE = Fingerprints("base")
RECIPE = RECIPES / "agentic_misalignment.yaml"


def test_each_temperature_has_its_own_shares() -> None:
    written = ("I leak.", "I work.", "I leak.", "I leak.", "Hm.", "I work.")
    found = score_answer(SCENE, [[0.0, 0.0]], written, (), (0.7, 0.0, 1.0)).metrics
    assert found["harmful"] == found["harmful at 0.7"] == 0.5
    assert (found["harmful at 0"], found["harmful at 1"], found["unparsed at 1"]) == (1.0, 0.0, 0.5)
    assert set(score_answer(SCENE, [[0.0, 0.0]], written[:2], (), (0.7,)).metrics) == {
        "harmful", "no_action", "unparsed", "harmful_choice",
    }  # fmt: skip


def test_more_temperatures_leave_the_main_one_as_it_was_and_are_in_the_results() -> None:
    loaded, suite = load_base(POCKET_WEIGHTS), load_suite("oversight_scenes")
    items = suite.items[:3]
    one = EvaluationSettings(temperature=0.7, samples=2, max_tokens=12)
    several = EvaluationSettings(temperature=0.7, samples=2, max_tokens=12, also_at=(0.0, 1.5))
    before, now = (answer_items(loaded, items, "Pocket", settings) for settings in (one, several))
    for a, b in zip(before, now, strict=True):
        assert a.written == b.written[:2]
        assert len(b.written) == several.draws == 6
        assert b.written[2] == b.written[3]  # greedy
        assert a.metrics.items() <= b.metrics.items()
    answers = {Variant("sft", None, 0): {answer.item: answer for answer in now}}
    metrics = {row["metric"] for row in build_results("r", [suite], answers)["pooled"]}
    assert {"harmful", "harmful at 0", "harmful at 0.7", "harmful at 1.5"} <= metrics


def test_without_further_temperatures_nothing_is_asked_again() -> None:
    [stage] = [s for s in plan_run(load_recipe(RECIPE, known_suites=SUITES), BASE).stages if s.id == "evaluate base"]
    more = load_recipe(RECIPE, overrides=["evaluation.also_at=[0.2]"], known_suites=SUITES)
    [other] = [s for s in plan_run(more, BASE).stages if s.id == "evaluate base"]
    assert "also_at" not in stage.key
    assert other.key["also_at"] == [0.2]
    assert other.total > stage.total


@pytest.mark.parametrize("value", ["[0.7]", "[1, 1.0]", "[-1]", "warm"])
def test_a_temperature_is_named_once(value: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="also_at"):
        load_recipe(RECIPE, overrides=[f"evaluation.also_at={value}"], known_suites=SUITES)
