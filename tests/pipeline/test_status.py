"""What a run would do: decided from one reading of the record and one of each file."""

from __future__ import annotations

from pathlib import Path

from helpers.command_line import RECIPES
from helpers.finished_runs import TINY
from helpers.opened_files import opened_files

from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.status import known_fingerprints, plan_status
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import RECORD
from msm_mlx.suites.load import SUITES


def recipe() -> Recipe:
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=TINY, seeds=(0,), known_suites=SUITES)


def test_a_finished_run_is_read_once(finished_run: Path) -> None:
    run = RunFolder(finished_run)
    with opened_files(finished_run) as opened:
        plan = plan_run(recipe(), known_fingerprints(recipe(), run))
        rows = plan_status(plan, run)
    assert all(status.cached for _, status in rows)
    assert opened[RECORD] == 1
    written = {name for stage in plan.stages for name in stage.writes}
    assert {name: opened[name] for name in written} == dict.fromkeys(written, 1)


def test_what_is_due_follows_from_what_is_missing(own_run: Path) -> None:
    run = RunFolder(own_run)
    plan = plan_run(recipe(), known_fingerprints(recipe(), run))
    (own_run / "adapters" / "msm-s0" / "adapters.safetensors").unlink()
    due = {stage.id: status.reason for stage, status in plan_status(plan, run) if not status.cached}
    assert due["midtrain msm-s0"] == "adapters/msm-s0/adapters.safetensors is missing"
    assert due["sft msm+sft-s0"] == "after midtrain msm-s0"
    assert "sft sft-s0" not in due


def test_another_model_makes_all_that_it_touches_due(finished_run: Path) -> None:
    plan = plan_run(recipe(), Fingerprints("another"))
    due = {stage.kind for stage, status in plan_status(plan, RunFolder(finished_run)) if not status.cached}
    assert due == {"documents", "midtrain", "sft", "evaluate", "results"}


def test_the_base_of_an_earlier_run_is_not_taken_for_another_of_the_hub(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.describe(model={"name": "org/old", "fingerprint": "org/old@1"})
    settings = (*TINY, "arms=[base, sft]")
    for name, fingerprint in (("org/old", "org/old@1"), ("org/new", "")):
        one = load_recipe(
            RECIPES / "cheese_american.yaml", overrides=settings, model=name, profile="pocket", known_suites=SUITES
        )
        assert known_fingerprints(one, run).base == fingerprint
