"""`inspect eval TASK --model msm-mlx/RUN/ARM`: an arm of a run answers, in batches and without a network."""

from __future__ import annotations

import atexit
import itertools
import logging
import time
from pathlib import Path
from typing import Any, get_args

import anyio
import anyio.to_thread
from inspect_ai._util.error import PrerequisiteError  # what Inspect shows without a traceback
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from msm_mlx.engine.chat_model import Reply, SamplingParams
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.inspect_provider.batches import BatchThread
from msm_mlx.inspect_provider.prompts import FittedChat, LongPrompts, chat, fit, refuse_unsupported
from msm_mlx.recipe.arms import BASE, Variant
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.workspace import find_run, runs_home

logger = logging.getLogger(__name__)

BATCH = 16
MAX_TOKENS = 512


class ArmAPI(ModelAPI):  # type: ignore[misc]  # of an extra
    """One arm of a run. Greedy unless a temperature is asked for. Equal seeds give equal replies to equal chats;
    without a seed every reply has a new one.

    Args:
        model_name: `RUN/ARM`; the run is a path, a name or `latest`, as everywhere in msm-mlx.
        long_prompts: `refuse` a prompt that is longer than the model's context, or `cut` its last user turn.
        batch_size: how many prompts are answered at once.

    Raises:
        PrerequisiteError: if there is no such run or arm, it cannot be loaded, or an argument is wrong.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  (Inspect's own default)
        long_prompts: LongPrompts = "refuse",
        batch_size: int = BATCH,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        try:
            _check(long_prompts, batch_size, model_args)
            run, variant = find_variant(model_name)
            self._batches = BatchThread(lambda: LocalModel(run.open(variant)), batch_size)
        except MsmError as error:
            raise PrerequisiteError(f"msm-mlx/{model_name}: {error}") from error
        self._name = run.recipe.model_name
        self._long_prompts = long_prompts
        self._batch_size = batch_size
        self._fresh_seeds = itertools.count()
        atexit.register(self.close)

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The arm's next turn.

        Raises:
            RecipeError: if the chat is too long, or asks for what the engine cannot do.
        """
        if tools:
            raise RecipeError("msm-mlx models cannot call tools; choose a task that only needs text")
        refuse_unsupported(config)
        sampling = SamplingParams(
            config.max_tokens or MAX_TOKENS,
            self._batch_size,
            config.temperature or 0.0,
            top_p=1.0 if config.top_p is None else config.top_p,
            top_k=config.top_k or 0,
        )
        prompt = fit(self._batches.model, chat(self._name, input), sampling, self._long_prompts)
        if prompt.cut:
            logger.warning("msm-mlx/%s reads a prompt without %d of its tokens", self.model_name, prompt.cut)
        started = time.monotonic()
        seed = next(self._fresh_seeds) if config.seed is None else config.seed
        future = self._batches.submit(prompt.messages, sampling, seed)
        try:
            reply = await anyio.to_thread.run_sync(
                future.result, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1)
            )
        finally:
            future.cancel()
        return self._output(prompt, reply, time.monotonic() - started)

    def _output(self, prompt: FittedChat, reply: Reply, seconds: float) -> ModelOutput:
        message = ChatMessageAssistant(content=reply.text, model=self.model_name, source="generate")
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason="stop" if reply.finished else "max_tokens")],
            usage=ModelUsage(
                input_tokens=prompt.tokens, output_tokens=reply.tokens, total_tokens=prompt.tokens + reply.tokens
            ),
            time=seconds,
            metadata={"cut_prompt_tokens": prompt.cut} if prompt.cut else None,
        )

    async def count_text_tokens(self, text: str) -> int:
        return len(self._batches.model.loaded.encode(text))  # Inspect's own way fetches a tokenizer

    def max_tokens(self) -> int | None:
        return MAX_TOKENS

    def max_connections(self) -> int:
        return self._batch_size

    def should_retry(self, ex: Exception) -> bool:
        return False

    def collapse_user_messages(self) -> bool:
        return True  # templates of many families want turns that alternate

    def collapse_assistant_messages(self) -> bool:
        return True

    def collapse_system_messages(self) -> bool:
        return True

    def close(self) -> None:
        atexit.unregister(self.close)
        self._batches.close()


def find_variant(model_name: str) -> tuple[FinishedRun, Variant]:
    """The run and the variant in `RUN/ARM`: the first seed of the arm.

    Raises:
        RecipeError: if there is no such run or arm.
    """
    name, _, label = model_name.rpartition("/")
    if not name or not label:
        raise RecipeError("--model: names no run and arm; write msm-mlx/RUN/ARM, as msm-mlx/latest/msm+sft")
    run = open_run(Path(find_run(name, runs_home())))
    others = (*(variant for variant in run.variants if variant.arm == BASE), *run.in_context, *run.ready_made)
    return run, next((variant for variant in others if variant.label == label), None) or run.choose([label])[0]


def _check(long_prompts: object, batch_size: object, model_args: dict[str, Any]) -> None:
    if model_args:
        raise RecipeError(f"-M {min(model_args)}: no such argument; there are long_prompts and batch_size")
    if long_prompts not in get_args(LongPrompts):
        raise RecipeError(f"-M long_prompts={long_prompts}: must be refuse or cut")
    if not isinstance(batch_size, int) or batch_size < 1:
        raise RecipeError(f"-M batch_size={batch_size}: must be a whole number from 1 on")
