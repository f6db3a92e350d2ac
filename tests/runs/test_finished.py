"""A finished run is read in one place, and what is wrong with its files is told with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.arrays import logits_of
from helpers.planted_runs import make_run

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.files import read_jsonl, write_jsonl, write_text
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import ADAPTER_FILES, ANSWERS, RECORD, RESULTS


def test_a_run_that_the_product_made(finished_run: Path) -> None:
    run = open_run(finished_run)
    spec = "cheese_american"
    assert run.variants == (
        Variant("base", None, None), Variant("sft", None, 0), Variant("msm", spec, 0), Variant("msm+sft", spec, 0),
    )  # fmt: skip
    assert run.trained == run.variants[1:]
    assert [row.arm for row in run.results.pooled if row.metric == "choice"] == ["base", "sft", "msm", "msm+sft"]
    assert {row.arm for row in run.answers} == {"base", "sft", "msm", "msm+sft"}
    assert [run.documents(variant) is not None for variant in run.variants] == [False, False, True, True]
    assert [run.spec(variant) is not None for variant in run.variants] == [False, False, True, True]
    assert run.settings.documents.count == 12
    assert run.seconds > 0
    assert "mlx" in run.versions
    assert run.cells == ()


def test_a_run_records_how_it_sampled_and_how_new_answers_are(finished_run: Path) -> None:
    run = open_run(finished_run)
    assert run.record["sampling"]["documents"]["temperature"] == {"value": 1.0, "source": "default"}
    assert run.record["model"]["generation"] == {}
    assert run.answer_sampling == {"temperature": 0.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}


def test_every_training_of_a_good_run_has_learned(finished_run: Path) -> None:
    run = open_run(finished_run)
    assert list(run.outcomes) == ["sft sft-s0", "midtrain msm-s0", "sft msm+sft-s0"]
    assert all(it.after < it.before - it.standard_error for it in run.outcomes.values())
    assert [problem for problem in run.problems if "updates: below" not in problem] == []  # it has few, to be quick


def test_each_variant_opens_as_itself(finished_run: Path) -> None:
    run = open_run(finished_run)
    logits = [logits_of(run.open(variant)).tobytes() for variant in run.variants]
    assert len(set(logits)) == 4
    assert logits_of(run.open(run.variants[1])).tobytes() == logits[1]


def test_another_template_than_the_run_had_is_refused(own_run: Path) -> None:
    path = own_run / RECORD
    run = open_run(own_run)
    sha = run.model.chat_template["sha256"]
    write_text(path, path.read_text(encoding="utf-8").replace(sha, "0" * 64))
    with pytest.raises(SetupError, match=r"its chat template is not the one that the arms of .* were trained with"):
        open_run(own_run).base()


def test_a_variant_without_its_adapter_is_not_trained(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (open_run(run).adapter(Variant("msm", "american", 0)) / ADAPTER_FILES[0]).unlink()
    assert [variant.label for variant in open_run(run).trained] == ["sft", "msm+sft"]


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_what_is_no_run_folder_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        open_run(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: not a run folder; make one with `msm-mlx run RECIPE`"


def test_an_unfinished_evaluation_is_told(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "run", texts=None))
    assert run.answers == ()
    assert not run.is_evaluated
    with pytest.raises(RecipeError) as caught:
        run.results  # noqa: B018
    assert str(caught.value) == f"{run.folder}: has no finished evaluation; run the recipe's command again to go on"


@pytest.mark.parametrize(
    ("content", "reason"),
    [('{"contrasts": [', "Invalid JSON"), ("{}", "run: Field required"), ("[" * 9000, "Invalid JSON")],
)
def test_damaged_results_are_told(content: str, reason: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_text(run / RESULTS, content)
    message = rf"results\.json: damaged: {reason}.*; delete the file and run `msm-mlx evaluate` again"
    with pytest.raises(RecipeError, match=message):
        open_run(run).results  # noqa: B018


def test_results_of_another_shape_are_told_with_their_place(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    path = run / RESULTS
    write_text(path, path.read_text(encoding="utf-8").replace('"a": "msm"', '"a": 3', 1))
    with pytest.raises(RecipeError, match=r"damaged: contrasts\.\d+\.a: Input should be a valid string"):
        open_run(run).results  # noqa: B018


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "pears"}, "ValueError"),
        ({"metrics": {"choice": "much"}}, "ValueError"),
        ({"seed": "first"}, "ValueError"),
        ({"margins": 1}, "TypeError"),
        ({"written": None}, "TypeError"),
    ],
)
def test_damaged_answers_are_told_with_their_line(changes: dict[str, object], reason: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    first, *others = read_jsonl(run / ANSWERS)
    write_jsonl(run / ANSWERS, [{**first, **changes}, *others])
    with pytest.raises(RecipeError, match=rf"answers\.jsonl:1: damaged: {reason}.*; delete the file"):
        open_run(run).answers  # noqa: B018


def test_a_torn_line_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_text(run / ANSWERS, '{"item": "a"}\n{"it')
    with pytest.raises(RecipeError, match=r"answers\.jsonl:2: not a JSON object"):
        open_run(run).answers  # noqa: B018
