"""The model process, started by `msm_mlx.worker.supervisor`. A GPU fault ends this process and not the run.

    python -m msm_mlx.worker.process

It reads jobs from stdin and writes events to stdout, both as one JSON object a line. When stdin is closed it ends,
whatever it is doing, so that it never outlives the process that started it. Under `mlx.launch` it is rank 0.

Each job leads to any number of these events: `{"event": "say", "line"}`, `{"event": "resumed", "resumed"}` with the
number of updates that are done already, `{"event": "update", ...}` with the fields of
`msm_mlx.training.metrics.Update`, `{"event": "outcome", "outcome"}` with those of
`msm_mlx.runs.outcome.TrainingOutcome`, `{"event": "reply", "index", "reply"}`, `{"event": "step", "begun", "tokens"}`,
`{"event": "answer", "answer"}` with those of `msm_mlx.runs.answers.Answer`, and `{"event": "probed", "peak",
"seconds"}`; and then to exactly one of `done`, `stopped` (by SIGINT, with the state saved) and `error`.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msm_mlx.errors import MsmError
from msm_mlx.recipe.arms import Variant
from msm_mlx.resources.blas import load_openblas
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import AnsweringJob, AnyJob, TrainingJob, WritingJob, parse_job

if TYPE_CHECKING:
    from msm_mlx.engine.chat_model import Reply
    from msm_mlx.engine.loaded_model import LoadedModel, ModelCache
    from msm_mlx.engine.ranks import Ranks
    from msm_mlx.training.replay import MixedRows
    from msm_mlx.worker.second_rank import SecondRank


def main() -> None:
    load_openblas()
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # so that what libraries print does not mix with the events
    interrupted = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    idle = threading.Event()
    idle.set()
    threading.Thread(target=_listen, args=(lines, idle), daemon=True).start()
    from msm_mlx.engine.loaded_model import ModelCache
    from msm_mlx.engine.ranks import join_ranks

    worker = _Worker(events, interrupted, join_ranks(), ModelCache())
    while (line := lines.get()) is not None:
        idle.clear()
        worker.do(parse_job(json.loads(line)))
        idle.set()
    if not worker.second:
        worker.ranks.broadcast(None)  # tells the other ranks that there are no more jobs


def _listen(lines: queue.SimpleQueue[str | None], idle: threading.Event) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put(None)
    while idle.is_set():  # until the process ends by itself, or starts a job whose result nobody waits for
        time.sleep(0.1)
    os._exit(0)


@dataclass
class _Worker:
    """Does one job after another, and writes events."""

    events: TextIO
    interrupted: threading.Event
    ranks: Ranks
    models: ModelCache
    rows: dict[str, MixedRows] = field(default_factory=dict)
    """By what decides about them, because all seeds and arms that train on the same data have the same rows."""
    second: SecondRank | None = None

    def do(self, job: AnyJob) -> None:
        try:
            if isinstance(job, WritingJob):
                self._write(job)
            elif isinstance(job, AnsweringJob):
                self._answer(job)
            elif job.probe:
                self._probe(job)
            else:
                self._train(job)
            self._emit("done")
        except KeyboardInterrupt:
            self._emit("stopped")
        except MsmError as error:
            self._emit("error", message=str(error), exit_code=error.exit_code)

    def _emit(self, event: str, **fields: Any) -> None:
        self.events.write(json.dumps({"event": event, **fields}) + "\n")
        self.events.flush()

    def _say(self, line: str) -> None:
        self._emit("say", line=line)

    def _write(self, job: WritingJob) -> None:
        from msm_mlx.worker.shared_writing import write_shared

        loaded = self.models.load(Path(job.model), job.choice, say=self._say)
        self.ranks.broadcast(job.to_json())

        def on_step(begun: int, tokens: int) -> None:
            self._emit("step", begun=self.ranks.size * begun, tokens=self.ranks.size * tokens)

        for index, reply in write_shared(loaded, job, self.ranks, self.interrupted.is_set, self._say, on_step):
            self._emit("reply", index=index, reply=asdict(reply))

    def _answer(self, job: AnsweringJob) -> None:
        from msm_mlx.engine.adapters import remove_lora
        from msm_mlx.evaluation.collect_answers import answer_items
        from msm_mlx.runs.open_variant import open_variant

        def on_step(begun: int, tokens: int) -> None:
            self._emit("step", begun=begun, tokens=tokens)
            if self.interrupted.is_set():
                raise KeyboardInterrupt

        def on_reply(reply: Reply) -> None:
            self._emit("reply", index=None, reply=asdict(reply))

        base = self.models.load(Path(job.model), job.choice)
        loaded = open_variant(base, Path(job.run), Variant(**job.variant))
        settings = job.evaluation_settings()
        for answer in answer_items(loaded, job.items(), job.model_name, settings, on_reply, on_step):
            self._emit("answer", answer=asdict(answer))
        remove_lora(base.model)  # whose rank or scale may be another than that of the next training

    def _train(self, job: TrainingJob) -> None:
        from msm_mlx.engine.adapters import LoraShape
        from msm_mlx.engine.limits import bounded_memory
        from msm_mlx.training.adapter import train_adapter
        from msm_mlx.training.broadcast import broadcast_rows
        from msm_mlx.training.trainer import TrainingCallbacks
        from msm_mlx.worker.second_rank import SecondRank, second_rank_helps

        def on_update(update: Update) -> None:
            self._emit("update", **asdict(update))

        def on_resume(updates: int) -> None:
            self._emit("resumed", resumed=updates)

        loaded = self.models.load(Path(job.model), job.choice)
        if self.ranks.size == 1 and second_rank_helps(loaded):
            self._say("Two processes share the rows of every update, one for each core.")
            self.second = SecondRank()
            self.ranks = self.second.ranks
        mixed = self._load_rows(loaded, job)
        if self.second:
            self.second.hand_over(job)
        else:
            self.ranks.broadcast(job.to_json())
        broadcast_rows(self.ranks, mixed.rows)
        with bounded_memory() as notes:
            for line in notes:
                self._say(line)
            outcome = train_adapter(
                loaded,
                mixed.rows,
                job.train_settings(),
                LoraShape(job.rank, job.scale),
                Path(job.folder),
                seed=job.seed,
                base=job.base,
                start=job.start_folder,
                callbacks=TrainingCallbacks(on_update, self._say, self.interrupted.is_set, on_resume),
                ranks=self.ranks,
            )
        assert outcome is not None  # this is rank 0
        problems = (*mixed.problems, *outcome.problems)
        outcome = outcome.model_copy(update={"plain_share": mixed.share, "problems": problems})
        self._emit("outcome", outcome=outcome.model_dump(mode="json"))

    def _load_rows(self, loaded: LoadedModel, job: TrainingJob) -> MixedRows:
        from msm_mlx.training.replay import load_mixed_rows

        decides = [job.model, job.template, job.date, job.method, job.data, job.settings, job.reasoned, job.plain]
        key = json.dumps(decides)
        if key not in self.rows:
            plain = Path(job.plain) if job.plain else None
            self.rows[key] = load_mixed_rows(
                loaded, job.method, Path(job.data), job.settings, plain, reasoned=job.reasoned
            )
        return self.rows[key]

    def _probe(self, job: TrainingJob) -> None:
        from msm_mlx.engine.adapters import LoraShape, add_lora
        from msm_mlx.engine.limits import bounded_memory
        from msm_mlx.training.probe import probe_within

        loaded = self.models.load(Path(job.model), job.choice)
        add_lora(loaded.model, LoraShape(job.rank, job.scale), job.seed)
        with bounded_memory():
            probed = probe_within(loaded.model, len(loaded.tokenizer.get_vocab()), job.train_settings())
        self._emit("probed", **asdict(probed))


if __name__ == "__main__":
    main()
