"""When a run has several model processes at once, and what it says of that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.model_configs import QWEN3_8B
from helpers.plans import MODELS, recipe

from msm_mlx.files import write_json
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.processes import MOST, ONE, Host, choose_processes
from msm_mlx.resources.machine import CPU_BANDWIDTH, CPU_FLOPS, Machine

CPU = Machine("a CPU", False, 8e9, CPU_FLOPS, CPU_BANDWIDTH)
TWO_CORES = Host(CPU, 2, 8e9)


def count(*overrides: str, host: Host = TWO_CORES, wanted: int | None = None) -> int:
    one = recipe(*overrides)
    return choose_processes(one, plan_run(one, MODELS).stages, wanted, host).count


def test_a_small_model_on_a_cpu_has_a_process_for_each_core() -> None:
    one = recipe()
    chosen = choose_processes(one, plan_run(one, MODELS).stages, None, TWO_CORES)
    assert chosen.count == 2
    assert "2 cores" in chosen.reason
    assert "--processes 1" in chosen.reason
    assert count(host=replace(TWO_CORES, cores=64)) == MOST


@pytest.mark.parametrize(
    "host",
    [
        replace(TWO_CORES, cores=1),
        replace(TWO_CORES, memory=5e8),
        replace(TWO_CORES, machine=replace(CPU, metal=True)),
        replace(TWO_CORES, machine=replace(CPU, cuda=True)),
    ],
    ids=["one core", "no memory", "Metal", "CUDA"],
)
def test_elsewhere_there_is_one_unless_more_are_asked_for(host: Host) -> None:
    assert count(host=host) == 1
    assert count(host=host, wanted=2) == 2


def test_a_large_model_has_one(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", QWEN3_8B)
    one = replace(recipe(), model=str(tmp_path))
    assert choose_processes(one, plan_run(recipe(), MODELS).stages, None, TWO_CORES) == ONE


def test_little_work_is_not_divided() -> None:
    few = ("midtrain.updates=8", "sft.updates=6", "suites=[values_apart]", "evaluation.max_tokens=12", "seeds=[0]")
    assert count(*few) == 1
    assert count("seeds=[0]") == 2
    one = recipe()
    texts = [stage for stage in plan_run(one, MODELS).stages if stage.kind in ("plan", "documents", "demonstrations")]
    assert choose_processes(one, texts, 2, TWO_CORES) == ONE
    assert count(wanted=1) == 1
