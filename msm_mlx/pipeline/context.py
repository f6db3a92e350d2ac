"""What the stages of one run share while they work: above all the models, of which one is in memory at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from msm_mlx.engine.launch import is_launched
from msm_mlx.errors import SetupError
from msm_mlx.models.hub import ModelRef
from msm_mlx.progress import Reporter
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import CRASH_LOG
from msm_mlx.runs.open_variant import open_variant
from msm_mlx.suites.items import Item

if TYPE_CHECKING:
    from msm_mlx.engine.chat_model import ChatModel, OnStep, Reply
    from msm_mlx.engine.loaded_model import LoadedModel, ModelCache
    from msm_mlx.models.token_counter import TokenCounter
    from msm_mlx.worker.supervisor import ModelProcess

INTERVAL = 1.0  # seconds between two reports of what is being written


@dataclass
class Context:
    """The run that is worked on, who watches it, and its models.

    A model is loaded when the first stage needs it, either in this process or in the model process, which trains. Each
    gives way to the other, so that one has the memory to itself; under `mlx.launch` the model process stays, since the
    other ranks work along with it. Where several threads do stages, each has a context and a model process of its own.
    """

    recipe: Recipe
    base: ModelRef
    run: RunFolder
    report: Reporter
    others: Mapping[Role, ModelRef] = field(default_factory=dict)
    stage: str = ""
    """The one that works with it now."""
    side_by_side: bool = False
    """Whether several threads do stages. Variants answer in the model process then, which trains the next one too."""
    turn: AbstractContextManager[object] = field(default_factory=threading.RLock)
    """Held by the thread that reads or writes the record of the run."""
    number: int = 0
    """That of the thread; the main one has 0."""
    _models: ModelCache | None = field(default=None, init=False)
    _process: ModelProcess | None = field(default=None, init=False)
    _lines: set[str] = field(default_factory=set, init=False)

    def meter(self, noun: str = "replies", replies: int = 0) -> Meter:
        """A new meter of tokens and of what is begun, which `noun` names. `replies` are there already."""
        return Meter(self.advance, noun, replies=replies)

    def advance(self, done: int, detail: str) -> None:
        """Report how far the stage has come."""
        self.report.advance(self.stage, done, detail)

    def other(self, role: Role, on_step: OnStep) -> ChatModel:
        """Another model of the recipe, in this process. `on_step` hears of its tokens."""
        from msm_mlx.engine.local_model import LocalModel

        return LocalModel(self._load(self.others[role]), on_step=on_step)

    def beside(self, number: int) -> Context:
        """The context of the thread of this number, from 1 on, that does stages of the same run."""
        return replace(self, number=number)

    def note(self, stage: str, **facts: object) -> None:
        """Add facts to the record of a stage that runs."""
        with self.turn:
            self.run.note(stage, **facts)

    def variant(self, variant: Variant) -> LoadedModel:
        """The base model as this variant, in this process."""
        return open_variant(self._load(self.base), self.run.path, variant)

    def answer(
        self, variant: Variant, items: Sequence[Item], model_name: str, settings: EvaluationSettings, meter: Meter
    ) -> list[dict[str, Any]]:
        """The fields of the `Answer` of a variant to each item; `meter` hears of its replies."""
        if self.side_by_side:
            from msm_mlx.worker.job import answering_job

            job = answering_job(self.base, self.run.path, variant, items, model_name, settings)
            return self.model_process().answer(job, meter.reply, meter.step)
        from msm_mlx.evaluation.collect_answers import answer_items

        loaded = self.variant(variant)
        return [asdict(one) for one in answer_items(loaded, items, model_name, settings, meter.reply, meter.step)]

    def try_base(self) -> None:
        """Load the base, so that one that cannot be used is told before others write for it.

        Raises:
            SetupError: if it cannot be loaded, computes nothing, or cannot be trained although arms are.
        """
        self._load(self.base)
        self.leave_room_for_writer()

    def leave_room_for_writer(self) -> None:
        """Free the memory of the base, if a server or another model is to write."""
        if self.recipe.settings.documents.writers and self._models:
            self._models.release()

    def writer(self, on_step: OnStep) -> ChatModel:
        """Who writes: a server, all ranks of `mlx.launch`, another model, several of them, or the base; `on_step` hears
        of it."""
        writers = self.recipe.settings.documents.writers
        if len(writers) > 1:
            from msm_mlx.engine.model_pool import ModelPool

            return ModelPool({writer.name: partial(self.one_writer, writer.name, on_step) for writer in writers})
        return self.one_writer("", on_step)

    def one_writer(self, name: str, on_step: OnStep = lambda begun, tokens: None) -> ChatModel:
        """One of several who write, by its name; under an empty name the only one, or the base."""
        writers = self.recipe.settings.documents.writers
        settings = next((writer for writer in writers if name in ("", writer.name)), None)
        if settings and settings.server:
            from msm_mlx.engine.server_model import ServerModel

            return ServerModel(settings.server, settings.model, settings.concurrency, on_step=on_step)
        whose = self.recipe.role_of(settings) if settings else "writer"
        ref = self.others.get(whose, self.base)
        if is_launched():
            from msm_mlx.worker.shared_model import SharedModel

            role: Literal["base", "writer"] = "writer" if whose in self.others else "base"
            return SharedModel(self.model_process(), role, str(ref.folder), ref.choice, on_step)
        from msm_mlx.engine.adapters import use_base
        from msm_mlx.engine.local_model import LocalModel

        same = ref.fingerprint == self.base.fingerprint
        loaded = self._load(self.base if same else ref)
        if same:
            use_base(loaded.model)  # as the run's base, it may have an adapter on
        self._say_once(f"Tokens: {loaded.counter.reason}.")
        return LocalModel(loaded, on_step=on_step)

    def token_counter(self) -> TokenCounter:
        """Counts tokens as the base model does, whose weights are left where they are."""
        from msm_mlx.engine.loaded_model import load_counter

        return load_counter(self.base.folder)

    def model_process(self) -> ModelProcess:
        """The process that trains, with the memory to itself."""
        from msm_mlx.worker.supervisor import ModelProcess

        if self._models is not None:
            self._models.release()
        if self._process is None:
            self._process = ModelProcess(self.report.say, log=self.run.path / CRASH_LOG, number=self.number)
        return self._process

    def join(self) -> None:
        """Start the model process now, because the other ranks of `mlx.launch` wait for it."""
        self.model_process().start()

    def stop(self) -> None:
        """Have the model process save and end, from another thread: the one that it works for meets
        KeyboardInterrupt."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """End the model process, if there is one."""
        if self._process is not None:
            self._process.close()

    def _say_once(self, line: str) -> None:
        """What is the same whenever one of several models is loaded again."""
        if line not in self._lines:
            self._lines.add(line)
            self.report.say(line)

    def _load(self, ref: ModelRef) -> LoadedModel:
        from msm_mlx.engine.loaded_model import ModelCache

        if not is_launched():
            self.close()
        if self._models is None:
            self._models = ModelCache()
        loaded = self._models.load(ref.folder, ref.choice, say=self.report.say)
        if ref == self.base and any(one.is_trained for one in self.recipe.variants) and loaded.untrainable:
            raise SetupError(f"model {ref.name}: cannot be trained: {loaded.untrainable}; choose another model")
        return loaded


@dataclass
class Meter:
    """Counts tokens, replies and what is begun, and has them told by `advance`: when a unit of the stage is done, and
    every `interval` seconds while replies are written."""

    advance: Callable[[int, str], None]
    noun: str = "replies"
    """What a model begins to write."""
    tokens: int = 0
    replies: int = 0
    begun: int = 0
    clock: Callable[[], float] = time.monotonic
    interval: float = INTERVAL
    _started: float = field(init=False)
    _shown: float = field(init=False)
    _done: int = field(init=False)
    _detail: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._started = self._shown = self.clock()
        self._done = self.replies

    def count_tokens(self, tokens: int) -> None:
        self.tokens += tokens

    def step(self, begun: int, tokens: int) -> None:
        """Take in what a model has begun and written since it was last heard of, and show it if that is due."""
        if not self.begun:
            self._started = self._shown = self.clock()  # what came before, as loading the model, is no writing
        self.begun += begun
        self.count_tokens(tokens)
        if self.clock() - self._shown >= self.interval:
            self.show(self._done, self._detail)

    def reply(self, reply: Reply) -> None:
        """Take in a reply, whose tokens are counted already, and show how many there are."""
        self.replies += 1
        self.show(self.replies)

    def show(self, done: int, detail: str = "") -> None:
        """Say how many of the stage's units are done, how many are begun, and how fast tokens come."""
        self._done, self._detail, self._shown = done, detail, self.clock()
        begun = f"{self.begun:,} {self.noun} begun" if self.begun else ""
        rate = f"{self.tokens / max(self._shown - self._started, 1e-9):,.0f} tokens/s"
        self.advance(done, ", ".join(filter(None, (begun, detail, rate))))
