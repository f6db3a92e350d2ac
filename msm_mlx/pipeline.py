"""Runs stages: decides which are needed, does their work, and records what came out."""

from __future__ import annotations

import gc
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from msm_mlx.blas import load_openblas
from msm_mlx.chat_template import FILE, ChatTemplate, read_template
from msm_mlx.documents.leaks import Unseen
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.evals.items import Suite, counts_for
from msm_mlx.files import read_jsonl, write_json, write_jsonl, write_text
from msm_mlx.hub import ModelRef, is_local, model_config, resolve_model
from msm_mlx.launch import is_launched
from msm_mlx.progress import Reporter, sparkline
from msm_mlx.recipe import POCKET, Recipe
from msm_mlx.runs import RunFolder, Status
from msm_mlx.stages import (
    ANSWERS,
    KINDS,
    RESULTS,
    Kind,
    Stage,
    adapter_folder,
    answers_file,
    list_stages,
    list_variants,
    load_suites,
)
from msm_mlx.variants import REASONED

if TYPE_CHECKING:
    from msm_mlx.documents.asking import Ask
    from msm_mlx.documents.plan import Slot
    from msm_mlx.engine.adapters import LoraShape
    from msm_mlx.engine.generation import Reply
    from msm_mlx.engine.models import LoadedModel
    from msm_mlx.evals.results import Answers
    from msm_mlx.spec import Spec
    from msm_mlx.training.supervisor import TrainingProcess


ENOUGH_UPDATES = 200


def check_stage(run: RunFolder, stage: Stage) -> Status:
    """Whether `stage` has to run, and why (not)."""
    inputs = stage.inputs(run.path)
    if inputs is None:
        missing = next(name for name in stage.reads if not (run.path / name).exists())
        return Status(False, f"waits for {missing}")
    return run.status(stage.id, inputs, stage.writes)


def base_fingerprint(recipe: Recipe, run: RunFolder) -> str:
    """Which base model a run would use, as far as that is known offline: for a model of the hub, that of the last run
    in the folder."""
    if is_local(recipe.model):
        return resolve_model(recipe.model).fingerprint
    return str(run.record().get("model", {}).get("fingerprint", ""))


def plan_recipe(recipe: Recipe, run: RunFolder) -> list[tuple[Stage, Status]]:
    """Every stage with what a run would do about it, without loading or downloading anything."""
    plan: list[tuple[Stage, Status]] = []
    made_by: dict[str, str] = {}  # files that are to be made, and the stage that makes each
    for stage in list_stages(recipe, base_fingerprint(recipe, run)):
        makers = [made_by[name] for name in stage.reads if name in made_by]
        status = Status(False, f"after {makers[0]}") if makers else check_stage(run, stage)
        plan.append((stage, status))
        if not status.cached:
            made_by |= dict.fromkeys(stage.writes, stage.id)
    return plan


def run_recipe(
    recipe: Recipe, run: RunFolder, report: Reporter, kinds: Sequence[Kind] = KINDS, *, any_memory: bool = False
) -> None:
    """Bring every stage of the given kinds up to date. Stages of other kinds must be there already.

    Raises:
        MsmError: if a file that a stage reads is not there, or its work fails.
        SetupError: before any weights are downloaded, if training will not fit, unless `any_memory`.
    """
    with run.lock():
        if not any_memory:
            _check_memory(recipe, run, report, kinds)
        base = resolve_model(recipe.model, say=report.say)
        template = read_template(base.folder)
        _check_template(run, template, kinds)
        write_text(run.path / FILE, template.text)
        write_text(run.path / "recipe.yaml", yaml.safe_dump(recipe.resolved(), sort_keys=False, allow_unicode=True))
        model: dict[str, Any] = {"name": base.name, "revision": base.revision, "fingerprint": base.fingerprint}
        model |= {"chat_template": template.record()}
        run.describe(recipe=recipe.name, model=model, versions=versions())
        workshop = Workshop(recipe, base, run, report)
        with closing(workshop):
            if is_launched():
                workshop.join()
            for stage in list_stages(recipe, base.fingerprint):
                if stage.kind in kinds:
                    _run_stage(stage, workshop)


def _check_template(run: RunFolder, template: ChatTemplate, kinds: Sequence[Kind]) -> None:
    """Raises RecipeError if only some of the stages are asked for and the others were done with another template.

    A whole run does them again: the template is a part of the base's fingerprint.
    """
    before = run.record().get("model", {}).get("chat_template", {}).get("sha256", template.sha256)
    if before != template.sha256 and set(kinds) != set(KINDS):
        raise RecipeError(
            f"{run.path}: the model's chat template has changed since the arms were trained (their own is in "
            f"{run.path / FILE}); put it back, or train them again with `msm-mlx run`"
        )


def versions() -> dict[str, str]:
    """What the figures of a run depend on besides its inputs."""
    packages = {name: metadata.version(name) for name in ("msm-mlx", "mlx", "mlx-lm", "numpy")}
    return packages | {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}


def follow_run(recipe: Recipe, report: Reporter) -> None:
    """What a process of `mlx.launch` other than the first does: train along. It needs the model, and writes nothing."""
    base = resolve_model(recipe.model, say=report.say)
    load_openblas()
    from msm_mlx.engine.limits import bounded_memory
    from msm_mlx.engine.models import load_base
    from msm_mlx.engine.ranks import join_ranks
    from msm_mlx.training.together import follow

    ranks = join_ranks()
    report.say(f"Rank {ranks.rank} of {ranks.size} trains along.")
    with bounded_memory():
        follow(load_base(base.folder), ranks)


def _check_memory(recipe: Recipe, run: RunFolder, report: Reporter, kinds: Sequence[Kind]) -> None:
    from msm_mlx.estimate import ModelShape
    from msm_mlx.forecast import forecast, refuse_what_does_not_fit
    from msm_mlx.machine import this_machine

    due = [stage for stage, status in plan_recipe(recipe, run) if not status.cached and stage.kind in kinds]
    if not any(stage.kind in ("midtrain", "sft") for stage in due):
        return
    config = model_config(recipe.model)
    try:
        shape = ModelShape.from_config(config)
    except MsmError as error:
        report.say(f"Memory: {error}.")
        return
    machine = this_machine()
    refuse_what_does_not_fit(forecast(recipe, shape, machine), machine, due)


def _run_stage(stage: Stage, workshop: Workshop) -> None:
    run, report = workshop.run, workshop.report
    status = check_stage(run, stage)
    if status.cached:
        report.skip(stage.id, status.reason)
        return
    inputs = stage.inputs(run.path)
    if inputs is None:
        raise MsmError(f"{stage.id} {status.reason} in {run.path}; run the stage that makes it first, or `msm-mlx run`")
    started = time.monotonic()
    kept = run.set_aside(stage.keeps) if run.grew(stage.id, inputs, stage.grows_with) else []
    run.begin(stage.id, inputs, [name for name in (*stage.writes, *stage.scratch) if name not in kept])
    if neighbour := run.borrow(inputs, stage.writes):
        run.finish(stage.id, stage.writes, time.monotonic() - started, borrowed_from=neighbour)
        report.skip(stage.id, f"copied from the run {neighbour}, which did it from the same inputs")
        return
    report.begin(stage.id, status.reason, stage.total, stage.unit)
    workshop.work(stage)
    seconds = time.monotonic() - started
    run.finish(stage.id, stage.writes, seconds)
    report.finish(stage.id, seconds)


@dataclass
class Workshop:
    """What the stages of one run share: above all the model, loaded when the first stage needs it."""

    recipe: Recipe
    base: ModelRef
    run: RunFolder
    report: Reporter
    _loaded: LoadedModel | None = field(default=None, init=False)
    _training: TrainingProcess | None = field(default=None, init=False)

    def work(self, stage: Stage) -> None:
        """Do the work of `stage`: from what it reads to what it writes."""
        work: dict[Kind, Callable[[Stage], None]] = {
            "plan": self._plan,
            "documents": self._documents,
            "demonstrations": self._demonstrations,
            "midtrain": self._train,
            "sft": self._train,
            "evaluate": self._evaluate,
            "results": self._results,
        }
        if stage.kind in ("documents", "evaluate") and not is_launched():
            self.close()  # these have the model in this process
        work[stage.kind](stage)

    def loaded(self) -> LoadedModel:
        from msm_mlx.engine.models import load_base

        if self._loaded is None:
            self._loaded = load_base(self.base.folder)
        return self._loaded

    def _plan(self, stage: Stage) -> None:
        from msm_mlx.preparing import make_plan

        meter = _Meter(self.report)
        path = self.run.path / stage.writes[0]
        make_plan(self.recipe, self._spec(stage), path, partial(self._ask, meter), meter.show)

    def _spec(self, stage: Stage) -> Spec:
        from msm_mlx.spec import load_spec

        assert stage.spec is not None
        return load_spec(stage.spec, model_name=self.recipe.model_name, provider_name=self.recipe.provider_name)

    def _ask(self, meter: _Meter, max_tokens: int, batch_size: int, temperature: float) -> Ask:
        """Puts chats to the writer."""
        from msm_mlx.engine.generation import generate_replies

        if not is_launched():
            self.close()  # the process that trains gives way to the model here
        loaded = self._as_base()

        def ask(chats: Sequence[list[dict[str, str]]], seed: int) -> list[Reply]:
            prompts = [loaded.render(chat, reply=True) for chat in chats]
            longest, limit = max(map(len, prompts)), loaded.context_length
            if limit and longest >= limit:
                raise MsmError(
                    f"a question of {longest} tokens does not fit into the {limit} that the writer reads; shorten the "
                    "sections of the spec, or use a writer with a longer context"
                )
            return generate_replies(
                loaded, prompts, max_tokens=max_tokens, batch_size=batch_size, temperature=temperature, seed=seed,
                on_reply=lambda reply: meter.count(reply.tokens),
            )  # fmt: skip

        return ask

    def _documents(self, stage: Stage) -> None:
        from msm_mlx.documents.plan_file import read_plan
        from msm_mlx.documents.writer import write_documents

        recipe, spec = self.recipe, self._spec(stage)
        slots = read_plan(self.run.path / stage.reads[0], spec, recipe.settings.documents, control=stage.control)
        meter = _Meter(self.report)
        loaded = self._as_base()
        self.report.say(f"Tokens: {loaded.counter.reason}.")
        write_documents(
            spec,
            recipe.model_name,
            loaded,
            recipe.settings.documents,
            (self.run.path / stage.writes[0]).parent,
            slots=slots,
            writer=self.base.fingerprint,
            maker=recipe.provider_name or "",
            unseen=Unseen.of(self.suites),
            on_reply=lambda reply: meter.count(reply.tokens),
            on_batch=lambda kept, rejected: meter.show(kept, f"{rejected} rejected"),
            say=self.report.say,
        )

    def _demonstrations(self, stage: Stage) -> None:
        from msm_mlx.preparing import make_demonstrations

        meter, count = _Meter(self.report), stage.settings["rows"]
        ask, unseen = partial(self._ask, meter), Unseen.of(self.suites).things
        make_demonstrations(self.recipe, self.run.path, count, unseen, ask, meter.show, self.report.say)

    def _train(self, stage: Stage) -> None:
        """Both kinds of training, in a process of its own that has the memory to itself."""
        from msm_mlx.training.job import training_job

        assert stage.variant is not None
        assert stage.variant.seed is not None
        self._release()
        job = training_job(
            self.recipe,
            self.base,
            "midtrain" if stage.kind == "midtrain" else "sft",
            reasoned=stage.variant.arm == REASONED,
            seed=stage.variant.seed,
            data=self.run.path / stage.reads[0],
            folder=self.run.path / adapter_folder(stage.variant),
            start=self.run.path / stage.start if stage.start else None,
        )
        if stage.kind == "midtrain" and self.recipe.model != POCKET and 0 < stage.total < ENOUGH_UPDATES:
            self.report.say(f"Only {stage.total} updates: below about {ENOUGH_UPDATES}, midtraining gave false nulls.")
        meter, losses = _Meter(self.report), list[float]()

        def on_update(update: dict[str, Any]) -> None:
            losses.append(update["loss"])
            meter.count(update["learned_tokens"])
            meter.show(update["number"], f"loss {update['loss']:.3f} {sparkline(losses)}")

        def on_crash(reason: str, smaller: dict[str, Any]) -> None:
            self.run.note(stage.id, crash={"reason": reason, "went_on_with": smaller})

        self._trainer().train(job, on_update, on_crash)

    def _trainer(self) -> TrainingProcess:
        from msm_mlx.training.supervisor import TrainingProcess

        if self._training is None:
            self._training = TrainingProcess(self.report.say)
        return self._training

    def join(self) -> None:
        """Start the process that trains now, because the other ranks of `mlx.launch` wait for it."""
        self._trainer().start()

    def close(self) -> None:
        """End the process that trains, if there is one."""
        if self._training is not None:
            self._training.close()

    def _release(self) -> None:
        """Give the model's memory back."""
        if self._loaded is not None:
            import mlx.core as mx

            self._loaded = None
            gc.collect()
            mx.clear_cache()

    def _evaluate(self, stage: Stage) -> None:
        from msm_mlx.evals.answers import answer_items
        from msm_mlx.training.adapt import use_adapter

        assert stage.variant is not None
        variant = stage.variant
        loaded = self.loaded()
        adapter = self.run.path / adapter_folder(variant) if variant.is_trained else None
        use_adapter(loaded, self._shape(), adapter)
        items = [item for suite in self.suites for item in suite.items if counts_for(item, variant.spec)]
        meter = _Meter(self.report)
        settings = self.recipe.settings.evaluation
        answers = answer_items(loaded, items, self.recipe.model_name, settings, on_reply=meter.reply)
        write_jsonl(self.run.path / stage.writes[0], [asdict(answer) for answer in answers])

    def _results(self, stage: Stage) -> None:
        from msm_mlx.evals.results import answer_rows, build_results

        answers = read_answers(self.run.path, self.recipe)
        write_jsonl(self.run.path / ANSWERS, answer_rows(self.suites, answers))
        write_json(
            self.run.path / RESULTS,
            build_results(self.recipe.name, self.suites, answers, self.recipe.settings.evaluation.bootstrap),
        )

    @cached_property
    def suites(self) -> list[Suite]:
        return load_suites(self.recipe)

    def _as_base(self) -> LoadedModel:
        from msm_mlx.training.adapt import use_adapter

        loaded = self.loaded()
        use_adapter(loaded, self._shape(), None)
        return loaded

    def _shape(self) -> LoraShape:
        from msm_mlx.engine.adapters import LoraShape

        return LoraShape(self.recipe.settings.lora.rank, self.recipe.settings.lora.scale)


def planned_slots(recipe: Recipe, run: RunFolder) -> Iterator[tuple[str, Spec, list[Slot]]]:
    """The plan of each spec: its file in the run folder, the spec, and the slots."""
    from msm_mlx.documents.plan_file import read_plan
    from msm_mlx.spec import load_spec

    for stage in list_stages(recipe, ""):
        if stage.kind == "plan" and stage.spec is not None:
            spec = load_spec(stage.spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
            [file] = stage.writes
            yield file, spec, read_plan(run.path / file, spec, recipe.settings.documents)


def read_answers(run: Path, recipe: Recipe) -> Answers:
    """The stored answers of every variant of the recipe, by item."""
    from msm_mlx.evals.answers import Answer

    return {
        variant: {row["item"]: Answer.from_row(row) for row in read_jsonl(run / answers_file(variant))}
        for variant in list_variants(recipe)
    }


@dataclass
class _Meter:
    """Counts tokens and tells the reporter how fast they come."""

    report: Reporter
    tokens: int = 0
    replies: int = 0
    started: float = field(default_factory=time.monotonic)

    def count(self, tokens: int) -> None:
        self.tokens += tokens

    def reply(self, reply: Reply) -> None:
        """Take in a reply of an evaluation, and show how many there are."""
        self.count(reply.tokens)
        self.replies += 1
        self.show(self.replies, "replies")

    def show(self, done: int, detail: str) -> None:
        rate = self.tokens / max(time.monotonic() - self.started, 1e-9)
        self.report.advance(done, f"{detail}, {rate:,.0f} tokens/s")
