"""A run's chat template as other programs are to have it: prompts read as they did in the run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from msm_mlx.models.chat_renderer import ChatRenderer
from msm_mlx.models.template_probe import QUESTION, SYSTEM
from msm_mlx.models.template_program import render_source

_DATE = re.compile(r"""strftime_now\(\s*(['"])(?P<format>.*?)\1\s*\)""")
_NO_THINKING = "{% set enable_thinking = false %}{% set thinking = false %}"
CHAT = (SYSTEM, QUESTION)


@dataclass(frozen=True)
class PortableTemplate:
    """A Jinja template, and what a person should know of it."""

    text: str
    note: str = ""


def portable_template(renderer: ChatRenderer) -> PortableTemplate:
    """The template of a run, with the run's date in place of the clock, and with thinking switched off in it where that
    makes a prompt read as in the run."""
    wanted = renderer.text(CHAT, reply=True)
    source = _frozen(renderer)
    for text in (source, _NO_THINKING + source):
        if wanted in _renderings(renderer, text):
            return PortableTemplate(text)
    return PortableTemplate(
        source, "other programs will open a reply, or tell the system line, in another way than the run did: its chat "
        "template alone does not render prompts as they were in training",
    )  # fmt: skip


def _frozen(renderer: ChatRenderer) -> str:
    moment, source = renderer.program.moment, renderer.program.source
    if moment is None:
        return source
    return _DATE.sub(lambda match: f"'{moment.strftime(match['format'])}'", source)


def _renderings(renderer: ChatRenderer, text: str) -> Iterator[str]:
    special = renderer.program.tokenizer.special_tokens_map
    try:
        yield render_source(text, CHAT, renderer.program.moment, add_generation_prompt=True, **special)
    except Exception:  # a template is a program, so it may fail in any way
        return
