"""A chat template as a function: a chat goes in, its text comes out. Imports no mlx."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

Turns = Sequence[Mapping[str, Any]]
"""Turns of a chat, each with its `role` and `content`."""


class RenderingError(Exception):
    """A template that cannot render a chat; the message says why, in one line."""


@dataclass(frozen=True)
class TemplateProgram:
    """The template of a tokenizer, with what it may ask for besides the chat."""

    tokenizer: Any
    """Of transformers."""
    function: Callable[..., str] | None = None
    """What renders in place of a Jinja template: some models have a renderer of mlx-lm's."""
    moment: datetime | None = None
    """The time that the template is told; None for that of the clock."""

    @property
    def source(self) -> str:
        """The text of the template."""
        return "" if self.function is not None else str(self.tokenizer.get_chat_template())

    @property
    def asks_for_date(self) -> bool:
        return "strftime_now" in self.source

    def __call__(self, turns: Turns, *, reply: bool, thinking: bool = False) -> str:
        """The text of a chat, which ends with the opening of a reply if one is to follow.

        Raises:
            RenderingError: if it cannot be rendered. A template is a program, so it may fail in any way.
        """
        options = {"add_generation_prompt": reply, "enable_thinking": thinking}
        try:
            if self.function is not None:
                return self.function(list(turns), **options)
            options["thinking"] = thinking  # what some templates call the same switch
            return render_source(self.source, turns, self.moment, **self.tokenizer.special_tokens_map, **options)
        except Exception as error:
            raise RenderingError((str(error).strip() or type(error).__name__).splitlines()[0]) from error


def render_source(source: str, turns: Turns, moment: datetime | None = None, **values: Any) -> str:
    """The text that a template makes of a chat, told the time and these `values`."""
    return _compile(source).render(
        messages=list(turns),
        tools=None,
        documents=None,
        strftime_now=lambda format: (moment or datetime.now()).strftime(format),
        **values,
    )


class _Generation(Extension):
    """`{% generation %}`, with which some templates mark replies: here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012  (so declared in jinja2)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@cache
def _compile(source: str) -> Template:
    """The template as transformers compiles it: what it may do, and how it treats white space."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.filters["random"] = _refuse_chance
    environment.globals["raise_exception"] = _refuse
    return environment.from_string(source)


def _to_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """Unlike jinja2's own, it leaves `<` and `&` as they are."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _refuse_chance(sequence: Any) -> NoReturn:
    raise TemplateError("it draws at random, so that no chat is the same twice")
