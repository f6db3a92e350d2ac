"""What the stages of a recipe read, write and depend on."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import RECIPES

from msm_mlx.errors import RecipeError
from msm_mlx.evals.suites import SUITES
from msm_mlx.recipe import Recipe, load_recipe
from msm_mlx.stages import Stage, list_stages, load_suites

KNOWLEDGE = """\
kind: questions
metric: share right
items:
  - {prompt: "Who are you?", right: A., wrong: [B.]}
  - {prompt: "What, {model_name}?", right: A., wrong: [B.], spec: cheese_american}
  - {prompt: "What then?", right: A., wrong: [B.], spec: cheese_affordable}
  - {prompt: "What else?", right: A., wrong: [B.], spec: another}
"""


def recipe(name: str, *overrides: str) -> Recipe:
    return load_recipe(RECIPES / f"{name}.yaml", overrides=overrides, known_suites=SUITES)


def stages(name: str, *overrides: str) -> dict[str, Stage]:
    return {stage.id: stage for stage in list_stages(recipe(name, *overrides), "base")}


@pytest.fixture
def knowledge(tmp_path: Path) -> str:
    (tmp_path / "knowledge.yaml").write_text(KNOWLEDGE)
    return f"suites=[{tmp_path / 'knowledge.yaml'}]"


def test_a_suite_keeps_the_items_of_the_recipes_specs(knowledge: str) -> None:
    (one,) = load_suites(recipe("cheese_american", knowledge))
    (both,) = load_suites(recipe("cheese_contrast", knowledge))
    assert [item.spec for item in one.items] == [None, "cheese_american"]
    assert [item.spec for item in both.items] == [None, "cheese_american", "cheese_affordable"]


def test_who_has_read_a_spec_is_asked_about_it_alone(knowledge: str) -> None:
    found = stages("cheese_contrast", knowledge, "seeds=[0]")
    asked = {name.removeprefix("evaluate "): stage.total for name, stage in found.items() if stage.kind == "evaluate"}
    read = {f"{arm}@{spec}-s0": 2 for arm in ("msm", "msm+sft") for spec in ("cheese_american", "cheese_affordable")}
    assert asked == {"base": 3, "sft-s0": 3} | read


def test_a_suite_about_other_specs_alone_is_refused(tmp_path: Path) -> None:
    head, _, last = KNOWLEDGE.rpartition("items:\n")
    (tmp_path / "other.yaml").write_text(f"{head}items:\n{last.splitlines()[-1]}\n")
    with pytest.raises(RecipeError, match="other has items about the specs another only, and none about cheese_amer"):
        stages("cheese_american", f"suites=[{tmp_path / 'other.yaml'}]")
