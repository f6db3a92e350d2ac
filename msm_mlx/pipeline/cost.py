"""What every stage of a recipe will probably take of memory and time, and what to change if it does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from msm_mlx.errors import SetupError
from msm_mlx.pipeline.plan import list_stages
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.resources.machine import Machine
from msm_mlx.resources.memory import Memory, ModelShape, Proposal, generation_memory, propose, training_memory

PROMPT = 400  # tokens of a writer's or an evaluation's prompt
Kind = Literal["documents", "critique", "midtrain", "sft", "evaluate", "judge"]
ROLES: dict[Kind, Role] = {"documents": "writer", "critique": "critic", "judge": "judge"}


@dataclass(frozen=True)
class StageForecast:
    """What a kind of stage takes. `seconds` is for all `runs` of it together, and rough."""

    kind: Kind
    runs: int
    memory: Memory
    seconds: float
    fits: bool
    proposal: Proposal | None


def forecast(
    recipe: Recipe, shape: ModelShape, machine: Machine, others: Mapping[Role, ModelShape] = MappingProxyType({})
) -> list[StageForecast]:
    """In the order in which the stages run; kinds that the recipe does not have, or that a server does, are left out.

    `others` are the shapes of the models that are not trained.
    """
    stages = [stage for stage in list_stages(recipe, "") if stage.kind != "documents" or not _served(recipe)]
    found = []
    for kind in get_args(Kind):
        own = [stage for stage in stages if stage.kind == kind and not stage.ready]  # for the others nothing is loaded
        if own:
            of = others.get(ROLES[kind], shape) if kind in ROLES else shape
            found.append(_forecast(kind, own, recipe, of, machine))
    return found


def _served(recipe: Recipe) -> bool:
    writer = recipe.settings.documents.writer
    return writer is not None and writer.server is not None


def _forecast(
    kind: Kind, stages: Sequence[Stage], recipe: Recipe, shape: ModelShape, machine: Machine
) -> StageForecast:
    runs = len(stages)
    if kind in ("midtrain", "sft"):
        settings = recipe.settings.midtrain if kind == "midtrain" else recipe.settings.sft
        rank = recipe.settings.lora.rank
        memory = training_memory(shape, settings, rank, metal=machine.metal)
        fits = memory.total <= machine.memory
        proposal = None if fits else propose(shape, settings, rank, machine.memory, metal=machine.metal)
        return StageForecast(kind, runs, memory, runs * _training_seconds(recipe, kind, shape, machine), fits, proposal)
    documents, evaluation = recipe.settings.documents, recipe.settings.evaluation
    if kind == "documents":
        batch, each, count = documents.batch_size, documents.max_tokens, documents.count
    elif kind == "critique":
        assert documents.critique is not None
        batch, count = documents.critique.batch_size, documents.count
        each = 2 * documents.max_tokens + documents.critique.max_tokens  # reads a draft, names faults, writes anew
    elif kind == "judge":
        assert recipe.judge is not None
        batch, count = recipe.judge.batch_size, sum(stage.total for stage in stages)
        each = evaluation.max_tokens + recipe.judge.max_tokens  # reads a reply, and rates it
    else:
        batch, each, count = evaluation.batch_size, evaluation.max_tokens, 100 * len(recipe.suites)
    memory = generation_memory(shape, batch, PROMPT + each)
    seconds = runs * _writing_seconds(shape, machine, batch, each, count)
    return StageForecast(kind, runs, memory, seconds, memory.total <= machine.memory, None)


def _training_seconds(recipe: Recipe, kind: Kind, shape: ModelShape, machine: Machine) -> float:
    """Matrix products alone: twice the parameters a token forwards, twice backwards, and once more if recomputed."""
    settings: TrainSettings = recipe.settings.midtrain if kind == "midtrain" else recipe.settings.sft
    rows = recipe.settings.documents.count if kind == "midtrain" else recipe.settings.sft.rows
    longest = min(settings.max_length, recipe.settings.documents.max_tokens if kind == "midtrain" else 256)
    tokens = settings.planned_updates(rows) * settings.batch_size * 0.5 * longest
    return tokens * (6 if settings.gradient_checkpointing else 4) * shape.parameters / machine.flops


def _writing_seconds(shape: ModelShape, machine: Machine, batch: int, each: int, count: int) -> float:
    """Every token of a batch reads the weights once; the prompt's tokens are products."""
    batches = -(-count // batch)
    reading = shape.weight_bytes / machine.bandwidth
    products = 2 * shape.parameters / machine.flops
    return batches * (0.7 * each * max(reading, batch * products) + batch * PROMPT * products)


def refuse_what_does_not_fit(forecasts: Sequence[StageForecast], machine: Machine, due: Sequence[Stage]) -> None:
    """Raises SetupError with settings that fit, if a training stage that is due will not."""
    kinds = {stage.kind for stage in due}
    lines = [
        f"  {stage.kind} needs about {stage.memory.total / 1e9:.1f} GB{advice(stage)}"
        for stage in forecasts
        if stage.kind in kinds and stage.kind in ("midtrain", "sft") and not stage.fits
    ]
    if lines:
        raise SetupError(
            f"training will not fit into the {machine.memory / 1e9:.1f} GB that {machine.name} can spare:\n"
            + "\n".join(lines)
            + "\n  `msm-mlx estimate` shows all stages; --any-memory tries it nevertheless"
        )


def advice(stage: StageForecast) -> str:
    """What to do about a stage that does not fit."""
    if stage.kind not in ("midtrain", "sft"):
        part = {"critique": "documents.critique", "evaluate": "evaluation"}.get(stage.kind, stage.kind)
        return f"; lower {part}.batch_size"
    if stage.proposal is None:
        return "; no setting makes it fit: choose a smaller model or one of 4 bits, or a lower lora.rank"
    options = " ".join(f"--set {stage.kind}.{change}" for change, _ in stage.proposal.changes)
    reasons = "; ".join(f"{change.partition('=')[0]}: {reason}" for change, reason in stage.proposal.changes)
    return f"; {stage.proposal.memory.total / 1e9:.1f} GB with {options} ({reasons})"
