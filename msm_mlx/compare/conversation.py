"""A conversation of several turns with one variant."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import mlx.core as mx
from mlx_lm import stream_generate
from mlx_lm.sample_utils import make_sampler

from msm_mlx.compare.engine import Arm
from msm_mlx.compare.plain import Sampling
from msm_mlx.compare.session import Session
from msm_mlx.engine.adapters import adapter_shape
from msm_mlx.engine.models import LoadedModel, Message, load_base
from msm_mlx.errors import RecipeError
from msm_mlx.hub import resolve_model
from msm_mlx.training.adapt import use_adapter
from msm_mlx.variants import system_prompt


class Conversation:
    """What was said so far, and the model that goes on. `stopped` says how the last answer ended."""

    def __init__(self, loaded: LoadedModel, model_name: str, sampling: Sampling) -> None:
        self._loaded = loaded
        self._sampling = sampling
        self._opening: Message = {"role": "system", "content": system_prompt(model_name)}
        self.messages: list[Message] = [self._opening]

    def reset(self) -> None:
        """Forget all that was said."""
        self.messages = [self._opening]

    def ask(self, question: str) -> Generator[str, None, None]:
        """The answer in pieces as they come. An answer that is not heard to its end is remembered as far as it got.

        The same seed is used for every answer, so that the same conversation goes the same way.

        Raises:
            RecipeError: if the conversation has become too long for the model; the question is then forgotten.
        """
        messages = [*self.messages, {"role": "user", "content": question}]
        prompt = self._loaded.render(messages, reply=True)
        room = min(self._sampling.max_tokens, self._room(len(prompt)))
        mx.random.seed(self._sampling.seed)
        sampler = make_sampler(temp=self._sampling.temperature)
        answer = ""
        try:
            with closing(
                stream_generate(self._loaded.model, self._loaded.tokenizer, prompt, max_tokens=room, sampler=sampler)
            ) as responses:
                for response in responses:
                    text = response.text if answer else response.text.lstrip()
                    answer += text
                    if text:
                        yield text
        finally:
            if answer.strip():
                self.messages = [*messages, {"role": "assistant", "content": answer.strip()}]

    def _room(self, used: int) -> int:
        """How many tokens fit behind `used` ones."""
        limit = getattr(getattr(self._loaded.model, "args", None), "max_position_embeddings", None)
        if not isinstance(limit, int):
            return self._sampling.max_tokens
        if used >= limit:
            raise RecipeError(
                f"the conversation is {used} tokens long, and the model reads at most {limit}: "
                "start again with /reset, or ask something shorter"
            )
        return limit - used


def open_conversation(session: Session, arm: Arm, sampling: Sampling) -> Conversation:
    """Load the base and the arm's adapter."""
    loaded = load_base(resolve_model(session.model).folder)
    if arm.adapter is not None:
        use_adapter(loaded, adapter_shape(arm.adapter), Path(arm.adapter))
    return Conversation(loaded, session.model_name, sampling)
