"""What a run has stored, opened again and put side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msm_mlx.compare.stored import StoredRun, open_run, side_by_side
from msm_mlx.errors import RecipeError
from msm_mlx.evals.suites import load_suite
from msm_mlx.files import write_json, write_jsonl, write_text
from msm_mlx.runs import RUN
from msm_mlx.stages import ANSWERS, RESULTS

SUITE = "american_values"


def row(
    item: str, arm: str = "base", spec: str | None = None, seed: int | None = None, text: str = "", suite: str = SUITE
) -> dict[str, Any]:
    """An answer row; what it says is its own coordinates if nothing else."""
    return {
        "item": f"{suite}/{item}",
        "suite": suite,
        "domain": item.rpartition("-")[0],
        "arm": arm,
        "spec": spec,
        "seed": seed,
        "prompt": prompt(item, suite),
        "written": [text or f"{arm} {spec} {seed}", "the other order"],
    }


def stored(*rows: dict[str, Any]) -> StoredRun:
    return StoredRun(Path("run"), list(rows), {})


def prompt(item: str, suite: str = SUITE) -> str:
    [found] = [i for i in load_suite(suite).pairs if i.id == f"{suite}/{item}"]
    return found.prompt(target_first=True)


# --- opening -------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_json(tmp_path / RUN, {"schema": 1, "stages": {}})
    write_jsonl(tmp_path / ANSWERS, [row("art-1")])
    write_json(tmp_path / RESULTS, {"contrasts": []})
    return tmp_path


def test_a_finished_run_opens(folder: Path) -> None:
    assert open_run(folder) == StoredRun(folder, [row("art-1")], {"contrasts": []})


@pytest.mark.parametrize("missing", [RUN, ""])
def test_what_is_no_run_folder_is_told(folder: Path, missing: str) -> None:
    if missing:
        (folder / missing).unlink()
    else:
        folder = folder / "nowhere"
    with pytest.raises(RecipeError) as caught:
        open_run(folder)
    assert str(caught.value) == f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`"


@pytest.mark.parametrize("missing", [ANSWERS, RESULTS])
def test_an_unfinished_evaluation_is_told(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(RecipeError) as caught:
        open_run(folder)
    assert str(caught.value) == f"{folder}: has no finished evaluation; run the recipe's command again to go on"


def test_damaged_results_are_told(folder: Path) -> None:
    write_text(folder / RESULTS, '{"contrasts": [')
    with pytest.raises(RecipeError, match=r"results\.json: damaged: .*; run `msm-mlx evaluate` again"):
        open_run(folder)


def test_damaged_answers_are_told_with_their_line(folder: Path) -> None:
    write_text(folder / ANSWERS, '{"item": "a"}\n{"it')
    with pytest.raises(RecipeError, match=r"answers\.jsonl:2: not a JSON object"):
        open_run(folder)


# --- side by side --------------------------------------------------------------------------------------------------


def test_one_prompt_a_domain_comes_before_the_second_of_any() -> None:
    run = stored(*(row(item) for item in ("art-1", "art-2", "art-3", "music-1", "policy-2", "policy-1")))
    items = ("art-1", "music-1", "policy-2", "art-2", "policy-1", "art-3")
    assert list(side_by_side([run], limit=99)) == [prompt(item) for item in items]
    assert list(side_by_side([run], limit=4)) == [prompt(item) for item in items[:4]]


def test_every_arm_answers_with_its_first_seed_and_the_target_named_first() -> None:
    run = stored(
        row("art-1"),
        row("art-1", "sft", None, 7),
        row("art-1", "sft", None, 2),
        row("art-1", "msm", "american", 2),
        row("art-1", "msm", "american", 7),
    )
    assert side_by_side([run], limit=1) == {
        prompt("art-1"): {"base": "base None None", "sft": "sft None 2", "msm": "msm american 2"}
    }


def test_several_specs_are_told_apart() -> None:
    run = stored(row("art-1", "sft", None, 0), row("art-1", "msm", "x", 0), row("art-1", "msm", "y", 0))
    assert side_by_side([run], limit=1)[prompt("art-1")] == {
        "sft": "sft None 0", "msm@x": "msm x 0", "msm@y": "msm y 0"
    }  # fmt: skip


def test_runs_stand_beside_each_other() -> None:
    one = stored(row("art-1", text="base of one"), row("art-1", "msm", "x", 0))
    two = stored(row("art-1", text="base of two"), row("art-1", "msm", "y", 5), row("music-1", "msm", "y", 5))
    assert side_by_side([one, two], limit=2) == {
        prompt("art-1"): {"base": "base of one", "msm@x": "msm x 0", "msm@y": "msm y 5"},
        prompt("music-1"): {"msm@y": "msm y 5"},
    }


def test_suite_and_domain_choose_the_prompts() -> None:
    run = stored(row("art-1"), row("art-1", suite="affordable_values"), row("music-1"))
    assert list(side_by_side([run], suite="affordable_values", limit=9)) == [prompt("art-1", "affordable_values")]
    assert list(side_by_side([run], suite=SUITE, domain="music", limit=9)) == [prompt("music-1")]
    assert list(side_by_side([run], domain="art", limit=9)) == [
        prompt("art-1"), prompt("art-1", "affordable_values")
    ]  # fmt: skip
    assert side_by_side([run], domain="cheese", limit=9) == {}


def test_no_run_has_no_answers() -> None:
    assert side_by_side([], limit=9) == {}
