"""What every stage of a recipe will probably take of memory and time, and what to change if it does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from msm_mlx.errors import SetupError
from msm_mlx.pipeline.plan import RunPlan
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.context_documents import most_document_tokens
from msm_mlx.pipeline.stages.declared_texts import DeclaredTexts
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.stages.made_documents import MadeOfDocuments
from msm_mlx.pipeline.stages.plain_texts import PlainTexts
from msm_mlx.pipeline.stages.ready_documents import ReadyDocuments
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.recipe.load import Duty, Recipe, Role, duty_of
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.resources.machine import Machine
from msm_mlx.resources.memory import (
    PROMPT_TOKENS,
    Memory,
    ModelShape,
    Proposal,
    generation_memory,
    propose,
    training_memory,
)
from msm_mlx.text.commands import command

PROBE_SECONDS = 30.0  # that one update of a probe may take, by the estimate
CHAT = 96  # tokens of a long demonstration, of whose length half is the mean
ModelWork = Literal["documents", "critique", "midtrain", "sft", "evaluate", "judge"]
DUTIES: dict[ModelWork, Duty] = {"documents": "writer", "critique": "critic", "judge": "judge"}


@dataclass(frozen=True)
class StageForecast:
    """What a kind of stage takes. `seconds` is for all `runs` of it together, and rough."""

    kind: ModelWork
    runs: int
    memory: Memory
    seconds: float
    fits: bool
    proposal: Proposal | None


def forecast(
    plan: RunPlan, shape: ModelShape, machine: Machine, others: Mapping[Role, ModelShape] = MappingProxyType({})
) -> list[StageForecast]:
    """In the order in which the stages run; kinds that the recipe does not have, or that a server does, are left out.

    `others` are the shapes of the models that are not trained.
    """
    forecasts = []
    for kind in get_args(ModelWork):
        stages = [stage for stage in plan.stages if stage.kind == kind and _loads_a_model(stage, plan.recipe)]
        if kind in ("midtrain", "sft"):
            trainings = [stage for stage in stages if isinstance(stage, Training)]
            if trainings:
                forecasts.append(_training(kind, trainings, plan, shape, machine))
        elif stages:
            models = [other for role, other in others.items() if duty_of(role) == DUTIES.get(kind)]
            forecasts.append(_writing(kind, stages, plan.recipe, models or [shape], machine))
    return forecasts


def _loads_a_model(stage: Stage, recipe: Recipe) -> bool:
    served = bool(recipe.settings.documents.writers) and not recipe.local_writers
    by_rule = isinstance(stage, ReadyDocuments | MadeOfDocuments | DeclaredTexts | PlainTexts)
    return not by_rule and not (stage.kind == "documents" and served)


def _training(
    kind: ModelWork, stages: Sequence[Training], plan: RunPlan, shape: ModelShape, machine: Machine
) -> StageForecast:
    """The memory is that of the stage that takes most; the proposal is for its settings."""
    rank = plan.recipe.settings.lora.rank
    memory, settings = max(
        ((training_memory(shape, stage.settings, rank, metal=machine.metal), stage.settings) for stage in stages),
        key=lambda pair: pair[0].total,
    )
    fits = memory.total <= machine.memory
    proposal = None if fits else propose(shape, settings, rank, machine.memory, metal=machine.metal)
    seconds = sum(_training_seconds(stage, plan, shape, machine) for stage in stages)
    return StageForecast(kind, len(stages), memory, seconds, fits, proposal)


def _training_seconds(stage: Training, plan: RunPlan, shape: ModelShape, machine: Machine) -> float:
    """Matrix products alone: twice the parameters a token forwards, twice backwards, and once more if recomputed."""
    settings, documents = stage.settings, plan.recipe.settings.documents
    longest = min(settings.max_length, documents.max_tokens if _learns_documents(stage) else CHAT)
    tokens = settings.planned_updates(training_rows(stage, plan)) * settings.batch_size * 0.5 * longest
    return tokens * (6 if settings.gradient_checkpointing else 4) * shape.active_parameters / machine.flops


def probe_settings(settings: TrainSettings, shape: ModelShape, machine: Machine) -> TrainSettings:
    """The settings with as many rows in an update as fit into PROBE_SECONDS, so that a probe is short on any machine.

    They fill at least one pass, whose memory is that of all.
    """
    each = settings.max_length * (6 if settings.gradient_checkpointing else 4) * shape.parameters / machine.flops
    rows = max(int(PROBE_SECONDS / each), -(-settings.step_tokens // settings.max_length))
    return settings.model_copy(update={"batch_size": min(settings.batch_size, rows)})


def training_rows(stage: Training, plan: RunPlan) -> int:
    """How many rows a stage learns: of a declared stage those of its own texts, as far as they are known by now."""
    settings = plan.recipe.settings
    declared = {texts.file: texts.total for texts in plan.stages if isinstance(texts, DeclaredTexts)}
    rows = declared.get(stage.data) or (settings.documents.count if _learns_documents(stage) else settings.sft.rows)
    return stage.rows_with_plain_text(rows)


def _learns_documents(stage: Training) -> bool:
    """Whether its texts are documents, be it as replies in chats."""
    return stage.kind == "midtrain" or stage.training.about_spec


def _writing(
    kind: ModelWork, stages: Sequence[Stage], recipe: Recipe, models: Sequence[ModelShape], machine: Machine
) -> StageForecast:
    """The memory is that of the model that takes most. Several writers share the documents; of what servers write of
    them nothing is known."""
    documents, evaluation = recipe.settings.documents, recipe.settings.evaluation
    if kind == "documents":
        batch, each = documents.batch_size, documents.max_tokens
    elif kind == "critique":
        assert documents.critique is not None
        batch = documents.critique.batch_size
        each = 2 * documents.max_tokens + documents.critique.max_tokens  # reads a draft, names faults, writes anew
    elif kind == "judge":
        assert recipe.judge is not None
        batch = recipe.judge.batch_size
        each = evaluation.max_tokens + recipe.judge.max_tokens  # reads a reply, and rates it
    else:
        batch, each = evaluation.batch_size, evaluation.max_tokens
    in_prompt = {stage.id: _document_tokens(stage, models[0]) for stage in stages}
    longest = PROMPT_TOKENS + max(in_prompt.values()) + each
    memory = max((generation_memory(shape, batch, longest) for shape in models), key=lambda one: one.total)
    sharers = max(len(documents.writers), 1) if kind == "documents" else 1
    seconds = sum(
        _writing_seconds(shape, machine, batch, each, -(-stage.total // sharers))
        for stage in stages
        for shape in models
    )
    seconds += sum(
        in_prompt[stage.id] * _prompts(stage) * 2 * models[0].active_parameters / machine.flops
        for stage in stages
        if isinstance(stage, Evaluation)
    )
    return StageForecast(kind, len(stages), memory, seconds, memory.total <= machine.memory, None)


def _document_tokens(stage: Stage, shape: ModelShape) -> int:
    """The most tokens of documents in each of its prompts."""
    if not (isinstance(stage, Evaluation) and stage.variant.in_context):
        return 0
    return most_document_tokens(stage.settings, shape.context)


def _prompts(stage: Evaluation) -> int:
    """How many prompts are read: those that options are scored after, and those that a reply is written to."""
    items = [item for suite in stage.suites for item in suite.items if item.is_for(stage.variant.spec)]
    return stage.total + sum(len(item.prompts()) for item in items if item.options())


def _writing_seconds(shape: ModelShape, machine: Machine, batch: int, each: int, count: int) -> float:
    """Every token of a batch reads the weights once; the prompt's tokens are products."""
    batches = -(-count // batch)
    reading = shape.weight_bytes / machine.bandwidth
    products = 2 * shape.active_parameters / machine.flops
    return batches * (0.7 * each * max(reading, batch * products) + batch * PROMPT_TOKENS * products)


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
    options = command(*(word for change, _ in stage.proposal.changes for word in ("--set", f"{stage.kind}.{change}")))
    reasons = "; ".join(f"{change.partition('=')[0]}: {reason}" for change, reason in stage.proposal.changes)
    return f"; {stage.proposal.memory.total / 1e9:.1f} GB with {options} ({reasons})"
