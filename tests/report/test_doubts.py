"""Each rule speaks up when it applies, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.fake_reports import HEALTH, make_run

from msm_mlx.report.doubts import find_doubts
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.runs.results import write_results

SOUND = {"kept_share": 0.9, "gives_reason_share": 0.8, "near_duplicate_share": 0.0, "rejected_by_reason": {}}
ARMS = ["base", "sft", "msm", "control+sft", "msm+sft"]


def doubts(tmp_path: Path, health: dict[str, Any] | None = None, **changes: Any) -> str:
    run = open_run(make_run(tmp_path / "run", **changes))
    return "\n".join(find_doubts(run, {"documents": health or SOUND}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": [3]}, "One seed:"),
        ({"seeds": [0, 1]}, "2 seeds say little"),
        ({"arms": ["base", "sft", "msm+sft"]}, "No control+sft arm"),
        ({"arms": ["base", "msm"]}, "No control arm"),
        ({"arms": ["base", "sft+after", "sft+msm+after"]}, "No sft+control+after arm"),
        (
            {"unclear": 0.3},
            "on apart that choose none of what was offered, or more than one: base 30%, sft 30%, msm 30%, msm+sft 30%.",
        ),
    ],
)
def test_what_weakens_a_run_is_said(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert said in doubts(tmp_path, **changes)


def test_what_is_wrong_with_a_training_is_said_first(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    run = RunFolder(folder)
    run.begin("sft sft-s0", {}, ())
    learned_nothing = TrainingOutcome(updates=3, rows=8, held_out=False, problems=("Learned nothing: why.",))
    run.note("sft sft-s0", outcome=learned_nothing.model_dump(mode="json"))
    assert find_doubts(open_run(folder), {})[0] == "sft sft-s0: Learned nothing: why."


@pytest.mark.parametrize(("split", "told"), [("dev", True), ("test", False), ("all", False)])
def test_figures_on_items_to_choose_settings_by_are_told_as_such(tmp_path: Path, split: str, told: bool) -> None:
    run = open_run(make_run(tmp_path / "run"))
    settings = {**run.recipe.settings, "evaluation": {"split": split}}
    said = find_doubts(replace(run, recipe=run.recipe.model_copy(update={"settings": settings})), {})
    assert any("evaluation.split: dev" in line for line in said) == told


def test_few_items_are_said_to_hide_a_small_difference(tmp_path: Path) -> None:
    assert "A difference of 0.10 on apart may go unseen" in doubts(tmp_path)


def test_bad_documents_are_told(tmp_path: Path) -> None:
    said = doubts(tmp_path, HEALTH)
    assert "Only 40% of what was written into documents/ was kept." in said
    assert "1 text written into documents/ named what the evaluation asks about; it was rejected." in said
    assert "Only 25% of the documents in documents/ give the value as a reason." in said
    assert "50% of the documents in documents/ nearly repeat another." in said
    assert "10% of the documents in documents/ deny a claim from another clause" in said


def test_a_sound_run_on_pocket_is_doubted_for_pocket_and_its_size_alone(tmp_path: Path) -> None:
    said = doubts(tmp_path, seeds=[0, 1, 2, 3], arms=ARMS)
    assert said.startswith("The model is pocket")
    assert "seed" not in said.replace("seeds", "")
    assert "Only" not in said


def with_results(folder: Path, **changes: Any) -> FinishedRun:
    """The run in `folder`, once `changes` are made to its results."""
    write_results(folder, open_run(folder).results.model_copy(update=changes))
    return open_run(folder)


def test_an_arm_that_goes_by_the_place_of_the_options_is_told(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "run"))
    assert "place of the options" not in "\n".join(find_doubts(run, {}))
    biases = [
        row.model_copy(update={"first": replace(row.first, value=0.9)}) if row.arm == "msm" else row
        for row in run.results.biases
    ]
    said = "\n".join(find_doubts(with_results(run.folder, biases=biases), {}))
    assert "On apart, msm goes by the place of the options: it takes the first 90% of the time." in said
    assert "sft goes by" not in said


def test_a_suite_that_was_added_is_told(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "run"))
    added = with_results(run.folder, suites=[run.results.suites[0].model_copy(update={"added": True})])
    assert "Added after the run, so that no text was checked against what it asks: apart." in find_doubts(added, {})


@pytest.mark.parametrize(("low", "high"), [(-0.5, -0.3), (-0.9, 0.1)])
def test_a_control_that_moves_is_told(low: float, high: float, tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "run"))
    figures = {"difference": -0.4, "ci_low": low, "ci_high": high}
    moved = run.results.contrasts[0].model_copy(update={"a": "control+sft", "b": "sft", **figures})
    said = "\n".join(find_doubts(with_results(run.folder, contrasts=[*run.results.contrasts, moved]), {}))
    assert ("Documents without reasons move apart too: control+sft less sft is -0.40" in said) == (high < 0)


@pytest.mark.parametrize(
    ("control", "words", "why"),
    [
        ("opposite+sft", "turned", "What their direction does is"),
        ("negated+sft", "denied", "That they are asserted does"),
    ],
)
@pytest.mark.parametrize(("difference", "same_way"), [(0.4, True), (-0.4, False)])
def test_documents_that_move_the_same_way_though_they_should_not_are_told(
    difference: float, same_way: bool, control: str, words: str, why: str, tmp_path: Path
) -> None:
    run = open_run(make_run(tmp_path / "run"))
    rows = [
        run.results.contrasts[0].model_copy(
            update={"a": arm, "b": "sft", "difference": by, "ci_low": low, "ci_high": high}
        )
        for arm, by, low, high in (
            ("msm+sft", 0.5, 0.4, 0.6),
            (control, difference, difference - 0.1, difference + 0.1),
        )
    ]
    said = "\n".join(find_doubts(with_results(run.folder, contrasts=rows), {}))
    assert (f"{words} move apart the same way: {control} less sft is +0.40" in said) == same_way
    assert (f"{why} msm+sft less {control}, and no more." in said) == same_way
