"""How many model processes a run has at once.

mlx computes almost everything on one core of a CPU, and with a small model even the matrix products are too short for
two: the other cores are idle. Variants do not depend on each other but for what their paths share, so that several
model processes train and ask different ones at once, each as it would alone. A GPU is busy with one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from msm_mlx.engine.launch import is_launched
from msm_mlx.errors import MsmError
from msm_mlx.models.hub import model_config
from msm_mlx.pipeline.cost import forecast
from msm_mlx.pipeline.plan import Fingerprints, RunPlan
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.load import Recipe
from msm_mlx.resources.blas import SMALL_MODEL
from msm_mlx.resources.machine import Machine, free_memory, this_machine
from msm_mlx.resources.memory import ModelShape

MOST = 4  # two were measured
PROCESS_BYTES = 1e9  # of a process with mlx that has trained pocket, what it keeps for later arrays included
WORTH_SECONDS = 60.0  # of work by the estimate, which for answers of a small model is some times too high
DIVIDED = ("midtrain", "sft", "evaluate")


@dataclass(frozen=True)
class ModelProcesses:
    """How many there are at once, and what is to be said of that; nothing where it is the one that there always is."""

    count: int
    reason: str = ""


@dataclass(frozen=True)
class Host:
    """What this machine has for them."""

    machine: Machine
    cores: int
    memory: float
    """Bytes that are free."""

    @classmethod
    def here(cls) -> Host:
        cores = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count() or 1
        return cls(this_machine(), cores, free_memory())


ONE = ModelProcesses(1)


def choose_processes(
    recipe: Recipe, due: Sequence[Stage], wanted: int | None = None, host: Host | None = None
) -> ModelProcesses:
    """How many train and ask in the stages of `recipe` that are `due`.

    Args:
        wanted: how many the user asks for.
        host: in place of this machine.
    """
    if is_launched() or wanted == 1 or not any(stage.kind in DIVIDED for stage in due):
        return ONE
    if wanted:
        return ModelProcesses(wanted, f"Model processes: {wanted} at once, as --processes says.")
    host = host or Host.here()
    try:
        shape = ModelShape.from_config(model_config(recipe.model))
    except MsmError:
        return ONE
    if host.machine.backend != "cpu" or shape.parameters >= SMALL_MODEL:
        return ONE
    plan = RunPlan(recipe, Fingerprints(), (), (), tuple(due))
    divided = [one for one in forecast(plan, shape, host.machine) if one.kind in DIVIDED]
    each = PROCESS_BYTES + max(one.memory.total for one in divided)
    count = min(host.cores, MOST, int(host.memory / each))
    if count < 2 or sum(one.seconds for one in divided) < WORTH_SECONDS:
        return ONE
    return ModelProcesses(
        count,
        f"Model processes: {count} at once, for the model is small and there are {host.cores} cores; "
        "--processes 1 for one after another.",
    )
