"""Chats as the token ids that a model reads and learns: one renderer for training, scoring, answering and export.

It needs the tokenizer of a model alone, and imports no mlx.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.models.chat_template import AS_IT_STANDS, BASE_TEMPLATE, BYTE_ORDER_MARK, TemplateChoice, read_template
from msm_mlx.models.control_tokens import ControlTokens
from msm_mlx.models.folder import explain_tokenizer, quiet_transformers
from msm_mlx.models.template_probe import TemplateTraits, fold_system, probe_template, with_parts
from msm_mlx.models.template_program import RenderingError, TemplateProgram
from msm_mlx.models.token_counter import TokenCounter

DEFAULT = "default"  # the name of the template that is used, of several
Messages = Sequence[Mapping[str, str]]
"""Turns, each with its `role` (system, user or assistant) and its `content`."""
ChatFault = Literal["refused", "lost", "rewritten", "header", "melted"]


class ChatError(MsmError):
    """A chat that the template does not take; `fault` says why, and `turn` is the turn in question, from 0."""

    def __init__(self, fault: ChatFault, turn: int, reason: str) -> None:
        super().__init__(reason)
        self.fault, self.turn, self.reason = fault, turn, reason


@dataclass(frozen=True)
class ReplyRow:
    """The ids of a chat, and where in them replies are, each with what ends it."""

    ids: list[int]
    spans: list[tuple[int, int]]
    """First and one after the last position of each reply, in order."""


@dataclass(frozen=True)
class ChatRenderer:
    """Renders chats for the model in `folder`, with its own template or with another."""

    program: TemplateProgram
    folder: Path
    ends: frozenset[int]
    """The tokens at which the model stops by its settings."""
    traits: TemplateTraits = field(default_factory=TemplateTraits)
    context: str = ""
    """What stands at the end of the system line of every chat."""
    control: ControlTokens = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "control", ControlTokens(self.program.tokenizer))

    @cached_property
    def counter(self) -> TokenCounter:
        """Encodes plain text, with tiktoken where that is exact for this tokenizer; `counter.reason` says which."""
        return TokenCounter(self.program.tokenizer)

    def encode(self, text: str) -> list[int]:
        """The ids of plain text, without special tokens. One that is spelled out in `text` is encoded as characters."""
        return self.counter.encode(text)

    def reading(self, context: str) -> ChatRenderer:
        """The same renderer with another context."""
        other = copy(self)  # with its counter, which takes long to make
        object.__setattr__(other, "context", context)
        return other

    @property
    def stop_tokens(self) -> list[list[int]]:
        """The token sequences that end a reply, in the form that mlx-lm's generator takes."""
        stop = self.traits.stop
        return [[token] for token in sorted(self.ends | ({stop} if stop is not None else set()))]

    def render(self, messages: Messages, *, reply: bool, thinking: bool = False) -> list[int]:
        """The ids of a chat, which end with the opening of an assistant's turn if a `reply` is to follow. A reply with
        which such a chat ends is one to go on with: nothing closes it.

        Only writers may use `thinking`: training, scoring and answering must all see the same template.

        Raises:
            ChatError: if the template does not take the chat.
        """
        return self.control.encode(self._text(self._adapt(messages), reply=reply, thinking=thinking))

    def text(self, messages: Messages, *, reply: bool = False, thinking: bool = False) -> str:
        """What `render` gives the ids of."""
        return self.control.unmark(self._text(self._adapt(messages), reply=reply, thinking=thinking))

    def reply_rows(self, messages: Messages) -> list[ReplyRow]:
        """Rows in which exactly the replies of a chat are marked, each with the tokens that end it.

        This is one row if the template renders earlier turns in the same way whatever follows. Some templates do not;
        for example, they put an empty thought into the last reply only. Then every reply has a row of its own, which
        ends with it, as the model sees it when it writes that reply. The opening of a reply, an empty thought included,
        is not marked.

        Raises:
            ChatError: if the template does not take the chat, or where a reply begins or ends is not known exactly.
        """
        turns = self._adapt(messages)
        replies = [turn for turn, message in enumerate(turns) if message["role"] == "assistant"]
        own = {turn: self._finished(turns, turn) for turn in replies}
        whole = own[replies[-1]].ids if replies and replies[-1] == len(turns) - 1 else self._ids(turns, reply=False)
        spans = [own[turn].spans[0] for turn in replies]
        if all(whole[: span[1]] == own[turn].ids for turn, span in zip(replies, spans, strict=True)):
            return [ReplyRow(whole, spans)]
        return list(own.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done for this template that a person should know, a sentence each."""
        return tuple(_notes(self))

    def _adapt(self, messages: Messages) -> list[dict[str, Any]]:
        """The chat in the form that the template takes.

        White space at the beginning of a reply goes: it would melt into the header, and replies are read without it.
        """
        turns: list[dict[str, Any]] = [dict(message) for message in in_context(messages, self.context)]
        for turn in turns:
            if turn["role"] == "assistant":
                turn["content"] = turn["content"].lstrip()
            if self.control.spelled_out(turn["content"]):
                turn["content"] = self.control.mark(turn["content"])
        if not self.traits.takes_system:
            turns = fold_system(turns)
        if self.traits.alternates:
            turns = _join_neighbours(turns)
        return with_parts(turns, self.traits.parts)

    def _ids(self, turns: Sequence[dict[str, Any]], *, reply: bool) -> list[int]:
        return self.control.encode(self._text(turns, reply=reply))

    def _text(self, turns: Sequence[dict[str, Any]], *, reply: bool, thinking: bool = False) -> str:
        if reply and turns and turns[-1]["role"] == "assistant":
            return self._text(turns[:-1], reply=True, thinking=thinking) + _plain(turns[-1]["content"])
        if reply:
            prompt = self._run(turns, reply=True, thinking=thinking)
            return prompt if thinking else prompt + self.traits.opening.added
        text = self._run(turns, reply=False, thinking=thinking)
        if turns and turns[-1]["role"] == "assistant":
            text = text.removesuffix(self.traits.after_end)
            return self._with_opening(turns, text) + self.traits.next_opening
        return text

    def _with_opening(self, turns: Sequence[dict[str, Any]], text: str) -> str:
        """The text of a chat that ends with a reply, opened as prompts are."""
        opening, forgets = self.traits.opening, self.traits.forgets
        if opening.in_prompt == opening.in_turn and not forgets:
            return text
        prompt = self._text(turns[:-1], reply=True)
        header = prompt.removesuffix(opening.in_prompt) + opening.in_turn
        if forgets and not text.startswith(header):
            header = _beginning(text, _last_question(turns), opening.after_question)
        if not header or not text.startswith(header):
            raise self._no_mask(len(turns) - 1)
        return prompt + text[len(header) :]

    def _finished(self, turns: Sequence[dict[str, Any]], turn: int) -> ReplyRow:
        """The chat up to the reply `turn`, which is marked.

        Raises:
            ChatError: if there is no exact mask.
        """
        text = self._text(turns[: turn + 1], reply=False)
        prompt = self._text(turns[:turn], reply=True)
        if not text.startswith(prompt):
            raise self._no_mask(turn)
        for number, asked in enumerate(turns[:turn]):
            if asked["role"] != "assistant" and _plain(asked["content"]).strip() not in text:
                speaker = "a turn of the user" if asked["role"] == "user" else "the system line"
                raise ChatError("lost", number, f"the chat template changes or leaves out what {speaker} says")
        reply = _plain(turns[turn]["content"]).strip()
        if reply not in text[len(prompt) :]:
            raise ChatError("rewritten", turn, "the chat template changes the text of the reply, or leaves some out")
        start, ids = self.control.encode(prompt), self.control.encode(text)
        if ids[: len(start)] != start:
            raise ChatError("melted", turn, "the beginning of the reply melts into the token before it")
        return ReplyRow(ids, [(len(start), len(ids))])

    def _no_mask(self, turn: int) -> ChatError:
        return ChatError(
            "header",
            turn,
            f"the chat template in {self.folder} does not render a reply as its opening and the rest, so the "
            "tokens of the reply are not known exactly; use another model or another chat template",
        )

    def _run(self, turns: Sequence[dict[str, Any]], *, reply: bool, thinking: bool = False) -> str:
        try:
            return self.program(turns, reply=reply, thinking=thinking)
        except RenderingError as error:
            reason = f"the chat template in {self.folder} refuses this chat: {error}"
            raise ChatError("refused", len(turns) - 1, reason) from error


def in_context(messages: Messages, context: str) -> Messages:
    """The chat with `context` at the end of its system line, or as one where it has none."""
    if not context:
        return messages
    if messages and messages[0]["role"] == "system":
        first, *others = messages
        return [{**first, "content": f"{first['content']}\n\n{context}"}, *others]
    return [{"role": "system", "content": context}, *messages]


def build_renderer(
    tokenizer: Any,
    folder: Path,
    ends: Iterable[int],
    choice: TemplateChoice = AS_IT_STANDS,
    function: Callable[..., str] | None = None,
) -> ChatRenderer:
    """The renderer of a tokenizer of transformers, which has a template.

    Args:
        ends: the ids of the tokens at which the model stops.
        function: mlx-lm's own renderer, for the models that it has one for.

    Raises:
        SetupError: naming the folder, with the reason, if chats cannot be rendered or learned with its template.
        RecipeError: the same, if the recipe chose the template.
    """
    moment = datetime.fromisoformat(choice.date) if choice.date else None
    renderer = ChatRenderer(TemplateProgram(tokenizer, function, moment), folder, frozenset(ends))
    try:
        if not renderer.control.encode("Hello."):
            raise RenderingError("it encodes text as nothing")
        _require_text(str(tokenizer.chat_template))
        traits = probe_template(renderer.program, renderer.control, renderer.ends)
    except RenderingError as error:
        if choice.text is not None:
            raise RecipeError(
                f"chat_template{f' {choice.file}' if choice.file else ''}: cannot be used: {error}; mend it, or leave "
                "it out of the recipe"
            ) from error
        raise SetupError(
            f"model folder {folder}: its chat template cannot be used: {error}; choose an instruct model, give the "
            "recipe another template as chat_template, or use `--model pocket`"
        ) from error
    return replace(renderer, traits=traits)


def _require_text(source: str) -> None:
    """Raises RenderingError for halves of characters, which JSON can hold and no tokenizer takes."""
    try:
        source.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RenderingError("it holds half a character") from error


def load_renderer(folder: Path, choice: TemplateChoice = AS_IT_STANDS) -> ChatRenderer:
    """The renderer of the model in `folder`, whose weights are left where they are. No code from the folder is run.

    Raises:
        SetupError: naming the folder, if its tokenizer cannot be read, or its template not be used.
        RecipeError: if the template that the recipe chose cannot be used.
    """
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # it misses PyTorch, which nobody needs
    from transformers import AutoTokenizer

    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # transformers documents no narrower class
        raise SetupError(
            f"model folder {folder}: its tokenizer cannot be loaded: {explain_tokenizer(folder, error)}"
        ) from error
    function = _function_of_mlx_lm(tokenizer.init_kwargs.get("chat_template_type"), folder)
    use_template(tokenizer, folder, choice, has_own=function is not None)
    ends = {*_ends(folder), *([] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id])}
    return build_renderer(tokenizer, folder, ends, choice, None if choice.text is not None else function)


def use_template(tokenizer: Any, folder: Path, choice: TemplateChoice, *, has_own: bool = False) -> None:
    """Give the tokenizer the template that is chosen, or `BASE_TEMPLATE` if it has none.

    Raises:
        SetupError: if it has none, and no token that could end a turn, or several, and none is the default.
    """
    if choice.text is not None:
        tokenizer.chat_template = choice.text
    elif not tokenizer.chat_template and not has_own:
        template = read_template(folder)  # some folders have it in a file that transformers leaves to image processors
        if template.text == BASE_TEMPLATE and tokenizer.eos_token is None:
            raise SetupError(
                f"model folder {folder}: its tokenizer has no end-of-text token; use an instruct (chat) model"
            )
        tokenizer.chat_template = template.text
    elif isinstance(tokenizer.chat_template, dict) and DEFAULT not in tokenizer.chat_template and not has_own:
        names = ", ".join(map(repr, tokenizer.chat_template))
        raise SetupError(
            f"model folder {folder}: has chat templates by name ({names}) and none named {DEFAULT!r}; name one so, or "
            "give the recipe a template as chat_template"
        )
    elif isinstance(tokenizer.chat_template, str):
        tokenizer.chat_template = tokenizer.chat_template.removeprefix(BYTE_ORDER_MARK)


def _ends(folder: Path) -> list[int]:
    """The ids of the tokens at which the model stops, as mlx-lm reads them."""
    ends: list[int] = []
    for name in ("config.json", "generation_config.json"):
        try:
            value = json.loads((folder / name).read_text(encoding="utf-8")).get("eos_token_id")
        except (OSError, ValueError, AttributeError):
            continue
        if value:
            ends = [value] if isinstance(value, int) else list(value)
    return ends


def _function_of_mlx_lm(kind: str | None, folder: Path) -> Callable[..., str] | None:
    """mlx-lm's renderer of that name.

    Raises:
        SetupError: if it has none.
    """
    if not kind:
        return None
    from importlib import import_module

    try:
        function: Callable[..., str] = import_module(f"mlx_lm.chat_templates.{kind}").apply_chat_template
    except ImportError as error:
        raise SetupError(
            f"model folder {folder}: asks for mlx-lm's chat template {kind!r}, which this version does not have; "
            "update mlx-lm, or choose another model"
        ) from error
    return function


def _plain(content: Any) -> str:
    return str(content if isinstance(content, str) else content[0]["text"])


def _last_question(turns: Sequence[dict[str, Any]]) -> str:
    return next((_plain(turn["content"]) for turn in reversed(turns) if turn["role"] == "user"), "")


def _beginning(text: str, question: str, ending: str) -> str:
    """`text` through the last `question` that `ending` follows; empty if there is none."""
    for asked in (question + ending, question.strip() + ending):
        if asked and (start := text.rfind(asked)) >= 0:
            return text[: start + len(asked)]
    return ""


def _join_neighbours(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turns of one role after another as one turn."""
    joined = []
    for role, group in groupby(turns, key=lambda turn: turn["role"]):
        joined.append({"role": role, "content": "\n\n".join(turn["content"] for turn in group)})
    return joined


def _notes(renderer: ChatRenderer) -> Iterable[str]:
    traits, program = renderer.traits, renderer.program
    if program.source == BASE_TEMPLATE:
        yield "The model has no chat template: chats are put as plain text, after the words User and Assistant."
    if not traits.takes_system:
        yield "The chat template takes no system turn: the system line goes before the first question."
    if traits.closes_thought:
        yield "The chat template opens a thought before every reply: it is closed at once, in training and in prompts."
    elif traits.opening.added.strip():
        yield f"What the chat template writes before every reply is a part of prompts: {traits.opening.added.strip()}"
    if traits.forgets:
        yield "The chat template leaves the system line out of finished chats: it is learned as prompts have it."
    if traits.next_opening:
        yield (
            f"The chat template ends no reply: what opens the next turn, {traits.next_opening.strip()}, is learned as "
            "the end."
        )
    elif traits.stop is not None:
        token = program.tokenizer.convert_ids_to_tokens(traits.stop)
        yield f"Replies end with {token}, which the model's settings do not name: generation stops there too."
    if traits.added_line:
        yield f"The chat template adds to every chat: {traits.added_line!r}."
    if program.asks_for_date and program.moment is not None:
        yield f"The chat template writes a date: in this run it is always {program.moment:%Y-%m-%d}."
