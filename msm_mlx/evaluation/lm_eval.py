"""The variants of a run as a model of lm-eval (EleutherAI's harness). Needs the extra `lm-eval`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lm_eval import simple_evaluate
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from msm_mlx.engine.continuations import ContextAndContinuation, score_continuations
from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.evaluation.grouping import split_by_size

DEFAULT_CONTEXT = 2048  # tokens that are read at once, where the model's settings do not say how many it takes
DEFAULT_MAX_TOKENS = 256  # of a reply, where the task does not say


class VariantLM(LM):  # type: ignore[misc]  # of an extra
    """Whichever variant `loaded` is now. Texts that are too long lose their beginning."""

    def __init__(self, loaded: LoadedModel, batch_size: int = 16) -> None:
        super().__init__()
        self._loaded = loaded
        self._batch_size = batch_size
        self._context_length = loaded.context_length or DEFAULT_CONTEXT
        self._start = loaded.start_of_document or [loaded.end_of_document]

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """Of each request's (context, continuation)."""
        rows = [self._row(*request.args) for request in requests]
        return score_continuations(self._loaded, rows, batch_size=self._batch_size)

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Of each whole text, every token once."""
        texts = [self._windows(request.args[0]) for request in requests]
        rows = [row for windows in texts for row in windows]
        scores = [score for score, _ in score_continuations(self._loaded, rows, batch_size=self._batch_size)]
        return [sum(windows) for windows in split_by_size(scores, map(len, texts))]

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """A greedy text for each request, up to the first of its stop strings.

        Raises:
            RecipeError: if a task wants to sample.
        """
        return [self._generate(*request.args) for request in requests]

    def _generate(self, context: str, gen_kwargs: dict[str, Any]) -> str:
        if gen_kwargs.get("do_sample") and float(gen_kwargs.get("temperature", 0)) > 0:
            raise RecipeError(
                "--lm-eval: the task samples its replies, and only greedy ones are made here; choose another task"
            )
        max_tokens = min(int(gen_kwargs.get("max_gen_toks", DEFAULT_MAX_TOKENS)), self._context_length // 2)
        prompt = [*self._start, *self._loaded.encode(context)][-(self._context_length - max_tokens) :]
        until = gen_kwargs.get("until") or []
        stop = [text for text in ([until] if isinstance(until, str) else until) if text]
        [(_, reply)] = generate_each(self._loaded, [prompt], [0], max_tokens=max_tokens, batch_size=1, stop=stop)
        return reply.text

    def _row(self, context: str, continuation: str) -> ContextAndContinuation:
        """Tokenised as one, so that no boundary falls where the model never saw one."""
        context_ids = [*self._start, *self._loaded.encode(context)]
        ids = [*self._start, *self._loaded.encode(context + continuation)]
        if ids[: len(context_ids)] != context_ids:
            ids = [*context_ids, *self._loaded.encode(continuation)]
        continuation_ids = ids[len(context_ids) :][-(self._context_length - 1) :]
        return context_ids[-(self._context_length - len(continuation_ids)) :], continuation_ids

    def _windows(self, text: str) -> list[ContextAndContinuation]:
        windows = get_rolling_token_windows(self._loaded.encode(text), self._start[0], self._context_length - 1, 1)
        return [make_disjoint_window(window) for window in windows]


def run_tasks(loaded: LoadedModel, tasks: Sequence[str], batch_size: int, limit: int | None = None) -> dict[str, Any]:
    """What lm-eval measures of the variant that `loaded` now is: metrics by task.

    Args:
        tasks: names of lm-eval's own tasks, or paths of task files.

    Raises:
        MsmError: if there is no such task, or its data cannot be had.
    """
    manager = TaskManager(include_path=sorted({str(Path(task).parent) for task in tasks if is_file(task)}) or None)
    names = [_task_name(Path(task)) if is_file(task) else task for task in tasks]
    try:
        evaluation = simple_evaluate(
            VariantLM(loaded, batch_size), tasks=names, task_manager=manager, limit=limit, log_samples=False,
            bootstrap_iters=0,
        )  # fmt: skip
    except MsmError:
        raise
    except Exception as error:  # tasks are programs of others, and their data comes from anywhere
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MsmError(f"--lm-eval {', '.join(tasks)}: lm-eval cannot run it: {reason}") from error
    results = dict(evaluation["results"]) if evaluation else {}
    return {task: _numbers(metrics) for task, metrics in results.items()}


def is_file(task: str) -> bool:
    return task.endswith((".yaml", ".yml")) and Path(task).is_file()


def _task_name(path: Path) -> str:
    """What a task file calls its task."""
    match = re.search(r"^task:[ \t]*[\"']?([\w.-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    if not match:
        raise RecipeError(f"--lm-eval {path}: has no `task: NAME`, as task files of lm-eval do")
    return match[1]


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    """The plain numbers, by lm-eval's own names."""
    plain = json.loads(json.dumps(metrics, default=str))
    return {name.removesuffix(",none"): value for name, value in plain.items() if isinstance(value, int | float)}
