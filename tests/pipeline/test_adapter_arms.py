"""Before anything is written, a ready-made adapter that does not fit is refused, and what is not known is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.plans import plan, recipe
from helpers.ready_adapters import factors, write_as_peft, write_mlx
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.models.chat_template import read_template
from msm_mlx.pipeline.adapter_arms import inspect_adapters
from msm_mlx.pipeline.findings import Findings

Q_PROJ = "model.layers.0.self_attn.q_proj"
NO_TEMPLATE = "theirs: which chat template the adapter was trained with is not said; it is asked with that of the run"


def inspect(source: Path | str) -> Findings:
    arms = f"arms=[base, {{adapter: '{source}', name: theirs}}]"
    return inspect_adapters(recipe(arms), plan(arms).stages)


def fitting(folder: Path, **changes: Any) -> Path:
    return write_mlx(folder, factors(Q_PROJ, 128, 128), **{"model": "pocket"} | changes)


def test_one_that_fits_lacks_only_a_word_on_its_template(tmp_path: Path) -> None:
    assert inspect(fitting(tmp_path)) == Findings([], [NO_TEMPLATE])


@pytest.mark.parametrize(
    "name", [str(POCKET_WEIGHTS), "/elsewhere/site-packages/msm_mlx/pocket/weights", "o/pocket@main",
             "/home/me/hub/models--o--Pocket/snapshots/0123abc"],
)  # fmt: skip
def test_the_base_is_known_by_its_name_wherever_it_lies(name: str, tmp_path: Path) -> None:
    assert inspect(fitting(tmp_path, model=name)).notes == [NO_TEMPLATE]


def test_what_is_not_known_of_the_base_is_told(tmp_path: Path) -> None:
    other, silent = inspect(fitting(tmp_path, model="Qwen/Qwen3-8B")), inspect(fitting(tmp_path, model=None))
    assert other.notes[0].startswith("theirs: the adapter says that its base is Qwen/Qwen3-8B, and here it is pocket;")
    assert silent.notes[0].startswith("theirs: the adapter does not say which base it was trained over;")
    assert other.problems == silent.problems == []


def test_a_template_beside_it_is_held_against_that_of_the_run(tmp_path: Path) -> None:
    template = read_template(POCKET_WEIGHTS).text
    beside = fitting(tmp_path) / "chat_template.jinja"
    beside.write_text(f"{{% generation %}}{template}{{% endgeneration %}}\n")
    assert inspect(tmp_path).notes == []
    beside.write_text("{{ messages[-1]['content'] }}")
    assert [note.partition(";")[0].partition(",")[0] for note in inspect(tmp_path).notes] == [
        "theirs: the adapter comes with another chat template than that of the run"
    ]


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (
            factors(Q_PROJ, 64, 128),
            f"{Q_PROJ} has 64 inputs and 128 outputs in the adapter, and 128 and 128 in the base",
        ),
        (
            factors(Q_PROJ, 128, 128) | factors("model.layers.90.mlp.up_proj"),
            "changes model.layers.90.mlp.up_proj, which",
        ),
    ],
)
def test_one_of_another_base_is_refused(weights: dict[str, Any], problem: str, tmp_path: Path) -> None:
    [line] = inspect(write_mlx(tmp_path, weights, model="pocket")).problems
    assert line.startswith(f"arms: theirs: {tmp_path} ")
    assert problem in line
    assert line.endswith("; take an adapter that was trained over pocket")


def test_names_that_no_header_has_are_left_to_the_stage(tmp_path: Path) -> None:
    assert inspect(write_mlx(tmp_path, factors("transformer.h.0.attn.q"), model="pocket")).problems == []


def test_one_that_is_none_is_refused(tmp_path: Path) -> None:
    [line] = inspect(write_as_peft(tmp_path, use_dora=True)).problems
    assert line.startswith(f"arms: theirs: {tmp_path}: is DoRA")


def test_one_of_the_hub_is_left_there(client: Path) -> None:
    assert inspect("hub:o/m").notes == [
        "hub:o/m is not read here; a run fetches and checks it before it writes anything"
    ]
