"""The recipe about durability, scaled down: arms go on with contrary rows, are asked on the way and have a number."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import RECIPES
from helpers.finished_runs import TINY

from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.runner import run_recipe
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.progress import SilentReporter
from msm_mlx.recipe.load import load_recipe
from msm_mlx.report.files import freshen_report
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.folder import RunFolder
from msm_mlx.suites.load import SUITES

FEWER = (
    *TINY, "suites=[values_apart]", "arms=[sft, msm+sft, msm+sft+after]", "evaluation.limit=8",
    "stages.after.contrary=[0, 0.2]", "stages.after.updates=3", "stages.after.evaluate_at=[1]",
)  # fmt: skip


@pytest.mark.slow
def test_the_recipe_runs_scaled_down(tmp_path: Path) -> None:
    recipe = load_recipe(RECIPES / "durability.yaml", overrides=FEWER, seeds=[0], known_suites=SUITES)
    folder = tmp_path / "runs" / "durability"
    run_recipe(recipe, RunFolder(folder), SilentReporter())
    freshen_report(folder)

    trained = [stage.variant.arm for stage in plan_run(recipe).of(Training)]
    assert trained == ["sft", "msm", "msm+sft", "msm+sft+after-0", "msm+sft+after-0.2"]
    results = open_run(folder).results
    followed = [(point.arm, point.update, point.rows) for point in results.curves]
    assert followed == [
        (f"msm+sft+after-{share}", update, 4 * update) for share in ("0", "0.2") for update in (0, 1, 3)
    ]
    [over_shares, along] = results.durability
    assert (over_shares.arm, over_shares.reference, over_shares.share, along.share) == ("msm+sft", "sft", None, 0.2)
    assert over_shares.most == along.most == pytest.approx(3 * 4 * 29 / 144)
    contrast = next(row for row in results.contrasts if (row.a, row.b) == ("msm+sft", "sft"))
    assert (over_shares.start.ci_low, over_shares.start.ci_high) == pytest.approx((contrast.ci_low, contrast.ci_high))
    assert {row["arm"] for row in read_jsonl(folder / "evaluation" / "answers.jsonl")} == {*recipe.arms}
    assert 'id="lasts"' in (folder / "report.html").read_text(encoding="utf-8")


def test_shares_and_updates_of_the_recipe_are_as_it_says() -> None:
    recipe = load_recipe(RECIPES / "durability.yaml", known_suites=SUITES)
    assert len(recipe.arms) == 3 + 2 * 4
    assert len(recipe.snapshots) == 5 * 8 * 5
