"""The stages of a recipe in order: what each reads, what it writes, and what must be there first.

Nothing here imports mlx, so that a plan costs nothing; the work itself is in `msm_mlx.workshop`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from msm_mlx.drafts import with_critique
from msm_mlx.errors import RecipeError
from msm_mlx.evals.items import Suite, counts_for, written_replies
from msm_mlx.evals.judging import judge_version
from msm_mlx.evals.perplexity import SUITE, neutral_texts
from msm_mlx.evals.suites import Names, load_suite
from msm_mlx.files import sha256_json
from msm_mlx.recipe import Recipe, Role
from msm_mlx.stage import KINDS as KINDS
from msm_mlx.stage import Kind as Kind
from msm_mlx.stage import Stage as Stage
from msm_mlx.stage import plain_settings, stage_settings
from msm_mlx.text_stages import (
    DEMONSTRATIONS,
    GENERAL_ROWS,
    demonstrations_stage,
    document_folder,
    documents_stage,
    plan_stage,
    ready_stage,
)
from msm_mlx.variants import (
    CONTROL,
    FINE_TUNED,
    GENERAL,
    REASONED,
    START_OF,
    TRAINED_ARMS,
    Variant,
    reads_spec,
    system_prompt,
)

ADAPTER_FILES = ("adapters.safetensors", "adapter_config.json")
RESULTS, ANSWERS = "evaluation/results.json", "evaluation/answers.jsonl"
VERDICTS, AGREEMENT = "evaluation/verdicts.jsonl", "evaluation/judge.json"
PERPLEXITY = "evaluation/perplexity.json"


def list_stages(recipe: Recipe, base: str, others: Mapping[Role, str] = MappingProxyType({})) -> list[Stage]:
    """Every stage of `recipe` over the model whose fingerprint is `base`, in an order that can be run.

    `others` are the fingerprints of the other models that the recipe names.
    """
    writer, judge = _writer(recipe, base, others), others.get("judge", "")
    suites, asked = load_suites(recipe), asked_suites(recipe)
    variants = list_variants(recipe)
    trained = [v for v in variants if v.is_trained]
    midtrained = _midtrained_arms(recipe)
    if recipe.settings.documents.source:
        stages = [ready_stage(recipe, spec, suites, arm) for arm in midtrained for spec in recipe.specs]
    else:
        stages = [plan_stage(recipe, writer, spec) for spec in recipe.specs if midtrained]
        documents = [(arm, spec) for arm in midtrained for spec in recipe.specs]
        written = [documents_stage(recipe, writer, spec, suites, arm == CONTROL) for arm, spec in documents]
        critic = others.get("critic", "")
        stages += written if recipe.settings.documents.critique is None else with_critique(recipe, written, critic)
    if any(v.arm in (GENERAL, *FINE_TUNED) for v in trained):
        stages.append(demonstrations_stage(recipe, writer, suites))
    for seed in recipe.seeds:
        stages += [_midtrain(recipe, base, arm, spec, seed) for arm in midtrained for spec in recipe.specs]
        stages += [_sft(recipe, base, v) for v in trained if v.seed == seed and v.arm in (GENERAL, *FINE_TUNED)]
    stages += [_evaluate(recipe, base, v, asked) for v in variants]
    return [*stages, *closing_stages(recipe, {v: [suite.name for suite in asked] for v in variants}, base, judge)]


def list_variants(recipe: Recipe) -> list[Variant]:
    """The variants that the recipe compares, base first."""
    several = len(recipe.specs) > 1
    variants = [Variant("base", None, None)] if "base" in recipe.arms else []
    for arm in TRAINED_ARMS:
        if arm in recipe.arms:
            specs = [spec.stem for spec in recipe.specs] if reads_spec(arm) else [None]
            variants += [Variant(arm, spec, seed, several) for spec in specs for seed in recipe.seeds]
    return variants


def asked_suites(recipe: Recipe) -> list[Suite]:
    """The recipe's suites and those that were added after the run."""
    added = load_suites(recipe, recipe.added_suites)
    return [*load_suites(recipe), *(replace(suite, added=True) for suite in added)]


def load_suites(recipe: Recipe, entries: Sequence[str] | None = None) -> list[Suite]:
    """The recipe's suites, or those named, with its names filled in, without the items that are about other specs.

    Raises:
        RecipeError: if a suite cannot be used, or none of its items is for the recipe's specs.
    """
    names, stems = Names(recipe.model_name, recipe.provider_name), {spec.stem for spec in recipe.specs}
    suites = []
    for entry in recipe.suites if entries is None else entries:
        suite = load_suite(entry, names, recipe.profile)
        items = tuple(item for item in suite.items if item.spec is None or item.spec in stems)
        if not items:
            known = ", ".join(sorted({str(item.spec) for item in suite.items}))
            raise RecipeError(
                f"{recipe.path}: suites: {suite.name} has items about the specs {known} only, and none about "
                f"{', '.join(sorted(stems))}; take it out, or give it such items"
            )
        suites.append(replace(suite, items=items))
    return suites


def demonstrations_of(arm: str) -> str:
    """The chats that an arm is fine-tuned on."""
    return GENERAL_ROWS if arm == GENERAL else DEMONSTRATIONS


def adapter_folder(variant: Variant) -> str:
    return f"adapters/{variant.id}"


def _writer(recipe: Recipe, base: str, others: Mapping[Role, str]) -> str:
    """The fingerprint of who writes. Of a server nothing is known but what it calls its model."""
    writer = recipe.settings.documents.writer
    if writer is None:
        return base
    return f"server: {writer.model}" if writer.server else others.get("writer", "")


def _midtrained_arms(recipe: Recipe) -> list[str]:
    """What is midtrained for the recipe's arms: those that they are, and those that they go on from."""
    wanted = {START_OF.get(arm, arm) for arm in recipe.arms}
    return [arm for arm in ("msm", CONTROL) if arm in wanted]


def _midtrain(recipe: Recipe, base: str, arm: str, spec: Path, seed: int) -> Stage:
    variant = Variant(arm, spec.stem, seed, len(recipe.specs) > 1)
    documents = document_folder(arm, spec.stem, variant.several_specs)
    return _training(recipe, "midtrain", base, variant, f"{documents}/documents.jsonl", None)


def _sft(recipe: Recipe, base: str, variant: Variant) -> Stage:
    first = START_OF.get(variant.arm)
    start = adapter_folder(replace(variant, arm=first)) if first else None
    return _training(recipe, "sft", base, variant, demonstrations_of(variant.arm), start)


def _training(
    recipe: Recipe, kind: Literal["midtrain", "sft"], base: str, variant: Variant, data: str, start: str | None
) -> Stage:
    folder = adapter_folder(variant)
    settings = recipe.settings.midtrain if kind == "midtrain" else recipe.settings.sft
    plain = plain_settings(settings)
    if variant.arm != REASONED:
        plain.pop("reasoning", None)
    if settings.adapter_dtype == "float32":
        plain.pop("adapter_dtype")  # so that what was trained before there was a choice is still good
    return Stage(
        id=f"{kind} {variant.id}",
        kind=kind,
        reads=(data, *((f"{start}/{name}" for name in ADAPTER_FILES) if start else ())),
        writes=tuple(f"{folder}/{name}" for name in (*ADAPTER_FILES, "metrics.jsonl")),
        scratch=tuple(f"{folder}/{name}" for name in ("checkpoint.safetensors", "best.safetensors")),
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
        suite.name: sha256_json([repr(item) for item in suite.items if counts_for(item, variant.spec)])
        for suite in suites
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
    items = (item for suite in suites for item in suite.items if counts_for(item, variant.spec))
    return sum(written_replies(item, recipe.settings.evaluation.draws) for item in items)


def answers_file(variant: Variant) -> str:
    return f"evaluation/variants/{variant.id}.jsonl"


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
    judged = [suite for suite in asked_suites(recipe) if suite.name in names and suite.kind in ("rated", "scenes")]
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
