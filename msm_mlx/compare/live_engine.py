"""Answers to prompts that nobody has asked yet: a session's arms over one base in memory, all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from msm_mlx.compare.answer_engine import Margins, Piece, Request, Stop
from msm_mlx.compare.session import Session
from msm_mlx.engine.chat_model import LongPrompt, LongPromptError, SamplingParams
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.multi_adapter import Variants, enter_thread, load_variants, release_thread
from msm_mlx.engine.token_filter import TokenFilter
from msm_mlx.errors import RecipeError
from msm_mlx.models.chat_renderer import in_context
from msm_mlx.prompting.prompts import Message, opening_chat
from msm_mlx.suites.kinds.pairs import Pair
from msm_mlx.text.wording import describe


def open_engine(session: Session) -> LiveEngine:
    """Load the session's base and all its adapters, for use in this thread.

    Raises:
        MsmError: naming the file, if the model or an adapter cannot be used, or is not the one of the runs.
    """
    if not _is_main():
        enter_thread()
    try:
        base = session.runs[0].base()
        loaded = load_base(base.folder, base.choice)
        variants = load_variants(loaded, {arm.label: arm.adapter for arm in session.arms})
        contexts = {arm.label: arm.context for arm in session.arms}
    except BaseException:
        _leave()
        raise
    return LiveEngine(variants, session.model_name, contexts)


class LiveEngine:
    """An `AnswerEngine` that decodes the answers of all arms in one batch, and scores them in one pass. Arms that have
    something in their prompts besides the question, by their labels in `contexts`, have batches of their own."""

    def __init__(self, variants: Variants, model_name: str, contexts: Mapping[str, str] | None = None) -> None:
        self._variants = variants
        self._model_name = model_name
        self._contexts = contexts or {}

    @property
    def reason(self) -> str:
        """Why the arms do not share a batch, as a line for the log; empty where they do."""
        return self._variants.reason

    def answer(self, request: Request, cancelled: Callable[[], bool]) -> Iterator[Piece]:
        turns = [*request.preface.system_turn(self._model_name), {"role": "user", "content": request.prompt}]
        return self.reply(turns, request, cancelled)

    def reply(
        self, messages: Sequence[Message], request: Request, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Piece]:
        """Pieces of the arms' next turns in a chat that ends with a question; `request.prompt` only names it.

        Raises:
            RecipeError: at once, if the model cannot read a chat of this length.
        """
        beginning = request.preface.prefill
        chat = [*messages, {"role": "assistant", "content": beginning}] if beginning else messages
        prompts = {context: self._fit(chat, request, context) for context in self._contexts_of(request.labels)}
        room = min(self._variants.loaded.room_for_reply(prompt, request.max_tokens) for prompt in prompts.values())
        ids = [prompts[self._contexts.get(label, "")] for label in request.labels]
        words = self._variants.loaded.encode(beginning)
        return self._pieces(ids, replace(request, max_tokens=room), cancelled, words)

    def _contexts_of(self, labels: Sequence[str]) -> list[str]:
        """What stands in the prompts of these arms, each once."""
        return list(dict.fromkeys(self._contexts.get(label, "") for label in labels))

    def _fit(self, messages: Sequence[Message], request: Request, context: str) -> Sequence[int]:
        """The ids of the chat after `context`.

        Raises:
            RecipeError: if the model cannot read a chat of this length.
        """
        model, sampling = LocalModel(self._variants.loaded.reading(context)), SamplingParams(request.max_tokens, 1)
        try:
            [(_, _, prompt)] = model.fit([messages], sampling, LongPrompt.REFUSE)
        except LongPromptError as error:
            raise RecipeError(
                f"prompt {describe(request.prompt)}: has {error.tokens} tokens with all that stands before it, and the "
                f"model reads {error.limit}; ask something shorter"
            ) from error
        return prompt

    def _pieces(
        self,
        prompts: Sequence[Sequence[int]],
        request: Request,
        cancelled: Callable[[], bool],
        start: Sequence[int],
    ) -> Iterator[Piece]:
        answers = [_GrowingAnswer(label, self._variants.loaded, request.max_tokens, start) for label in request.labels]
        steps = self._variants.tokens(
            prompts,
            request.labels,
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            token_filter=TokenFilter(request.top_k, request.top_p, request.min_p),
            seed=request.seed,
        )
        while any(answer.stop is None for answer in answers):
            if cancelled():
                yield from (answer.end("cancelled") for answer in answers if answer.stop is None)
                return
            for answer, token in zip(answers, next(steps), strict=True):
                if answer.stop is None:
                    yield answer.add(token)

    def margins(self, item: Pair) -> Margins:
        replies = item.options()
        chats = [(opening_chat(self._model_name, item.prompt(first)), r) for first in (True, False) for r in replies]
        scores: dict[str, list[float]] = {}
        for context in self._contexts_of(self._variants.labels):
            labels = [label for label in self._variants.labels if self._contexts.get(label, "") == context]
            asked = [([dict(turn) for turn in in_context(chat, context)], reply) for chat, reply in chats]
            scores |= self._variants.score(asked, labels)
        return {
            label: (target_first - other_first + target_second - other_second) / 2
            for label in self._variants.labels
            for target_first, other_first, target_second, other_second in [scores[label]]
        }

    def close(self) -> None:
        _leave()


class _GrowingAnswer:
    """One arm's answer as it grows, from its first tokens, `start`. What is shown so far is always the
    beginning of the stripped whole."""

    def __init__(self, label: str, loaded: LoadedModel, max_tokens: int, start: Sequence[int] = ()) -> None:
        self.stop: Stop | None = None
        self._label = label
        self._loaded = loaded
        self._max_tokens = max_tokens
        self._detokenizer = loaded.tokenizer.detokenizer
        self._ends = {token for sequence in loaded.stop_tokens for token in sequence}
        self._hidden = {token for token, added in loaded.tokenizer.added_tokens_decoder.items() if added.special}
        self._start = list(start)
        for token in start:
            self._detokenizer.add_token(token)
        self._ids: list[int] = []
        self._shown = ""
        self._started = time.perf_counter()
        self._speed = 0.0

    def add(self, token: int) -> Piece:
        """The piece that `token` makes, which may be empty: the text waits for whole characters, and for what follows
        a space."""
        if token in self._ends:
            return self.end("end")
        self._ids.append(token)
        self._clock()
        if token not in self._hidden:
            self._detokenizer.add_token(token)
        return self.end("length") if len(self._ids) >= self._max_tokens else self._piece(self._detokenizer.text.strip())

    def end(self, stop: Stop) -> Piece:
        """The last piece, which brings all that is left."""
        self.stop = stop
        return self._piece(self._loaded.decode([*self._start, *self._ids]).strip())

    def _piece(self, text: str) -> Piece:
        new = text[len(self._shown) :] if text.startswith(self._shown) else ""
        self._shown += new
        return Piece(self._label, new, len(self._ids), self._speed, self.stop)

    def _clock(self) -> None:
        """Speed counts from the first token on, once there are two: the prompt's time is no part of it."""
        now = time.perf_counter()
        if len(self._ids) == 1:
            self._speed = 1 / (now - self._started)
            self._started = now
        else:
            self._speed = (len(self._ids) - 1) / (now - self._started)


def _leave() -> None:
    # the main thread keeps its streams: without them nothing of mlx would work in this process any more
    if not _is_main():
        release_thread()


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
