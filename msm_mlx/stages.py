"""The stages of a recipe in order: what each reads, what it writes, and what must be there first.

Nothing here imports mlx, so that a plan costs nothing; the work itself is in `msm_mlx.workshop`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from msm_mlx.datasets import HUB
from msm_mlx.demonstrations.chats import demand_reasoning, is_chat_file, load_chats
from msm_mlx.demonstrations.general import mix_count
from msm_mlx.demonstrations.preferences import load_preferences
from msm_mlx.demonstrations.written import is_written_file, load_written
from msm_mlx.documents.asking import document_prompts, prompt_version
from msm_mlx.documents.leaks import Unseen
from msm_mlx.documents.plan import without_cause
from msm_mlx.documents.plan_file import IDEAS, PLAN
from msm_mlx.documents.sources import identify
from msm_mlx.documents.topup import EARLIER
from msm_mlx.drafts import with_critique
from msm_mlx.errors import RecipeError
from msm_mlx.evals.items import Suite, counts_for, written_replies
from msm_mlx.evals.judging import judge_version
from msm_mlx.evals.perplexity import SUITE, neutral_texts
from msm_mlx.evals.suites import Names, load_suite
from msm_mlx.files import sha256_file, sha256_json
from msm_mlx.recipe import Recipe, Role
from msm_mlx.spec import load_spec
from msm_mlx.stage import KINDS as KINDS
from msm_mlx.stage import Kind as Kind
from msm_mlx.stage import Stage as Stage
from msm_mlx.stage import stage_settings
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

DOCUMENT_FILES = ("documents.jsonl", "rejected.jsonl", "health.json")
ADAPTER_FILES = ("adapters.safetensors", "adapter_config.json")
DEMONSTRATIONS = "demonstrations/train.jsonl"
GENERAL_ROWS = "demonstrations/general.jsonl"  # those of the general data alone, in the order that they have among all
UNUSED_ANSWERS, ASKED = "demonstrations/rejected.jsonl", "demonstrations/asked.jsonl"  # of demonstrations by the writer
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
        stages = [_ready(recipe, spec, suites, arm) for arm in midtrained for spec in recipe.specs]
    else:
        stages = [_plan(recipe, writer, spec) for spec in recipe.specs if midtrained]
        documents = [(arm, spec) for arm in midtrained for spec in recipe.specs]
        written = [_documents(recipe, writer, spec, suites, arm == CONTROL) for arm, spec in documents]
        critic = others.get("critic", "")
        stages += written if recipe.settings.documents.critique is None else with_critique(recipe, written, critic)
    if any(v.arm in (GENERAL, *FINE_TUNED) for v in trained):
        stages.append(_demonstrations(recipe, writer, suites))
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


def document_folder(arm: str, spec: str, several_specs: bool) -> str:
    """Where the documents are that an arm is midtrained on, and reads by itself or through the arm it starts from."""
    parts = ["documents", *(["control"] if CONTROL in (arm, START_OF.get(arm)) else [])]
    return "/".join([*parts, spec] if several_specs else parts)


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


def _plan(recipe: Recipe, writer: str, spec: Path) -> Stage:
    settings = recipe.settings.documents
    content = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    folder = document_folder("msm", spec.stem, len(recipe.specs) > 1)
    grid = settings.model_dump(mode="json", include={"count", "types", "voices", "seed", "ideas"})
    if settings.prompt != "assertion":
        grid |= settings.model_dump(mode="json", include={"authors", "audiences", "lengths"})
    if settings.ideas:
        asserted = [[section.text, section.assertion] for section in content.assertions]
        grid |= {"asserted": sha256_json(asserted), "name": recipe.model_name, "writer": writer}
        grid |= {"temperature": settings.temperature, "prompts": prompt_version("ideas")}
    return Stage(
        id=f"plan {spec.stem}",
        kind="plan",
        reads=(),
        writes=(f"{folder}/{PLAN}",),
        scratch=(f"{folder}/{IDEAS}",),
        settings=stage_settings("plan", sections=[section.id for section in content.assertions], **grid),
        total=settings.count,
        unit="slots",
        spec=spec,
        grows_with=("count",),
        keeps=tuple((f"{folder}/{name}", f"{folder}/{name}") for name in (PLAN, IDEAS)),
    )


def _ready(recipe: Recipe, spec: Path, suites: Sequence[Suite], arm: str) -> Stage:
    """Documents that nobody has to write."""
    if arm == CONTROL:
        raise RecipeError(
            f"{recipe.path}: arms: {CONTROL}+sft reads documents without reasons, which are written from the spec; "
            "take it out of the arms, or documents.from out of the settings"
        )
    settings = recipe.settings.documents
    source = settings.source_of(spec.stem)
    assert source is not None
    content = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    folder = document_folder(arm, spec.stem, len(recipe.specs) > 1)
    return Stage(
        id=f"documents {spec.stem}",
        kind="documents",
        reads=(),
        writes=tuple(f"{folder}/{name}" for name in DOCUMENT_FILES),
        scratch=(),
        settings=stage_settings(
            "documents",
            ready=identify(source).version,
            spec=sha256_json([[section.id, section.assertion] for section in content.assertions]),
            names=[recipe.model_name, recipe.provider_name],
            unseen=sha256_json(asdict(Unseen.of(suites))),
            **settings.model_dump(mode="json", include={"count", "seed", "field", "min_words", "checks"}),
        ),
        total=settings.count,
        unit="documents",
        spec=spec,
        ready=source,
    )


def _documents(recipe: Recipe, writer: str, spec: Path, suites: Sequence[Suite], control: bool) -> Stage:
    settings = recipe.settings.documents
    content = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    decisive: Any = content.text
    others = _plain(settings)
    others.pop("writer")  # told by its fingerprint
    note = others.pop("control_note")
    if control:
        parts = [without_cause(content, section, note) for section in content.assertions]
        decisive = [[section.id, section.path, section.assertion] for section in (*parts, *content.assertions)]
    folder = document_folder(CONTROL if control else "msm", spec.stem, len(recipe.specs) > 1)
    plan = f"{document_folder('msm', spec.stem, len(recipe.specs) > 1)}/{PLAN}"
    return Stage(
        id=f"documents {'control ' if control else ''}{spec.stem}",
        kind="documents",
        reads=(plan,),
        writes=tuple(f"{folder}/{name}" for name in DOCUMENT_FILES),
        scratch=(f"{folder}/progress.jsonl", f"{folder}/{EARLIER}"),
        settings=stage_settings(
            "documents",
            spec=sha256_json(decisive),
            name=recipe.model_name,
            writer=writer,
            unseen=sha256_json(asdict(Unseen.of(suites))),
            prompts=prompt_version(*document_prompts(settings, control=control)),
            **others,
        ),
        total=settings.count,
        unit="documents",
        spec=spec,
        grows_with=("count", plan),
        keeps=((f"{folder}/{DOCUMENT_FILES[0]}", f"{folder}/{EARLIER}"),),
        control=control,
    )


def _demonstrations(recipe: Recipe, writer: str, suites: Sequence[Suite]) -> Stage:
    rows = recipe.settings.sft.rows
    source: dict[str, str]
    writes: tuple[str, ...] = (DEMONSTRATIONS,)
    scratch: tuple[str, ...] = ()
    if is_written_file(recipe.demonstrations):
        writes, scratch = (DEMONSTRATIONS, UNUSED_ANSWERS), (ASKED,)
        source = _written(recipe, writer, suites)
    elif is_chat_file(recipe.demonstrations):
        chats = load_chats(recipe.demonstrations)
        rows = min(rows, len(chats))
        source = {"chats": sha256_json([[chat.messages, chat.reasoning] for chat in chats])}
    else:
        source = {"preferences": sha256_json(load_preferences(recipe.demonstrations).model_dump(mode="json"))}
    total = rows
    if recipe.mix:
        total += mix_count(recipe.mix, rows)
        name = recipe.mix.source
        source |= {"mix": name if name.startswith(HUB) else sha256_file(Path(name)), "mixed": str(total - rows)}
    if GENERAL in recipe.arms:
        writes = (*writes, GENERAL_ROWS)
        if recipe.mix is None:
            raise RecipeError(
                f"{recipe.path}: arms: `{GENERAL}` learns general data alone, and the recipe has none; give it a mix, "
                f"as `mix: {{from: FILE.jsonl, share: 0.5}}`, or take `{GENERAL}` out of the arms"
            )
    if REASONED in recipe.arms:
        demand_reasoning(recipe.demonstrations, recipe.path)
    return Stage(
        id="demonstrations",
        kind="demonstrations",
        reads=(),
        writes=writes,
        scratch=scratch,
        settings=stage_settings("demonstrations", rows=rows, system=system_prompt(recipe.model_name), **source),
        total=total,
        unit="rows",
    )


def _written(recipe: Recipe, writer: str, suites: Sequence[Suite]) -> dict[str, str]:
    """All that decides about demonstrations by the writer."""
    written = load_written(recipe.demonstrations)
    spec = load_spec(written.spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    prompts = prompt_version(
        "situations", "questions", f"{written.style}_answer", "judge", package="msm_mlx.demonstrations"
    )
    return {
        "written": sha256_json(written.model_dump(mode="json", exclude={"spec"})),
        "spec": sha256_json(spec.text),
        "name": recipe.model_name,
        "writer": writer,
        "unseen": sha256_json(Unseen.of(suites).things),
        "prompts": prompts,
    }


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
    plain = _plain(settings)
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
        settings=stage_settings(kind, base=base, seed=variant.seed, **_plain(recipe.settings.lora), **plain),
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
    how = _plain(settings)
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


def _plain(settings: Any) -> dict[str, Any]:
    """Settings as JSON; how often to save, what is kept in memory and when to give up decide nothing about what comes
    out."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    for name in ("checkpoint_every", "gradient_checkpointing", "max_attempts_per_document", "least_pass_rate"):
        plain.pop(name, None)
    for name in ("source", "field", "critique"):  # of documents that are not written, or written anew
        plain.pop(name, None)
    return plain
