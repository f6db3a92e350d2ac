"""What a run makes of its judge: those of a good one are scores, a useless one is not asked for any."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES, SMALL, Cli
from helpers.scripted_context import scripted_context

from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import RecipeError
from msm_mlx.evaluation.agreement import load_examples
from msm_mlx.evaluation.build_results import build_results
from msm_mlx.evaluation.collect_answers import score_answer
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.reevaluation import Choice, narrow_plan
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.judging import Judging, take_verdicts
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.suites import load_suites
from msm_mlx.runs.answers import read_answers
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import VERDICTS, answers_file
from msm_mlx.suites.kinds.rated import RATING
from msm_mlx.suites.load import SUITES

BASE = Fingerprints("base")

JUDGE = "judge.model=pocket"


def recipe(*overrides: str) -> Recipe:
    changes = ("seeds=[0]", "arms=[base, sft]", "suites=[spec_qa, capability]", *overrides)
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=changes, known_suites=SUITES)


def kinds(stages: Sequence[Stage]) -> list[str]:
    return [stage.kind for stage in stages if stage.kind in ("evaluate", "judge", "results")]


def test_there_is_a_judge_where_one_is_named_and_has_something_to_do() -> None:
    assert kinds(plan_run(recipe(), BASE).stages) == ["evaluate", "evaluate", "results"]
    assert kinds(plan_run(recipe(JUDGE), Fingerprints("base", {"judge": "j"})).stages) == [
        "evaluate",
        "evaluate",
        "judge",
        "results",
    ]
    assert kinds(plan_run(recipe(JUDGE, "suites=[capability]"), Fingerprints("base", {"judge": "j"})).stages) == [
        "evaluate",
        "evaluate",
        "results",
    ]


def test_another_judge_judges_again_and_asks_nobody_else() -> None:
    one, two = (plan_run(recipe(JUDGE), Fingerprints("base", {"judge": fingerprint})).stages for fingerprint in "ab")
    assert [a.id for a, b in zip(one, two, strict=True) if a.key != b.key] == ["judge"]


def test_a_choice_of_suites_keeps_the_judge(tmp_path: Path) -> None:
    one = recipe(JUDGE)
    plan = plan_run(one, Fingerprints("base", {"judge": "j"}))
    stages = narrow_plan(plan, Choice(frozenset({"spec_qa"})), RunFolder(tmp_path))
    assert [stage.key["judge"] for stage in stages if stage.kind == "judge"] == ["j"]


def test_the_keys_of_a_judge_are_checked() -> None:
    with pytest.raises(RecipeError, match=r"modle.*did you mean model"):
        recipe("judge.modle=pocket")


def answered(run: Path, one: Recipe) -> Judging:
    """Answers of all variants to spec_qa: the fine-tuned one says what a best answer says."""
    [suite] = [suite for suite in load_suites(one) if suite.name == "spec_qa"]
    for variant in one.variants:
        said = "GOOD" if variant.is_trained else "POOR"
        write_jsonl(run / answers_file(variant), [asdict(score_answer(item, [], (said,))) for item in suite.items])
    [stage] = plan_run(one, Fingerprints("base", {"judge": "j"})).of(Judging)
    return stage


def results(model: ScriptedModel, run: Path) -> tuple[dict[str, Any], list[str]]:
    one = recipe(JUDGE)
    stage = answered(run, one)
    context = scripted_context(one, run, model=model)
    stage.run(context)
    suites = [suite for suite in load_suites(one) if suite.name == "spec_qa"]
    answers = read_answers(run, {variant: ["spec_qa"] for variant in stage.answered})
    judged = take_verdicts(run, suites, answers)
    return build_results("r", suites, answers, judged).plain(), context.lines


def knows_the_labels(chat: Sequence[Message], seed: int) -> str:
    labels = {
        re.sub("<(?=/?(?:answer|rating))", "(", example.case.reply): f"{example.label:.0f}"
        for example in load_examples(RATING)
    } | {"GOOD": "9", "POOR": "2"}
    said = chat[-1]["content"].partition("<answer>\n")[2].partition("\n</answer>")[0]
    return f"<rating>{labels[said]}</rating>"


def test_the_verdicts_of_a_good_judge_are_the_scores(tmp_path: Path) -> None:
    found, said = results(ScriptedModel(knows_the_labels), tmp_path)
    ratings = {row["arm"]: row["value"] for row in found["pooled"] if row["metric"] == "rating"}
    assert ratings == pytest.approx({"base": 1 / 9, "sft": 8 / 9})
    assert found["judge"]["agreement"][0]["usable"]
    assert said == found["judge"]["says"] == [
        "The judge pocket agrees with ratings of 26 labelled examples: kappa 1.00, 100% right, 0% unclear."
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["10", "unclear"])
def test_a_useless_judge_gives_no_score_and_is_not_asked_on(tmp_path: Path, word: str) -> None:
    model = ScriptedModel(lambda chat, seed: f"<rating>{word}</rating>")
    found, said = results(model, tmp_path)
    assert not found["pooled"]
    assert len(model.asked) == 2 * len(load_examples(RATING))
    assert read_jsonl(tmp_path / VERDICTS) == []
    assert said[0].startswith("UNUSABLE JUDGE: pocket")


@pytest.mark.slow
def test_pocket_is_a_bad_judge_and_the_run_says_so(cli: Cli, tmp_path: Path) -> None:
    """Really run: a run without a judge first, which then gets one."""
    arms = ["--set", "arms=[base, sft]", "--set", "suites=[spec_qa]"]
    first = cli("run", RECIPES / "cheese_american.yaml", *SMALL, *arms, "--run-dir", "run", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["results"]["records"] == []
    assert "No score on spec_qa: the recipe names no judge" in (tmp_path / "run/report.md").read_text()

    second = cli("evaluate", "run", "--set", JUDGE)

    assert second.returncode == 0, second.stderr
    assert "UNUSABLE JUDGE: pocket" in second.stderr.replace("\n", " ")
    found = json.loads((tmp_path / "run/evaluation/results.json").read_text())
    assert (found["judge"]["judge"], found["records"]) == ("pocket", [])
    assert "UNUSABLE JUDGE: pocket" in (tmp_path / "run/report.html").read_text()
    assert json.loads((tmp_path / "run/run.json").read_text())["judge"]["fingerprint"]
    assert "spec_qa" in cli("compare", "run").stdout
