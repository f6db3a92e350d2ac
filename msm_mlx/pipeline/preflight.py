"""What is refused before anything is written or trained: by `validate`, and at the beginning of a run.

Imports no mlx.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from msm_mlx.demonstrations.chats import is_chat_file, load_chats
from msm_mlx.demonstrations.general import load_general
from msm_mlx.demonstrations.preferences import load_preferences
from msm_mlx.documents.checks.languages.table import language_note
from msm_mlx.documents.sources import ready_texts
from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.files import free_space
from msm_mlx.models.chat_template import ChatTemplate, read_template
from msm_mlx.models.hub import (
    ModelRef,
    describe_model,
    human_size,
    is_local,
    model_config,
    resolve_model,
    tokenizer_folder,
)
from msm_mlx.models.renderers import LoadRenderer, load_each_once
from msm_mlx.pipeline.adapter_arms import inspect_adapters
from msm_mlx.pipeline.cost import forecast, refuse_what_does_not_fit
from msm_mlx.pipeline.findings import Findings, join
from msm_mlx.pipeline.plan import RunPlan, plan_run, text_sources
from msm_mlx.pipeline.prompt_lengths import guess_prompts, measure_prompts
from msm_mlx.pipeline.stage import KINDS, Kind, Stage
from msm_mlx.pipeline.stages.declared_texts import DeclaredTexts
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.pipeline.stages.opposite_documents import OppositeDocuments
from msm_mlx.pipeline.stages.plain_texts import PlainTexts
from msm_mlx.pipeline.stages.ready_documents import ReadyDocuments
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.pipeline.status import StageStatus, check_stage, due_stages
from msm_mlx.progress import Reporter
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings, load_demonstration_settings
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.schema import BAD_ROWS
from msm_mlx.recipe.shares import arms_to_measure
from msm_mlx.recipe.workspace import is_within
from msm_mlx.resources.machine import this_machine
from msm_mlx.resources.memory import ModelShape
from msm_mlx.rows.hub import HUB
from msm_mlx.runs.finished import changed_template
from msm_mlx.runs.folder import RunFolder
from msm_mlx.settings_file.base import is_settings_file
from msm_mlx.settings_file.parse import parse, read
from msm_mlx.spec import Spec, load_spec
from msm_mlx.suites.load import SUITES, Names, load_suite
from msm_mlx.text.commands import command
from msm_mlx.text.problem_lines import group_problems
from msm_mlx.text.words import TOKENS_PER_WORD

ADAPTER_BYTES = 4  # of a parameter, in a file
CHECKPOINT_COPIES = 4  # of an adapter while it is trained: its weights, two moments, and the best so far
TAKE_TEXTS = (ReadyDocuments, OppositeDocuments, DeclaredTexts, PlainTexts, Demonstrations)  # and check them

Check = Callable[[], object]


def inspect_recipe(path: Path, *, rehearse: bool = False, **options: Any) -> Findings:
    """All that is wrong with a recipe and with the files that it names; no problem if a run would start.

    The files of a recipe that is wrong elsewhere are looked into all the same.

    Args:
        rehearse: whether to render every row and prompt too, for which the model's tokenizer must be here.
        options: those of `load_recipe`.
    """
    try:
        recipe = load_recipe(path, known_suites=SUITES, **options)
    except RecipeError as error:
        files = _checks_of_broken(path, allow_outside=options.get("allow_outside", False))
        return Findings(group_problems(dict.fromkeys([*_lines(error), *_problems(files)])))
    plan, problems = _planned(recipe)
    of_adapters = inspect_adapters(recipe, plan.stages) if plan else Findings()
    problems += of_adapters.problems
    problems = group_problems(dict.fromkeys([*_problems(_checks(recipe, plan)), *problems]))
    if plan is not None and not problems and not rehearse:
        problems = guess_prompts(plan)
    names = [recipe.name_reason] if recipe.name_reason and not problems else []
    notes = [*names, *of_adapters.notes, *unused_stages(recipe), *unmeasured_arms(recipe), *doses_on_all_items(recipe)]
    notes += [] if rehearse else _unread(recipe)
    notes += foreign_specs(plan.specs) if plan and not problems else []
    if plan is not None and not problems and not (recipe.mix and recipe.mix.source.startswith(HUB)):
        notes += [note for stage in plan.of(Demonstrations) for note in stage.source_notes()]
    if plan is not None and not problems:
        notes += [note for stage in plan.of(DeclaredTexts) for note in stage.source_notes()]
    findings = Findings(problems, notes)
    if not rehearse or plan is None or problems:
        return findings
    return join([findings, rehearsed(plan)])


def _unread(recipe: Recipe) -> list[str]:
    """What is to be said of data sets of the hub, which are not fetched to look at a recipe."""
    return [
        f"{source} is not read here; a run fetches it and checks its rows before it writes or trains anything"
        for source in text_sources(recipe, KINDS)
        if source.startswith(HUB)
    ]


def rehearsed(plan: RunPlan) -> Findings:
    """What the rehearsal of a whole run finds, for which no weights are fetched.

    That the tokenizer cannot be had is no problem of the recipe, and said.
    """
    from msm_mlx.pipeline.rehearsal import load_rehearsal

    recipe, load = plan.recipe, load_each_once()
    try:
        base = _with_tokenizer(recipe.model, recipe.chat_template)
        others = {role: _with_tokenizer(name) for role, name in recipe.others.items() if is_local(name)}
    except SetupError as error:
        return Findings([], [f"Rows and prompts are not measured: {error}"])
    try:
        asked = Findings(*measure_prompts(recipe, plan.stages, base, others, load))
        return join([load_rehearsal(base.folder, base.choice, load).findings(plan, plan.stages, {}), asked])
    except MsmError as error:
        return Findings(_lines(error))


def _with_tokenizer(name: str, template: Path | None = None) -> ModelRef:
    """A model of which the tokenizer is here, and maybe no more, with `template` or its own as of today."""
    folder = tokenizer_folder(name)
    return ModelRef(name, folder, None, name).rendering(
        read_template(folder, template).choice(date.today().isoformat())
    )


def rehearse(
    plan: RunPlan,
    status: StageStatus,
    base: ModelRef,
    run: RunFolder,
    report: Reporter,
    kinds: Sequence[Kind],
    load: LoadRenderer,
) -> None:
    """Render, mask and measure what stages that are due will learn and ask: those of `kinds`, and all that come later.

    Raises:
        RecipeError: with a line for each kind of problem, if something cannot be learned or asked.
        SetupError: if the model's chat template cannot be used.
    """
    due = due_stages(status, KINDS[min(map(KINDS.index, kinds)) :])
    if not any(stage.kind in ("sft", "evaluate") for stage in due):
        return
    from msm_mlx.pipeline.rehearsal import load_rehearsal

    made = {name: run.path / name for stage, one in status if one.cached for name in stage.writes}
    findings = load_rehearsal(base.folder, base.choice, load).findings(plan, due, made)
    for line in findings.notes:
        report.say(line)
    if findings.problems:
        raise RecipeError("\n".join(findings.problems))


def _problems(checks: Iterable[Check]) -> list[str]:
    return [line for check in checks for line in _complaints(check)]


def _lines(error: MsmError) -> list[str]:
    return str(error).splitlines()


def _planned(recipe: Recipe) -> tuple[RunPlan | None, list[str]]:
    """The plan of the recipe, or what keeps it from being planned."""
    try:
        return plan_run(recipe), []
    except MsmError as error:
        return None, _lines(error)


def unused_stages(recipe: Recipe) -> list[str]:
    """What is to be said of training stages that a recipe declares and that no arm has."""
    learned = {name for variant in recipe.variants for name in variant.path}
    return [
        f"{recipe.path}: stages: no arm has {name}, so nobody learns it; name it in arms, as sft+{name}, or take it out"
        for name in recipe.stages
        if name not in learned
    ]


def foreign_specs(specs: Iterable[Spec]) -> list[str]:
    """What is to be said of specs that are not in English: which checks of documents do not know their language."""
    notes = [(spec.path, language_note(spec.text)) for spec in specs]
    return [f"{path} is {note}" for path, note in notes if note]


def unmeasured_arms(recipe: Recipe) -> list[str]:
    """What is to be said of arms with contrary rows of which a run cannot tell when they are back."""
    contrary = [name for name, stage in recipe.stages.items() if stage.contrary]
    return [
        f"{recipe.path}: arms: how many contrary rows undo {before} is not measured without {', '.join(missing)}; add "
        f"{'it' if len(missing) == 1 else 'them'} to the arms"
        for before, missing in arms_to_measure(recipe.arms, contrary).items()
    ]


def doses_on_all_items(recipe: Recipe) -> list[str]:
    """What is to be said of a grid whose best cell would be chosen on the items that are reported."""
    if not recipe.grid or recipe.settings.evaluation.split == "dev" or "evaluation.split" in dict(recipe.grid):
        return []
    items = "all items" if recipe.settings.evaluation.split == "all" else "the items to report"
    return [
        f"{recipe.path}: grid: its cells are compared on {items}, and the best of them looks better on these than it "
        "is; choose it with --set evaluation.split=dev, and report it with evaluation.split=test"
    ]


def _complaints(check: Check) -> list[str]:
    try:
        check()
    except MsmError as error:
        return _lines(error)
    return []


def _checks(recipe: Recipe, plan: RunPlan | None) -> Iterator[Check]:
    """The models and files of a recipe."""
    yield partial(_check_model, recipe.model)
    for name in recipe.others.values():
        yield partial(_check_model, name)
    documents = recipe.settings.documents
    for spec in recipe.specs:
        source = documents.source_of(spec.stem)
        yield partial(_check_spec, spec, recipe.model_name, recipe.provider_name, asserts=source is None)
        if source and not source.startswith(HUB):
            yield partial(_check_ready, source, documents.field)
    yield partial(_demonstrations_loader(recipe.demonstrations, recipe.bad_rows), recipe.demonstrations)
    if (mix := recipe.mix) and not mix.source.startswith(HUB):
        names = (recipe.model_name, recipe.provider_name)
        yield partial(load_general, mix.source, names, recipe.bad_rows_of_mix)
    yield from (opposite.check for opposite in (plan.of(OppositeDocuments) if plan else ()) if _is_here(opposite))
    yield from _checks_of_stages(recipe, plan)
    if plain := recipe.settings.midtrain.mix:
        planned = plan.of(PlainTexts) if plan and not plain.source.startswith(HUB) else []
        yield from (stage.check for stage in planned)
    yield partial(check_room, plan.stages if plan else ())
    for suite in recipe.suites:
        yield partial(load_suite, suite, Names(recipe.model_name, recipe.provider_name), recipe.profile)


def _checks_of_stages(recipe: Recipe, plan: RunPlan | None) -> Iterator[Check]:
    """The texts of declared stages. One that is planned knows what its texts must not show."""
    planned = {stage.name: stage for stage in plan.of(DeclaredTexts)} if plan else {}
    for name, settings in recipe.stages.items():
        if settings.documents and settings.documents.startswith(HUB):
            continue
        if name in planned:
            yield planned[name].check
        elif settings.chats:
            yield partial(load_chats, settings.chats, recipe.bad_rows)
        elif settings.documents:
            yield partial(_check_ready, settings.documents, "text")


def _is_here(opposite: OppositeDocuments) -> bool:
    """Whether the documents are on this machine, if they are to be taken from somewhere."""
    return not (opposite.source or "").startswith(HUB)


def _demonstrations_loader(path: Path, bad_rows: float = BAD_ROWS) -> Callable[[Path], object]:
    if is_chat_file(path):
        return partial(load_chats, bad_rows=bad_rows)
    return load_demonstration_settings if has_demonstration_settings(path) else load_preferences


def _checks_of_broken(path: Path, *, allow_outside: bool) -> Iterator[Check]:
    """The files that exist, of a recipe that is wrong elsewhere; what the recipe may not read is left alone."""
    try:
        content = parse(read(path)).value
    except RecipeError:
        return
    if not isinstance(content, dict):
        return

    def files(key: str) -> Iterator[Path]:
        names = content.get(key)
        for name in names if isinstance(names, list) else [names]:
            file = _existing(path.parent, name)
            if file and (allow_outside or is_within(file.resolve(), path)):
                yield file

    for file in files("spec"):
        yield partial(_check_spec, file, "M", "P")
    for file in files("demonstrations"):
        yield partial(_demonstrations_loader(file), file)
    for file in files("suites"):
        if is_settings_file(file):
            yield partial(load_suite, str(file))


def _existing(folder: Path, name: object) -> Path | None:
    try:
        file = folder / name if isinstance(name, str) else None
        return file if file and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a name that no file system takes, links in a circle
        return None


def _check_model(name: str) -> None:
    """A model of the hub by its name only; one on this machine as a run would."""
    describe_model(name)
    if is_local(name):
        resolve_model(name)


def _check_ready(source: str, field: str) -> None:
    deque(ready_texts(source, field), maxlen=0)


def _check_spec(path: Path, model_name: str, provider_name: str, *, asserts: bool = True) -> None:
    spec = load_spec(path, model_name=model_name, provider_name=provider_name)
    if asserts and not spec.assertions:
        raise RecipeError(
            f"{path}: no assertion found; write in each section one line that starts with '> ' and says what the "
            f"assistant does and because of what, and see `{command('msm-mlx', 'spec', 'check', path)}`"
        )


def refuse_ranks_of_writers(recipe: Recipe, *, launched: bool) -> None:
    """Raises RecipeError if all ranks of `mlx.launch` would have to change from one writer to another."""
    if launched and len(recipe.settings.documents.writers) > 1 and recipe.local_writers:
        raise RecipeError(
            f"{recipe.path}: documents.writer: the ranks of mlx.launch write with one model; name one writer, or "
            "servers alone, or write the documents without mlx.launch first"
        )


def check_memory(plan: RunPlan, due: Sequence[Stage], report: Reporter) -> None:
    """Raises SetupError with settings that fit, if a training stage that is `due` will not."""
    if not any(isinstance(stage, Training) for stage in due):
        return
    config = model_config(plan.recipe.model)
    try:
        shape = ModelShape.from_config(config)
    except MsmError as error:
        report.say(f"Memory: {error}.")
        return
    machine = this_machine()
    refuse_what_does_not_fit(forecast(plan, shape, machine), machine, due)


def check_disk(plan: RunPlan, due: Sequence[Stage], run: RunFolder) -> None:
    """Raises SetupError if the adapters of the training stages that are `due` have no room on the disk."""
    trainings = [stage for stage in due if isinstance(stage, Training)]
    if not trainings:
        return
    try:
        shape = ModelShape.from_config(model_config(plan.recipe.model))
    except MsmError:
        return  # `check_memory` says why
    adapter = ADAPTER_BYTES * shape.adapter_parameters(plan.recipe.settings.lora.rank)
    adapters = sum(1 + len(stage.settings.evaluate_at) for stage in trainings)
    needed, free = (adapters + CHECKPOINT_COPIES) * adapter, free_space(run.path)
    if needed > free:
        raise SetupError(
            f"{run.path}: the adapters of {len(trainings)} training stages take about {human_size(needed)}, and "
            f"{human_size(free)} are free; free some, lower lora.rank, or name a folder on another disk with --run-dir"
        )


def check_room(stages: Sequence[Stage]) -> None:
    """Raises RecipeError if a document may have too few tokens for the words that it must have."""
    for stage in stages:
        if isinstance(stage, WrittenDocuments):
            least, settings = math.ceil(TOKENS_PER_WORD * stage.settings.min_words), stage.settings
            if settings.max_tokens < least:
                raise RecipeError(
                    f"documents.max_tokens: {settings.max_tokens} tokens hold no document of documents.min_words: "
                    f"{settings.min_words}, which takes about {least}; raise documents.max_tokens, as to 256"
                )


def check_ready(stages: Sequence[Stage], run: RunFolder) -> None:
    """Raises RecipeError if texts of a file that are due cannot be read, before those that are there go."""
    for stage in stages:
        if isinstance(stage, TAKE_TEXTS) and not check_stage(run, stage).cached:
            stage.check()


def require_inputs(stages: Sequence[Stage], run: RunFolder) -> None:
    """Raises MsmError if a file that a stage reads is neither there nor made by a stage before it."""
    made: set[str] = set()
    for stage in stages:
        missing = next((name for name in stage.reads if name not in made and not (run.path / name).exists()), None)
        if missing:
            raise MsmError(
                f"{run.path}: {stage.id} waits for {missing}; run the stage that makes it first, or `msm-mlx run`"
            )
        is_due = not made.isdisjoint(stage.reads) or not check_stage(run, stage).cached
        if is_due:  # of one that is done, only what is there can be read
            made.update(stage.writes)


def check_adapters(stages: Sequence[Stage], plan: RunPlan, base: ModelRef, run: RunFolder, report: Reporter) -> None:
    """Say which adapters were trained from other inputs than the recipe has now, and are read as they are.

    Raises RecipeError if one was trained over another base: over this one it would mean nothing.
    """
    due = {name for stage in stages for name in stage.reads} - {name for stage in stages for name in stage.writes}
    recorded = run.record()["stages"]
    for stage in plan.of(Training):
        if due.isdisjoint(stage.writes):
            continue
        before = recorded.get(stage.id, {}).get("inputs", {}).get("base", base.fingerprint)
        if before != base.fingerprint:
            raise RecipeError(
                f"{run.path}: {stage.id} was done over another version of {base.name}, which is no longer here; train "
                "it again with `msm-mlx run`"
            )
        status = check_stage(run, stage)
        if not status.cached:
            report.say(f"{stage.id}: {status.reason}; its adapter is used as it is.")


def check_template(run: RunFolder, place: Path, template: ChatTemplate, kinds: Sequence[Kind]) -> None:
    """Raises SetupError if only some of the stages are asked for and the others were done with another template than
    the one at `place`: the folder of the model, or a file of the recipe.

    A whole run does them again: the template is a part of the base's fingerprint.
    """
    before = run.record().get("model", {}).get("chat_template", {}).get("sha256", template.sha256)
    if before != template.sha256 and set(kinds) != set(KINDS):
        raise changed_template(run.path, place)
