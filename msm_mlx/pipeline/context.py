"""Does the work of the stages: from what each reads to what it writes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from msm_mlx.engine.launch import is_launched
from msm_mlx.files import read_jsonl, write_json, write_jsonl
from msm_mlx.models.folder import POCKET
from msm_mlx.models.hub import ModelRef
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.progress import Reporter, sparkline
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.recipe.suites import asked_suites, load_suites
from msm_mlx.runs.answers import read_answers
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import AGREEMENT, ANSWERS, PERPLEXITY, RESULTS, adapter_folder
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.suites.items import Suite

if TYPE_CHECKING:
    from msm_mlx.engine.adapters import LoraShape
    from msm_mlx.engine.chat_model import Ask, ChatModel, Reply
    from msm_mlx.engine.loaded_model import LoadedModel, OneModel
    from msm_mlx.spec import Spec
    from msm_mlx.worker.supervisor import TrainingProcess


ENOUGH_UPDATES = 200


@dataclass
class Workshop:
    """What the stages of one run share: above all the model, loaded when the first stage needs it."""

    recipe: Recipe
    base: ModelRef
    run: RunFolder
    report: Reporter
    others: Mapping[Role, ModelRef] = field(default_factory=dict)
    _models: OneModel | None = field(default=None, init=False)
    _training: TrainingProcess | None = field(default=None, init=False)

    def work(self, stage: Stage) -> None:
        """Do the work of `stage`: from what it reads to what it writes."""
        work: dict[Kind, Callable[[Stage], None]] = {
            "plan": self._plan,
            "documents": self._documents,
            "critique": self._critique,
            "demonstrations": self._demonstrations,
            "midtrain": self._train,
            "sft": self._train,
            "evaluate": self._evaluate,
            "perplexity": self._perplexity,
            "judge": self._judge,
            "results": self._results,
        }
        if stage.kind in ("documents", "critique", "evaluate", "perplexity", "judge") and not is_launched():
            self.close()  # these have the model in this process
        work[stage.kind](stage)

    def loaded(self, ref: ModelRef | None = None) -> LoadedModel:
        """The model that is trained, or another one, which then takes its place in memory."""
        from msm_mlx.engine.loaded_model import OneModel

        if self._models is None:
            self._models = OneModel()
        return self._models.load((ref or self.base).folder)

    def _plan(self, stage: Stage) -> None:
        from msm_mlx.pipeline.preparing import make_plan

        meter = _Meter(self.report)
        path = self.run.path / stage.writes[0]
        make_plan(self.recipe, self._spec(stage), path, partial(self._ask, meter), meter.show)

    def _spec(self, stage: Stage) -> Spec:
        from msm_mlx.spec import load_spec

        assert stage.spec is not None
        return load_spec(stage.spec, model_name=self.recipe.model_name, provider_name=self.recipe.provider_name)

    def _ask(self, meter: _Meter, max_tokens: int, batch_size: int, temperature: float) -> Ask:
        """Puts chats to the writer."""
        from msm_mlx.engine.chat_model import ObservedModel, SamplingParams, replies_in_order, reply_seed

        if not is_launched():
            self.close()  # the process that trains gives way to the model here
        writer = ObservedModel(self._writer(), lambda reply: meter.count(reply.tokens))
        sampling = SamplingParams(max_tokens, batch_size, temperature)
        return lambda chats, seed: replies_in_order(
            writer, chats, sampling, [reply_seed(seed, place) for place in range(len(chats))]
        )

    def _writer(self) -> ChatModel:
        from msm_mlx.engine.local_model import LocalModel
        from msm_mlx.worker.shared_model import SharedModel

        settings = self.recipe.settings.documents.writer
        if settings and settings.server:
            from msm_mlx.engine.server_model import ServerModel

            return ServerModel(settings)
        other = self.others.get("writer")
        if is_launched():
            return SharedModel(self._trainer(), "writer" if other else "base", str((other or self.base).folder))
        loaded = self._as_base() if other is None or other.fingerprint == self.base.fingerprint else self.loaded(other)
        self.report.say(f"Tokens: {loaded.counter.reason}.")
        return LocalModel(loaded)

    def _documents(self, stage: Stage) -> None:
        if stage.ready:
            self._take_ready(stage)
        else:
            self._write(stage)

    def _take_ready(self, stage: Stage) -> None:
        from msm_mlx.engine.loaded_model import load_counter
        from msm_mlx.pipeline.preparing import take_ready

        meter, counter = _Meter(self.report), load_counter(self.base.folder)

        def count(text: str) -> int:
            tokens = counter.count(text)
            meter.count(tokens)
            return tokens

        folder = (self.run.path / stage.writes[0]).parent
        take_ready(self.recipe, self._spec(stage), folder, HeldOut.of(self.suites), count, meter.show, self.report.say)

    def _write(self, stage: Stage) -> None:
        from msm_mlx.documents.plan_file import read_plan
        from msm_mlx.documents.writer import write_documents

        recipe, spec = self.recipe, self._spec(stage)
        slots = read_plan(self.run.path / stage.reads[0], spec, recipe.settings.documents, control=stage.control)
        meter = _Meter(self.report)
        write_documents(
            spec,
            recipe.model_name,
            self._writer(),
            recipe.settings.documents,
            (self.run.path / stage.writes[0]).parent,
            slots=slots,
            written_by=stage.settings["writer"],
            maker=recipe.provider_name or "",
            held_out=HeldOut.of(self.suites),
            on_reply=lambda reply: meter.count(reply.tokens),
            on_batch=lambda kept, rejected: meter.show(kept, f"{rejected} rejected"),
            say=self.report.say,
        )

    def _critique(self, stage: Stage) -> None:
        from msm_mlx.documents.critique import Step, put_to
        from msm_mlx.pipeline.preparing import critique_run

        critic = self.others["critic"]
        self._release()  # the critic has the memory to itself
        meter, done = _Meter(self.report), {"critique": 0, "rewrite": 0}

        def on_reply(step: Step, reply: Reply) -> None:
            meter.count(reply.tokens)
            done[step] += 1
            meter.show(done["critique"], f"{done['rewrite']} written anew")

        settings, say = self.recipe.settings.documents, self.report.say
        put = put_to(self.loaded(critic), settings, on_reply, say)
        held_out = HeldOut.of(self.suites)
        critique_run(self.recipe, self._spec(stage), self.run.path, stage, put, critic.fingerprint, held_out, say)

    def _demonstrations(self, stage: Stage) -> None:
        from msm_mlx.pipeline.preparing import make_demonstrations

        meter, count = _Meter(self.report), stage.settings["rows"]
        ask, held_out = partial(self._ask, meter), HeldOut.of(self.suites).things
        make_demonstrations(self.recipe, self.run.path, count, held_out, ask, meter.show, self.report.say)

    def _train(self, stage: Stage) -> None:
        """Both kinds of training, in a process of its own that has the memory to itself."""
        from msm_mlx.worker.job import training_job

        assert stage.variant is not None
        assert stage.variant.seed is not None
        self._release()
        job = training_job(
            self.recipe,
            self.base,
            "midtrain" if stage.kind == "midtrain" else "sft",
            reasoned=self.recipe.training_stage(stage.variant.path[-1]).with_reasoning,
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
        from msm_mlx.worker.supervisor import TrainingProcess

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
        if self._models is not None:
            self._models.release()

    def _evaluate(self, stage: Stage) -> None:
        from msm_mlx.evaluation.answers import answer_items

        assert stage.variant is not None
        variant = stage.variant
        loaded = self.variant(variant)
        suites = [suite for suite in asked_suites(self.recipe) if suite.name in stage.settings["suites"]]
        items = [item for suite in suites for item in suite.items if item.is_for(variant.spec)]
        path, settings = self.run.path / stage.writes[0], self.recipe.settings.evaluation
        there = {row["item"]: row for row in read_jsonl(path)} if path.exists() else {}
        missing = [item for item in items if item.id not in there]
        due = sum(item.reply_count(settings.draws) for item in missing)
        if there:
            self.report.say(f"{due} of these replies are asked now; the others are there from the same inputs.")
        meter = _Meter(self.report, replies=stage.total - due)
        answers = answer_items(loaded, missing, self.recipe.model_name, settings, on_reply=meter.reply)
        there |= {answer.item: asdict(answer) for answer in answers}
        write_jsonl(path, [there[item.id] for item in items])

    def variant(self, variant: Variant) -> LoadedModel:
        """The model as this variant."""
        from msm_mlx.engine.adapters import use_adapter

        loaded = self._as_base()
        if variant.is_trained:
            use_adapter(loaded.model, self.run.path / adapter_folder(variant))
        return loaded

    def _perplexity(self, stage: Stage) -> None:
        from msm_mlx.evaluation.perplexity import neutral_texts, perplexity

        texts, rows = neutral_texts(self.recipe.profile), []
        for variant in self.recipe.variants:
            if variant.id in stage.settings["variants"]:
                batch_size = self.recipe.settings.evaluation.batch_size
                value, tokens = perplexity(self.variant(variant), texts, batch_size)
                label = {"arm": variant.arm, "spec": variant.spec, "seed": variant.seed}
                rows.append({**label, "perplexity": value, "texts": len(texts), "tokens": tokens})
                self.report.advance(len(rows), f"perplexity {value:.2f}")
        write_json(self.run.path / PERPLEXITY, rows)

    def _judge(self, stage: Stage) -> None:
        from msm_mlx.pipeline.evaluating import judge_run

        self._release()  # the judge has the memory to itself
        judge_run(self.recipe, self.others["judge"], self.run.path, stage, self.report.say, _Meter(self.report).reply)

    def _results(self, stage: Stage) -> None:
        from msm_mlx.evaluation.results import answer_rows, build_results
        from msm_mlx.pipeline.evaluating import take_verdicts

        names = stage.settings["suites"]
        suites = [suite for suite in asked_suites(self.recipe) if suite.name in names]
        answers = read_answers(self.run.path, self.recipe.variants, stage.settings["variants"])
        judge = take_verdicts(self.run.path, suites, answers) if AGREEMENT in stage.reads else None
        write_jsonl(self.run.path / ANSWERS, answer_rows(suites, answers))
        results = build_results(self.recipe.name, suites, answers, judge)
        if PERPLEXITY in stage.reads:
            results["perplexity"] = json.loads((self.run.path / PERPLEXITY).read_text(encoding="utf-8"))
        write_json(self.run.path / RESULTS, results)

    @cached_property
    def suites(self) -> list[Suite]:
        return load_suites(self.recipe)

    def _as_base(self) -> LoadedModel:
        from msm_mlx.engine.adapters import use_base

        loaded = self.loaded()
        use_base(loaded.model)
        return loaded

    def _shape(self) -> LoraShape:
        from msm_mlx.engine.adapters import LoraShape

        return LoraShape(self.recipe.settings.lora.rank, self.recipe.settings.lora.scale)


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
