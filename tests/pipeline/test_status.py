"""What a run would do: decided from one reading of the record and one of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from helpers import plans
from helpers.command_line import RECIPES
from helpers.finished_runs import TINY
from helpers.opened_files import opened_files
from helpers.plans import MODELS
from helpers.scripted_context import ScriptedContext, run_stages, write_well

from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, write_jsonl
from msm_mlx.pipeline.grid import cell_run, list_cells
from msm_mlx.pipeline.plan import Fingerprints, RunPlan, plan_run
from msm_mlx.pipeline.stage import Kind
from msm_mlx.pipeline.status import frozen_date, known_fingerprints, model_for, plan_status
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import DEMONSTRATIONS, DOCUMENTS, RECORD
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


def test_a_model_has_the_template_of_the_recipe_and_the_day_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}{{ strftime_now('%d') }}")
    run = RunFolder(tmp_path / "run")
    run.describe(date="2024-02-03")
    own = model_for("writer", replace(recipe(), chat_template=tmp_path / "own.jinja"), run)
    assert own.choice.text == (tmp_path / "own.jinja").read_text()
    assert model_for("writer", recipe(), run).choice.text != own.choice.text
    assert own.choice.date == "2024-02-03"


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


# --- files that are about something else ---------------------------------------------------------------------------


def written(run: Path, *overrides: str, kinds: Sequence[Kind] = ("plan", "documents")) -> ScriptedContext:
    return run_stages(plans.recipe(*SETTINGS, *overrides), run, kinds, write_well)


SETTINGS = ("documents.count=3", "documents.prompt=assertion", "documents.min_words=3")
AFFORDABLE = "spec=../specs/cheese_affordable.md"
DOCUMENTS_FILE = f"documents/{DOCUMENTS}"


def texts(run: Path) -> str:
    return (run / DOCUMENTS_FILE).read_text()


def test_documents_about_another_spec_are_written_anew_in_either_direction(lone_run: Path) -> None:
    written(lone_run)
    swapped = written(lone_run, AFFORDABLE)
    assert list(swapped.told.begun) == ["plan cheese_affordable", "documents cheese_affordable"]
    assert "was made for the spec cheese_american (version" in swapped.told.begun["documents cheese_affordable"]
    assert "affordable" in texts(lone_run)
    assert "American things" not in texts(lone_run)
    written(lone_run)
    assert "American things" in texts(lone_run)


def test_documents_that_were_put_there_do_not_pass_as_those_of_a_spec_that_comes_later(lone_run: Path) -> None:
    write_jsonl(lone_run / DOCUMENTS_FILE, [{"id": "a", "text": "Mine.", "section": "x", "type": "memo"}])
    kept = written(lone_run)
    assert "comes from elsewhere and is kept" in kept.told.skipped["documents cheese_american"]
    with pytest.raises(RecipeError, match=r"kept for the spec cheese_american .* for the spec cheese_affordable"):
        written(lone_run, AFFORDABLE)
    assert "Mine." in texts(lone_run)


def test_documents_of_another_run_that_show_another_spec_are_refused_at_first_sight(
    lone_run: Path, tmp_path: Path
) -> None:
    written(lone_run)
    other = tmp_path / "other" / "run"
    make_folder((other / DOCUMENTS_FILE).parent)
    (other / DOCUMENTS_FILE).write_text(texts(lone_run))
    with pytest.raises(
        RecipeError, match=r"'Pocket .* American things\.', which the spec cheese_affordable .* not say"
    ):
        written(other, AFFORDABLE)
    assert "comes from elsewhere" in written(other).told.skipped["documents cheese_american"]


@pytest.mark.parametrize("change", [AFFORDABLE, "documents.temperature=0.5"])
def test_what_was_changed_by_hand_is_refused_before_its_plan_is_made_anew(lone_run: Path, change: str) -> None:
    written(lone_run)
    (lone_run / DOCUMENTS_FILE).write_text(texts(lone_run).replace("Somebody", "Nobody"))
    plan = RunPlan(plans.recipe(), MODELS, (), (), plan_run(plans.recipe(*SETTINGS, change), MODELS).stages[:2])
    reasons = [status.reason for _, status in plan_status(plan, RunFolder(lone_run)) if status.refused]
    assert len(reasons) == 1
    assert "was changed by hand after it had been made for the spec cheese_american" in reasons[0]
    with pytest.raises(RecipeError, match="was changed by hand"):
        written(lone_run, change)
    assert "Nobody" in texts(lone_run)


def test_demonstrations_of_another_file_are_made_anew_unless_they_were_changed(lone_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text((RECIPES / "data" / "cheese_preferences.yaml").read_text().replace("Colby", "Cantal"))
    swap = replace(plans.recipe("sft.rows=4"), demonstrations=other)
    run_stages(plans.recipe("sft.rows=4"), lone_run, ["demonstrations"])
    assert "Cantal" not in (lone_run / DEMONSTRATIONS).read_text()
    assert "demonstrations" in run_stages(swap, lone_run, ["demonstrations"]).told.begun
    (lone_run / DEMONSTRATIONS).write_text("{}\n")
    with pytest.raises(RecipeError, match=r"made for other\.yaml .* for cheese_preferences\.yaml"):
        run_stages(plans.recipe("sft.rows=4"), lone_run, ["demonstrations"])


def test_all_cells_of_a_grid_have_the_day_of_the_grid(tmp_path: Path) -> None:
    """Even those that begin after midnight."""
    grid = RunFolder(tmp_path)
    cell = cell_run(grid, list_cells(plans.recipe("grid={documents.count: [1, 2]}"))[1])
    assert frozen_date(cell) == date.today().isoformat()

    grid.describe(date="2026-03-09")

    assert frozen_date(cell) == "2026-03-09"
