"""A conversation of several turns with one variant."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from msm_mlx.compare.answer_engine import Arm, Request
from msm_mlx.compare.live_engine import LiveEngine, open_engine
from msm_mlx.compare.plain import Sampling
from msm_mlx.compare.session import Session
from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import Message, system_prompt


class Conversation:
    """What was said so far, and the variant that goes on: the arm `label` of `engine`."""

    def __init__(self, engine: LiveEngine, label: str, model_name: str, sampling: Sampling) -> None:
        self._engine = engine
        self._label = label
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
        request = Request(question, (self._label,), **vars(self._sampling))
        try:
            pieces = self._engine.reply(messages, request)
        except RecipeError as error:
            raise RecipeError(f"{error}, or start again with /reset") from error
        answer = ""
        try:
            for piece in pieces:
                answer += piece.text
                if piece.text:
                    yield piece.text
        finally:
            if answer.strip():
                self.messages = [*messages, {"role": "assistant", "content": answer.strip()}]


def open_conversation(session: Session, arm: Arm, sampling: Sampling) -> Conversation:
    """Load the base and the arm's adapter."""
    engine = open_engine(replace(session, arms=(arm,)))
    return Conversation(engine, arm.label, session.model_name, sampling)
