"""The plan of a run: every stage of a recipe, in an order that can be run.

Nothing here imports mlx, so that a plan costs nothing. A run is planned once, and the plan handed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from msm_mlx.documents.plan import without_cause
from msm_mlx.documents.turned_spec import turn_spec
from msm_mlx.errors import RecipeError
from msm_mlx.evaluation.judging import tasks_of
from msm_mlx.evaluation.perplexity import SUITE
from msm_mlx.models.folder import POCKET
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.context_documents import ContextDocuments
from msm_mlx.pipeline.stages.critique import Critique
from msm_mlx.pipeline.stages.declared_texts import DeclaredTexts
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.pipeline.stages.document_chats import DocumentChats
from msm_mlx.pipeline.stages.document_plan import DocumentPlan
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.stages.judging import Judging
from msm_mlx.pipeline.stages.made_documents import MadeOfDocuments
from msm_mlx.pipeline.stages.negated_documents import NegatedDocuments
from msm_mlx.pipeline.stages.opposite_documents import OppositeDocuments
from msm_mlx.pipeline.stages.perplexity import Perplexity
from msm_mlx.pipeline.stages.plain_texts import PlainTexts
from msm_mlx.pipeline.stages.ready_adapter import ReadyAdapter
from msm_mlx.pipeline.stages.ready_documents import ReadyDocuments
from msm_mlx.pipeline.stages.results import LastStage, Results
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.recipe.arms import BUILT_IN, CHATS, CONTEXT, CONTROL, MSM, NEGATED, OPPOSITE, Variant, training_order
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.recipe.sampling import UNKNOWN, ModelSampling, choose_sampling, with_sampling
from msm_mlx.recipe.schema import DocumentSettings, EvaluationSettings
from msm_mlx.recipe.shares import family_of
from msm_mlx.recipe.suites import load_added_suites, load_suites
from msm_mlx.recipe.swap_table import load_swap
from msm_mlx.runs.layout import training_data
from msm_mlx.spec import Spec, load_spec
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.suites.items import Suite, limit_items, limit_written
from msm_mlx.suites.split import split_suite
from msm_mlx.text.swap import WordSwap

MOST_ROWS = 10_000  # that a declared stage of documents has, where nobody says how many
AnyStage = TypeVar("AnyStage", bound=Stage)


@dataclass(frozen=True)
class Fingerprints:
    """Which models a run uses; empty where that is not known yet, as for a model of the hub that nobody has fetched."""

    base: str = ""
    others: Mapping[Role, str] = field(default_factory=dict)
    generation: ModelSampling = UNKNOWN
    """What those that reply say of their sampling."""


@dataclass(frozen=True)
class RunPlan:
    """The stages of a recipe over these models."""

    recipe: Recipe
    models: Fingerprints
    specs: tuple[Spec, ...]
    suites: tuple[Suite, ...]
    """The suites that are asked: the recipe's, and those that were added to the run."""
    stages: tuple[Stage, ...]

    def of(self, kind: type[AnyStage]) -> list[AnyStage]:
        """The stages of one class, in order."""
        return [stage for stage in self.stages if isinstance(stage, kind)]


def plan_run(recipe: Recipe, models: Fingerprints | None = None) -> RunPlan:
    """Plan `recipe` over these models.

    Raises:
        RecipeError: if a spec, a suite or a file of chats cannot be used, or an arm learns what the recipe has not.
    """
    models = models or Fingerprints()
    specs = load_specs(recipe)
    suites = load_suites(recipe)
    held_out = HeldOut.of(suites)  # of all items, so that another limit leaves the documents as they are
    settings = recipe.settings.evaluation
    asked = tuple(
        limit_written(limit_items(split_suite(suite, settings.split), settings.limit), settings.written)
        for suite in (*suites, *load_added_suites(recipe))
    )
    scored = tuple(limit_written(suite, 0) for suite in asked if suite.is_scored)
    training = training_order(recipe.variants)
    others = [variant for variant in recipe.variants if not variant.ready_made]
    learned = {name for variant in (*others, *training) for name in variant.path}
    stages: list[Stage] = [
        *_ready_adapters(recipe, models),  # before anything is written: one may not fit
        *_texts_about_specs(recipe, models, specs, held_out, learned),
        *_contexts(recipe, models, specs, asked, learned),
        *_chats(recipe, models, held_out, learned),
        *_declared(recipe, held_out, learned),
        *_plain_texts(recipe, held_out, learned),
        *_first_seed_first(
            recipe,
            *(_training(recipe, models, variant) for variant in training),
            *(_evaluation(recipe, models, variant, asked) for variant in recipe.variants),
            *(_evaluation(recipe, models, variant, scored) for variant in recipe.snapshots),
        ),
    ]
    names, scored_names = (tuple(suite.name for suite in suites) for suites in (asked, scored))
    answered = dict.fromkeys(recipe.variants, names) | dict.fromkeys(recipe.snapshots, scored_names)
    closing = closing_stages(recipe, models, asked, answered)
    return RunPlan(recipe, models, specs, asked, (*stages, *closing))


def _first_seed_first(recipe: Recipe, *stages: Stage) -> list[Stage]:
    """The stages in their order, but first those of the first seed and of none, so that its figures are there early.

    Those of the other seeds stay together: the model changes between the processes that train and ask only once more.
    """
    first = (None, min(recipe.seeds))
    return sorted(stages, key=lambda stage: stage.seed not in first)


def _ready_adapters(recipe: Recipe, models: Fingerprints) -> Iterator[ReadyAdapter]:
    for variant in recipe.variants:
        if variant.ready_made:
            yield ReadyAdapter(variant=variant, source=recipe.adapters[variant.arm], base=models.base)


def load_specs(recipe: Recipe) -> tuple[Spec, ...]:
    """The specs of a recipe, with the names that it gives.

    Raises:
        RecipeError: if one of them cannot be used.
    """
    names = {"model_name": recipe.model_name, "provider_name": recipe.provider_name}
    return tuple(load_spec(path, **names) for path in recipe.specs)


def _texts_about_specs(
    recipe: Recipe, models: Fingerprints, specs: Sequence[Spec], held_out: HeldOut, learned: set[str]
) -> Iterator[Stage]:
    """The documents of each spec, and what stands in for them, as far as an arm learns them."""
    about = [name for name in learned & BUILT_IN.keys() if BUILT_IN[name].about_spec]
    if not about:
        return
    by_writer = [CONTROL.name, *([OPPOSITE] if recipe.settings.documents.opposite == "writer" else [])]
    names = [name for name in (MSM, *by_writer) if name in about or (name == MSM and not {*about} <= {*by_writer})]
    if recipe.settings.documents.source:
        yield from _ready_documents(recipe, specs, held_out, names)
    else:
        yield from _written_documents(recipe, models, specs, held_out, names)
    if OPPOSITE in about and OPPOSITE not in names:
        words = {"swap": _swap(recipe), "table": _table(recipe)}
        yield from _made_of_documents(OppositeDocuments, recipe, OPPOSITE, specs, held_out=held_out, **words)
    if NEGATED in about:
        yield from _made_of_documents(NegatedDocuments, recipe, NEGATED, specs, held_out=held_out)
    if CHATS in about:
        max_length = recipe.training_settings(CHATS).max_length
        yield from _made_of_documents(DocumentChats, recipe, CHATS, specs, max_length=max_length, base=models.base)


def _written_documents(
    recipe: Recipe, models: Fingerprints, specs: Sequence[Spec], held_out: HeldOut, names: Sequence[str]
) -> Iterator[Stage]:
    several, writer = len(specs) > 1, _writer(recipe, models)
    settings = with_sampling(recipe.settings.documents, choose_sampling(recipe, models.generation)["documents"])
    for spec in specs:
        yield DocumentPlan(
            spec=spec, several_specs=several, settings=settings, model_name=recipe.model_name, writer=writer
        )
    for name in names:
        for spec in specs:
            if name == CONTROL.name:
                _require_causes(spec, settings)
            documents = WrittenDocuments(
                spec=turn_spec(spec, _swap(recipe), _table(recipe)) if name == OPPOSITE else spec,
                several_specs=several,
                training=name,
                drafts=settings.critique is not None,
                settings=settings,
                model_name=recipe.model_name,
                provider_name=recipe.provider_name,
                writer=writer,
                held_out=held_out,
            )
            yield documents
            if settings.critique is not None:
                yield Critique(drafts=documents, critic=models.others.get("critic", ""))


def _require_causes(spec: Spec, settings: DocumentSettings) -> None:
    """Raises RecipeError if an assertion gives no cause that control documents could leave out."""
    for section in spec.assertions:
        without_cause(spec, section, settings)


def _ready_documents(
    recipe: Recipe, specs: Sequence[Spec], held_out: HeldOut, names: Sequence[str]
) -> Iterator[ReadyDocuments]:
    if CONTROL.name in names:
        raise RecipeError(
            f"{recipe.path}: arms: `control` reads documents without reasons, which are written from the spec; "
            "take it out of the arms, or documents.from out of the settings"
        )
    for spec in specs:
        source = recipe.settings.documents.source_of(spec.path.stem)
        assert source is not None
        yield ReadyDocuments(
            source=source,
            spec=spec,
            several_specs=len(specs) > 1,
            settings=recipe.settings.documents,
            model_name=recipe.model_name,
            provider_name=recipe.provider_name,
            held_out=held_out,
        )


def _made_of_documents(
    stage: type[MadeOfDocuments], recipe: Recipe, training: str, specs: Sequence[Spec], **others: Any
) -> Iterator[MadeOfDocuments]:
    """A stage of this type about each spec; `others` are what it has beside what all of them have."""
    for spec in specs:
        yield stage(
            training=training,
            spec=spec,
            several_specs=len(specs) > 1,
            settings=recipe.settings.documents,
            model_name=recipe.model_name,
            provider_name=recipe.provider_name,
            **others,
        )


def _swap(recipe: Recipe) -> WordSwap:
    assert recipe.swap is not None
    return load_swap(recipe.swap, recipe.model_name, recipe.provider_name)


def _table(recipe: Recipe) -> str:
    """Where the words of the recipe are, for messages."""
    return str(recipe.swap) if isinstance(recipe.swap, Path) else f"{recipe.path}: swap"


def _contexts(
    recipe: Recipe, models: Fingerprints, specs: Sequence[Spec], asked: Sequence[Suite], learned: set[str]
) -> Iterator[ContextDocuments]:
    """The documents in the prompts of an arm, if there is one that has them there."""
    for spec in specs if CONTEXT in learned else ():
        yield ContextDocuments(
            training=CONTEXT,
            spec=spec,
            several_specs=len(specs) > 1,
            settings=recipe.settings.documents,
            model_name=recipe.model_name,
            provider_name=recipe.provider_name,
            evaluation=recipe.settings.evaluation,
            suites=tuple(asked),
            base=models.base,
        )


def _chats(recipe: Recipe, models: Fingerprints, held_out: HeldOut, learned: set[str]) -> Iterator[Stage]:
    if any(BUILT_IN[name].method == "sft" and not BUILT_IN[name].about_spec for name in learned & BUILT_IN.keys()):
        sampling = choose_sampling(recipe, models.generation).get("demonstrations")
        yield Demonstrations(recipe=recipe, writer=_writer(recipe, models), held_out=held_out, sampling=sampling)


def _declared(recipe: Recipe, held_out: HeldOut, learned: set[str]) -> Iterator[Stage]:
    for name, settings in recipe.stages.items():
        if name in learned:
            yield DeclaredTexts(
                name=name,
                settings=settings,
                model_name=recipe.model_name,
                provider_name=recipe.provider_name,
                held_out=held_out,
                overlap=recipe.settings.documents.checks.evaluation_overlap,
                recipe=recipe.path,
                demonstrations=recipe.demonstrations,
                bad_rows=recipe.bad_rows,
            )


def _plain_texts(recipe: Recipe, held_out: HeldOut, learned: set[str]) -> Iterator[PlainTexts]:
    """The plain text among documents, if an arm learns documents."""
    mix, documents = recipe.settings.midtrain.mix, recipe.settings.documents
    names = [name for name in learned if recipe.training_stage(name).method == "midtrain"]
    if mix is None or not names:
        return
    rows = [(recipe.stages[name].rows or MOST_ROWS) if name in recipe.stages else documents.count for name in names]
    yield PlainTexts(
        settings=mix,
        tokens=round(mix.tokens_beside(max(rows) * documents.max_tokens)),
        held_out=held_out,
        overlap=documents.checks.evaluation_overlap,
        recipe=recipe.path,
    )


def _training(recipe: Recipe, models: Fingerprints, variant: Variant) -> Training:
    name = variant.path[-1]
    return Training(
        variant=variant,
        training=recipe.training_stage(name),
        settings=recipe.training_settings(name),
        lora=recipe.settings.lora,
        base=models.base,
        embedded=recipe.model == POCKET,
    )


def _evaluation(recipe: Recipe, models: Fingerprints, variant: Variant, suites: tuple[Suite, ...]) -> Evaluation:
    return Evaluation(
        variant=variant,
        suites=suites,
        settings=_evaluation_settings(recipe, models),
        model_name=recipe.model_name,
        base=models.base,
    )


def _evaluation_settings(recipe: Recipe, models: Fingerprints) -> EvaluationSettings:
    return with_sampling(recipe.settings.evaluation, choose_sampling(recipe, models.generation)["scenes"])


def closing_stages(
    recipe: Recipe, models: Fingerprints, suites: Sequence[Suite], answered: Mapping[Variant, Sequence[str]]
) -> list[Stage]:
    """What follows once these variants have answered the suites of these names: perplexity, if they were asked for
    their capability, verdicts, if a judge is named and has something to judge, and results. Of what a variant answers
    before the end of its training there are results alone."""
    names = {variant: tuple(answers) for variant, answers in answered.items()}
    used = tuple(suite for suite in suites if any(suite.name in answers for answers in names.values()))
    ends = {variant: answers for variant, answers in names.items() if variant.update is None}
    perplexity, judging = _perplexity(recipe, models, ends), _judging(recipe, models, used, ends)
    results = Results(
        run_name=recipe.name,
        answered=names,
        suites=used,
        perplexity=perplexity,
        judging=judging,
        last_stages=_last_stages(recipe, names),
        stand_ins=recipe.stand_ins,
    )
    return [stage for stage in (perplexity, judging, results) if stage is not None]


def _last_stages(recipe: Recipe, variants: Iterable[Variant]) -> dict[str, LastStage]:
    """The last stage of each arm that is followed along it, or has a share of contrary rows in it."""
    last_stages: dict[str, LastStage] = {}
    for variant in variants:
        if not variant.is_trained:
            continue
        name = variant.path[-1]
        settings, share = recipe.training_settings(name), recipe.contrary_share(name)
        if settings.evaluate_at or share is not None:
            last_stages[variant.arm] = LastStage(family_of(name, share), share, settings, training_data(variant))
    return last_stages


def _perplexity(recipe: Recipe, models: Fingerprints, answered: Mapping[Variant, tuple[str, ...]]) -> Perplexity | None:
    variants = tuple(variant for variant, names in answered.items() if SUITE in names and not variant.in_context)
    if not variants:
        return None
    batch_size = recipe.settings.evaluation.batch_size
    return Perplexity(variants=variants, profile=recipe.profile, batch_size=batch_size, base=models.base)


def _judging(
    recipe: Recipe, models: Fingerprints, suites: Sequence[Suite], answered: Mapping[Variant, tuple[str, ...]]
) -> Judging | None:
    judged = tuple(suite for suite in suites if tasks_of([suite]))
    if recipe.judge is None or not judged:
        return None
    return Judging(
        answered=answered,
        suites=judged,
        settings=recipe.judge,
        evaluation=_evaluation_settings(recipe, models),
        model_name=recipe.model_name,
        judge=models.others.get("judge", ""),
    )


def _writer(recipe: Recipe, models: Fingerprints) -> str:
    """The fingerprint of who writes. Of a server nothing is known but what it calls its model."""
    writers = recipe.settings.documents.writers
    if not writers:
        return models.base
    prints = {
        writer.name: writer.name if writer.server else models.others.get(recipe.role_of(writer), "")
        for writer in writers
    }
    if len(prints) == 1:
        return next(iter(prints.values()))
    # by their names the replies are shared out
    known = all(prints.values())
    return ", ".join(f"{name} ({prints[name]})" for name in sorted(prints)) if known else ""


def text_sources(recipe: Recipe, kinds: Iterable[Kind]) -> list[str]:
    """The sources of texts that nobody has to write, as far as stages of these kinds read them."""
    sources: list[str | None] = []
    if "documents" in kinds:
        sources += [recipe.settings.documents.source_of(spec.stem) for spec in recipe.specs]
        sources += [settings.documents for settings in recipe.stages.values()]
        sources.append(recipe.settings.midtrain.mix.source if recipe.settings.midtrain.mix else None)
    if "demonstrations" in kinds and recipe.mix:
        sources.append(recipe.mix.source)
    return list(dict.fromkeys(source for source in sources if source))
