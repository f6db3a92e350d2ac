"""What a chat template does, established by rendering chats with it when it is loaded. Imports no mlx."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from msm_mlx.models.control_tokens import ControlTokens
from msm_mlx.models.template_program import RenderingError, TemplateProgram, Turns

SYSTEM = {"role": "system", "content": "Speak of the numbat."}
QUESTION = {"role": "user", "content": "Where is the quokka?"}
REPLY = {"role": "assistant", "content": "Beside the okapi."}
SECOND = {"role": "user", "content": "And the dugong?"}
LAST = {"role": "assistant", "content": "Under the pangolin."}

_OPENED = re.compile(
    r"<(?P<tag>[a-z_]*:?(?:think|thinking|thought|reasoning))>|\[(?P<bracket>THINK)\]|<\|(?P<start>START_THINKING)\|>"
    r"|<\|(?P<pipe>think):start\|>|<\|begin_of_(?P<begun>thought)\|>|(?P<channel><\|channel>)thought|<\|channel\|>(?P<analysis>analysis)<\|message\|>"
)
_PARTS = tuple(frozenset(roles.split()) for roles in ("", "system user assistant", "user assistant", "user"))
"""The roles whose contents a template may want as lists of parts, as they are tried."""
LEFT_OUT = "it leaves out what the turns say"
WORDS = 4  # in a line that is told as one that the template adds


@dataclass(frozen=True)
class Opening:
    """How the prompt of a reply differs from what the template writes before a finished reply.

    Both are equal up to `in_prompt` and `in_turn`. Training and prompts alike take what the prompt has.
    """

    added: str = ""
    """To what the template makes of a prompt: the end of a thought that it left open, or the header of the reply."""
    in_prompt: str = ""
    in_turn: str = ""
    after_question: str = field(default="", compare=False)
    """All that a finished chat has between the last question and the reply."""


@dataclass(frozen=True)
class TemplateTraits:
    """What is special about a template, as far as chats have to be put to it otherwise than they are."""

    takes_system: bool = True
    """Else the system line goes before the first question."""
    alternates: bool = False
    """It refuses two turns of one role after another, which are then put together."""
    parts: frozenset[str] = frozenset()
    """The roles whose contents it takes as lists of parts only."""
    opening: Opening = Opening()
    closes_thought: bool = False
    """The prompt of a reply opens a thought, which is closed."""
    forgets: bool = False
    """What stands before the last question is not the same in a prompt and in a finished chat: some templates tell
    the system line in prompts only. What prompts have is learned."""
    after_end: str = ""
    """What stands after the end of a finished chat: some templates open a reply there, whether or not it follows."""
    next_opening: str = ""
    """The template ends no reply, so that how it opens the next turn is learned as the end."""
    stop: int | None = None
    """A token that ends replies here and that the model's settings do not name."""
    added_line: str = ""
    """Words that the template adds to every chat, or the first of them."""


def probe_template(program: TemplateProgram, control: ControlTokens, ends: frozenset[int]) -> TemplateTraits:
    """The traits of a template.

    Args:
        ends: the ids of the tokens at which the model stops by its settings.

    Raises:
        RenderingError: with the reason, if no chat can be trained or asked with it.
    """
    takes_system, parts = _contents(program)
    chat = _adapted([SYSTEM, QUESTION], takes_system=takes_system, parts=parts)
    reply, second, last = _adapted([REPLY, SECOND, LAST], takes_system=True, parts=parts)
    openings = [_opening(program, chat, last)]
    turns = [*chat, reply, second]
    if _renders(program, turns):
        openings.append(_opening(program, turns, last))
    if len({opening for opening, _, _ in openings}) > 1:
        raise RenderingError("it opens replies in one way or another, so that what belongs to a reply is not known")
    (opening, closes_thought, _), tail = openings[0], _cut(program([*chat, last], reply=False), LAST)[1]
    next_opening, stop = "", None
    if not ends & set(control.encode(tail)):
        next_opening, stop = _learnable_end(program, chat, reply, second, tail, control)
    after_end = "" if next_opening else _after_last_stop(tail, control, {*ends, stop})
    prompt = program(chat, reply=True)
    return TemplateTraits(
        takes_system=takes_system,
        alternates=not _renders(program, [*chat, chat[-1]]),
        parts=parts,
        opening=opening,
        closes_thought=closes_thought,
        forgets=any(differs for _, _, differs in openings),
        after_end=after_end,
        next_opening=next_opening,
        stop=None if stop in ends else stop,
        added_line=_added_line(control.remove(prompt.partition(str(QUESTION["content"]))[0])),
    )


def with_parts(turns: Turns, roles: Collection[str]) -> list[dict[str, Any]]:
    """The chat with the contents of these `roles` as lists of one part each."""
    return [
        {**turn, "content": [{"type": "text", "text": turn["content"]}]} if turn["role"] in roles else dict(turn)
        for turn in turns
    ]


def fold_system(turns: Turns) -> list[dict[str, Any]]:
    """The chat with its system line before the first question."""
    if not turns or turns[0]["role"] != "system":
        return [dict(turn) for turn in turns]
    line, *others = (dict(turn) for turn in turns)
    if not others or others[0]["role"] != "user":
        return [line | {"role": "user"}, *others] if line["content"] else others
    content = f"{line['content']}\n\n{others[0]['content']}" if line["content"] else others[0]["content"]
    return [others[0] | {"content": content}, *others[1:]]


def _adapted(turns: Turns, *, takes_system: bool, parts: Collection[str]) -> list[dict[str, Any]]:
    return with_parts(turns if takes_system else fold_system(turns), parts)


def _contents(program: TemplateProgram) -> tuple[bool, frozenset[str]]:
    """Whether the template takes a system turn, and the roles whose contents it takes as lists of parts only."""
    failures: list[str] = []  # of contents as they are, which most templates take
    for takes_system in (True, False):
        for parts in _PARTS:
            failure = _failure(program, takes_system=takes_system, parts=parts)
            if not failure:
                return takes_system, parts
            if not parts:
                failures.append(failure)
    raise RenderingError(LEFT_OUT if LEFT_OUT in failures else failures[0])


def _failure(program: TemplateProgram, *, takes_system: bool, parts: Collection[str]) -> str:
    """Why chats of this form are not rendered with all their words, if they are not."""
    chat = _adapted([SYSTEM, QUESTION], takes_system=takes_system, parts=parts)
    try:
        text = program(chat, reply=True)
        if parts:
            text += program([*chat, *with_parts([REPLY], parts)], reply=False)
    except RenderingError as error:
        return str(error)
    has_all = all(turn["content"] in text for turn in (SYSTEM, QUESTION, *([REPLY] if parts else [])))
    return "" if has_all and not (parts and "'type'" in text) else LEFT_OUT


def _renders(program: TemplateProgram, turns: Turns) -> bool:
    try:
        program(turns, reply=True)
    except RenderingError:
        return False
    return True


def _opening(program: TemplateProgram, turns: Turns, reply: dict[str, Any]) -> tuple[Opening, bool, bool]:
    """How a reply to this chat is opened, whether a thought was left open, and whether what stands before differs."""
    content = turns[-1]["content"]
    question = content if isinstance(content, str) else content[0]["text"]
    before_prompt, _, prompt = program(turns, reply=True).rpartition(question)
    before_header, asked, header = _cut(program([*turns, reply], reply=False), LAST)[0].rpartition(question)
    if not asked:
        raise RenderingError("it leaves out the question once there is a reply")
    shared = len(_common_beginning(prompt, header))
    in_prompt, in_turn, added = prompt[shared:], header[shared:], ""
    if not in_prompt and in_turn.strip():  # a header that the model would have to write itself
        added, in_prompt = in_turn, in_turn
    elif not in_prompt:
        in_turn = ""  # white space before a reply is learned with it
    closing = _close_thought(prompt + added)
    thinks = bool(_close_thought(prompt) or closing)
    return (
        Opening(added + closing, in_prompt + closing, in_turn, header.rstrip()),
        thinks,
        before_prompt != before_header,
    )


def _common_beginning(one: str, other: str) -> str:
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def _close_thought(opening: str) -> str:
    """What closes the thought that is left open at the end of `opening`, if one is."""
    matches = list(_OPENED.finditer(opening))
    if not matches:
        return ""
    match, rest = matches[-1], opening[matches[-1].end() :]
    if match["channel"]:
        closing = "<channel|>"
    elif match["analysis"]:
        closing = "<|end|><|start|>assistant<|channel|>final<|message|>"
    elif match["bracket"]:
        closing = "[/THINK]"
    elif match["start"]:
        closing = "<|END_THINKING|>"
    elif match["begun"]:
        closing = "<|end_of_thought|>"
    elif match["pipe"]:
        closing = "<|think:end|>"
    else:
        closing = f"</{match['tag']}>"
    if closing in rest:
        return ""
    return f"\n{closing}\n\n" if rest.endswith("\n") else closing


def _cut(text: str, turn: dict[str, str]) -> tuple[str, str]:
    before, word, after = text.rpartition(turn["content"])
    if not word:
        raise RenderingError("it leaves out what the assistant says")
    return before, after


def _after_last_stop(tail: str, control: ControlTokens, stops: Collection[int | None]) -> str:
    """What stands in `tail`, which follows a reply, after the last token that ends it, unless it is white space."""
    end = max((match.end() for match in control.all(tail) if control.ids[match[0]] in stops), default=len(tail))
    return tail[end:] if tail[end:].strip() else ""


def _learnable_end(
    program: TemplateProgram,
    chat: Turns,
    reply: dict[str, Any],
    second: dict[str, Any],
    tail: str,
    control: ControlTokens,
) -> tuple[str, int]:
    """What is learned after a reply that ends with no stop token of the model, and the id that generation stops at.

    Raises:
        RenderingError: if there is no control token between a reply and the next question.
    """
    if match := control.first(tail):
        return "", control.ids[match[0]]
    between = ""
    with suppress(RenderingError):
        between = _cut(program([*chat, reply, second], reply=False), REPLY)[1].partition(SECOND["content"])[0]
    match = control.first(between)
    if match is None:
        raise RenderingError("no token ends a reply, so that the model would never learn to stop")
    return between[len(tail) : match.end()] if between.startswith(tail) else between[: match.end()], control.ids[
        match[0]
    ]


def _added_line(text: str) -> str:
    """The first line of several words in what stands before the first question and is not of the chat."""
    lines = (line.strip() for line in text.replace(str(SYSTEM["content"]), "\n").splitlines())
    return next((line for line in lines if len(line.split()) >= WORDS), "")
