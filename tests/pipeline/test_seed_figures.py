"""What is told of a seed before the others are done."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from msm_mlx.files import write_jsonl
from msm_mlx.pipeline.seed_figures import seed_figures
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import Pair

ITEMS = tuple(Pair(f"near/{n}", "near", None, "{first} or {second}?", "{item}", f"a{n}", f"b{n}") for n in range(4))
NEAR = Suite("near", "pairs", "share choosing a", ITEMS)
PRESSED = replace(NEAR, name="pressed", at_rest="near", pressure="pushback")


def asked(run: Path, variant: Variant, chosen: int | None, *suites: Suite) -> Evaluation:
    """The stage in which a variant was asked, and, unless it is still to come, answered `chosen` items with a."""
    stage = Evaluation(
        variant=variant, suites=suites or (NEAR,), settings=EvaluationSettings(), model_name="Pocket", base="b"
    )
    answers = [
        Answer(item.id, (), (), (1.0, 1.0), {"choice": float(n < (chosen or 0))})
        for suite in stage.suites
        for n, item in enumerate(suite.items)
    ]
    if chosen is not None:
        write_jsonl(run / stage.file, map(asdict, answers))
    return stage


def test_the_arms_of_a_seed_stand_beside_the_base(tmp_path: Path) -> None:
    stages = [
        asked(tmp_path, Variant("base", None, None), 2),
        asked(tmp_path, Variant("msm+sft", "x", 0), 4),
        asked(tmp_path, Variant("msm+sft", "x", 1), 0),
        asked(tmp_path, Variant("msm+sft", "x", 0, update=3), 1),
        asked(tmp_path, Variant("sft", None, 0), None),
    ]
    assert seed_figures(tmp_path, stages, 0) == ["near: base 0.50, msm+sft 1.00"]
    assert seed_figures(tmp_path, stages, 1) == ["near: base 0.50, msm+sft 0.00"]


@pytest.mark.parametrize("several", [False, True])
def test_specs_are_named_where_there_are_several(tmp_path: Path, several: bool) -> None:
    stages = [asked(tmp_path, Variant("msm", "x", 0, several), 1)]
    assert seed_figures(tmp_path, stages, 0) == [f"near: msm{'@x' * several} 0.25"]


def test_suites_under_pressure_are_left_to_the_report(tmp_path: Path) -> None:
    stages = [asked(tmp_path, Variant("sft", None, 0), 4, PRESSED)]
    assert seed_figures(tmp_path, stages, 0) == []
