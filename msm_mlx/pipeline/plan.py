"""The stages of a recipe in order: what each reads, what it writes, and what must be there first.

Nothing here imports mlx, so that a plan costs nothing; the work itself is in `msm_mlx.pipeline.runner.context`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from msm_mlx.evaluation.agreement import judge_version
from msm_mlx.evaluation.judging import tasks_of
from msm_mlx.evaluation.perplexity import SUITE, neutral_texts
from msm_mlx.files import sha256_json
from msm_mlx.pipeline.drafts import with_critique
from msm_mlx.pipeline.stage import KINDS as KINDS
from msm_mlx.pipeline.stage import Kind as Kind
from msm_mlx.pipeline.stage import Stage as Stage
from msm_mlx.pipeline.stage import plain_settings, stage_settings
from msm_mlx.pipeline.text_stages import demonstrations_stage, documents_stage, plan_stage, ready_stage
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.recipe.arms import Variant, shows_behaviour, training_order
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.recipe.suites import asked_suites, load_suites
from msm_mlx.runs.layout import (
    ADAPTER_FILES,
    AGREEMENT,
    ANSWERS,
    BEST,
    CHECKPOINT,
    METRICS,
    PERPLEXITY,
    RESULTS,
    VERDICTS,
    adapter_folder,
    answers_file,
    training_data,
)
from msm_mlx.suites.items import Suite


def list_stages(recipe: Recipe, base: str, others: Mapping[Role, str] = MappingProxyType({})) -> list[Stage]:
    """Every stage of `recipe` over the model whose fingerprint is `base`, in an order that can be run.

    `others` are the fingerprints of the other models that the recipe names.
    """
    writer, judge = _writer(recipe, base, others), others.get("judge", "")
    suites, asked = load_suites(recipe), asked_suites(recipe)
    variants = recipe.variants
    midtrained = _midtrained_arms(recipe)
    if recipe.settings.documents.source:
        stages = [ready_stage(recipe, spec, suites, arm) for arm in midtrained for spec in recipe.specs]
    else:
        stages = [plan_stage(recipe, writer, spec) for spec in recipe.specs if midtrained]
        documents = [(arm, spec) for arm in midtrained for spec in recipe.specs]
        written = [documents_stage(recipe, writer, spec, suites, arm == "control") for arm, spec in documents]
        critic = others.get("critic", "")
        stages += written if recipe.settings.documents.critique is None else with_critique(recipe, written, critic)
    if any(shows_behaviour(arm) or "it" in arm.split("+") for arm in recipe.arms):
        stages.append(demonstrations_stage(recipe, writer, suites))
    stages += [_training(recipe, base, variant) for variant in training_order(variants)]
    stages += [_evaluate(recipe, base, v, asked) for v in variants]
    return [*stages, *closing_stages(recipe, {v: [suite.name for suite in asked] for v in variants}, base, judge)]


def _writer(recipe: Recipe, base: str, others: Mapping[Role, str]) -> str:
    """The fingerprint of who writes. Of a server nothing is known but what it calls its model."""
    writer = recipe.settings.documents.writer
    if writer is None:
        return base
    return f"server: {writer.model}" if writer.server else others.get("writer", "")


def _midtrained_arms(recipe: Recipe) -> list[str]:
    """What is midtrained for the recipe's arms: those that they are, and those that they go on from."""
    names = {name for variant in recipe.variants for name in variant.path}
    return [arm for arm in ("msm", "control") if arm in names]


def _training(recipe: Recipe, base: str, variant: Variant) -> Stage:
    training = recipe.training_stage(variant.path[-1])
    kind: Literal["midtrain", "sft"] = training.method
    start = adapter_folder(variant.start) if variant.start else None
    data = training_data(variant)
    folder = adapter_folder(variant)
    settings = recipe.training_settings(training.name)
    plain = plain_settings(settings)
    if not training.with_reasoning:
        plain.pop("reasoning", None)
    if settings.adapter_dtype == "float32":
        plain.pop("adapter_dtype")  # so that what was trained before there was a choice is still good
    return Stage(
        id=f"{kind} {variant.id}",
        kind=kind,
        reads=(data, *((f"{start}/{name}" for name in ADAPTER_FILES) if start else ())),
        writes=tuple(f"{folder}/{name}" for name in (*ADAPTER_FILES, METRICS)),
        scratch=tuple(f"{folder}/{name}" for name in (CHECKPOINT, BEST)),
        settings=stage_settings(kind, base=base, seed=variant.seed, **plain_settings(recipe.settings.lora), **plain),
        total=settings.updates or 0,
        unit="updates" if settings.epochs is None else f"updates ({settings.epochs:g} epochs)",
        variant=variant,
        start=start,
    )


def _evaluate(recipe: Recipe, base: str, variant: Variant, suites: Sequence[Suite]) -> Stage:
    trained = variant.seed is not None
    settings = recipe.settings.evaluation
    hashes = {
        suite.name: sha256_json([repr(item) for item in suite.items if item.is_for(variant.spec)]) for suite in suites
    }
    system = system_prompt(recipe.model_name)
    how = plain_settings(settings)
    if not settings.also_at:
        how.pop("also_at")  # so that what was answered before there were several is still good
    return Stage(
        id=f"evaluate {variant.id}",
        kind="evaluate",
        reads=tuple(f"{adapter_folder(variant)}/{name}" for name in ADAPTER_FILES) if trained else (),
        writes=(answers_file(variant),),
        scratch=(),
        settings=stage_settings("evaluate", base=base, system=system, suites=hashes, **how),
        total=count_replies(recipe, variant, suites),
        unit="replies",
        variant=variant,
        grows_with=("suites", "bootstrap"),  # the second is in the records of earlier versions only
        keeps=((answers_file(variant), answers_file(variant)),),
    )


def count_replies(recipe: Recipe, variant: Variant, suites: Sequence[Suite]) -> int:
    """How many replies a variant writes to all items of these suites."""
    items = (item for suite in suites for item in suite.items if item.is_for(variant.spec))
    return sum(item.reply_count(recipe.settings.evaluation.draws) for item in items)


def closing_stages(recipe: Recipe, answers: Mapping[Variant, Sequence[str]], base: str, judge: str) -> list[Stage]:
    """What follows the answers of these variants to the suites of these names: perplexity, if they were asked for
    their capability, verdicts, if a judge is named and has something to judge, and results."""
    stages = [*_perplexity(recipe, answers, base), *_judge(recipe, answers, judge)]
    results = results_stage(recipe, answers)
    return [*stages, replace(results, reads=(*results.reads, *(name for stage in stages for name in stage.writes)))]


def _perplexity(recipe: Recipe, answers: Mapping[Variant, Sequence[str]], base: str) -> list[Stage]:
    variants = [variant for variant, names in answers.items() if SUITE in names]
    if not variants:
        return []
    trained = [adapter_folder(variant) for variant in variants if variant.is_trained]
    return [
        Stage(
            id="perplexity",
            kind="perplexity",
            reads=tuple(f"{folder}/{name}" for folder in trained for name in ADAPTER_FILES),
            writes=(PERPLEXITY,),
            scratch=(),
            settings=stage_settings(
                "perplexity",
                base=base,
                texts=sha256_json(neutral_texts(recipe.profile)),
                variants=[variant.id for variant in variants],
            ),
            total=len(variants),
            unit="variants",
        )
    ]


def _judge(recipe: Recipe, answers: Mapping[Variant, Sequence[str]], judge: str) -> list[Stage]:
    names = {name for own in answers.values() for name in own}
    judged = [suite for suite in asked_suites(recipe) if suite.name in names and tasks_of([suite])]
    if recipe.judge is None or not judged:
        return []
    stage = Stage(
        id="judge",
        kind="judge",
        reads=tuple(map(answers_file, answers)),
        writes=(VERDICTS, AGREEMENT),
        scratch=(),
        settings=stage_settings(
            "judge",
            judge=judge,
            version_of_prompts=judge_version(),
            name=recipe.model_name,
            suites={suite.name: sha256_json(repr(suite)) for suite in judged},
            variants=sorted(variant.id for variant in answers),
            max_tokens=recipe.judge.max_tokens,
        ),
        total=sum(_judged_replies(recipe, variant, judged, own) for variant, own in answers.items()),
        unit="verdicts",
    )
    return [stage]


def _judged_replies(recipe: Recipe, variant: Variant, judged: Sequence[Suite], names: Sequence[str]) -> int:
    return count_replies(recipe, variant, [suite for suite in judged if suite.name in names])


def results_stage(recipe: Recipe, answers: Mapping[Variant, Sequence[str]]) -> Stage:
    """Results over the answers of these variants to the suites of these names."""
    names = {name for own in answers.values() for name in own}
    return Stage(
        id="results",
        kind="results",
        reads=tuple(map(answers_file, answers)),
        writes=(RESULTS, ANSWERS),
        scratch=(),
        settings=stage_settings(
            "results",
            run=recipe.name,
            variants={variant.id: sorted(own) for variant, own in answers.items()},
            suites={suite.name: sha256_json(repr(suite)) for suite in asked_suites(recipe) if suite.name in names},
        ),
        total=len(answers),
        unit="variants",
    )
