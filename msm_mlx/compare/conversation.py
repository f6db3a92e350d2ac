"""A conversation of several turns with one variant."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from msm_mlx.compare.answer_engine import NO_PREFACE, Arm, Preface, Request
from msm_mlx.compare.live_engine import LiveEngine, open_engine
from msm_mlx.compare.plain import Sampling
from msm_mlx.compare.session import Session
from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import Message


class Conversation:
    """What was said so far, and the variant that goes on: the arm `label` of `engine`. `preface` is what stands before
    its answers; another system prompt counts once the conversation begins anew."""

    def __init__(
        self, engine: LiveEngine, label: str, model_name: str, sampling: Sampling, preface: Preface = NO_PREFACE
    ) -> None:
        self.preface = preface
        self._engine = engine
        self._label = label
        self._model_name = model_name
        self._sampling = sampling
        self.messages: list[Message] = []
        self.reset()

    def reset(self) -> None:
        """Forget all that was said."""
        self.messages = self.preface.system_turn(self._model_name)

    def ask(self, question: str) -> Generator[str, None, None]:
        """The answer in pieces as they come. An answer that is not heard to its end is remembered as far as it got.

        The same seed is used for every answer, so that the same conversation goes the same way.

        Raises:
            RecipeError: if the conversation has become too long for the model; the question is then forgotten.
        """
        messages = [*self.messages, {"role": "user", "content": question}]
        request = Request(question, (self._label,), **vars(self._sampling), preface=self.preface)
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


def open_conversation(session: Session, arm: Arm, sampling: Sampling, preface: Preface = NO_PREFACE) -> Conversation:
    """Load the base and the arm's adapter."""
    engine = open_engine(replace(session, arms=(arm,)))
    return Conversation(engine, arm.label, session.model_name, sampling, preface)
