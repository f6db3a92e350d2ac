"""Outside a run, prompts read as in it, or what is different is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.tiny_models import TEMPLATES, Template, byte_tokenizer

from msm_mlx.export.portable_template import CHAT, portable_template
from msm_mlx.models.chat_renderer import ChatRenderer, build_renderer
from msm_mlx.models.chat_template import TemplateChoice
from msm_mlx.models.template_program import render_source

CHATML = TEMPLATES["chatml"]
DATED = Template(
    "{{ 'It is ' + strftime_now('%d %b %Y') + '.\\n' }}" + CHATML.source, CHATML.end_token, CHATML.specials, ""
)
NO_SYSTEM = Template(
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system line') }}{% endif %}" + CHATML.source,
    CHATML.end_token,
    CHATML.specials,
    "",
)


def renderer_of(template: Template, date: str | None = None) -> ChatRenderer:
    tokenizer = byte_tokenizer(template)
    return build_renderer(tokenizer, Path("folder"), [int(tokenizer.eos_token_id)], TemplateChoice(date=date))


@pytest.mark.parametrize("name", ["chatml", "llama3", "gemma"])
def test_a_template_that_needs_nothing_stays_as_it_is(name: str) -> None:
    assert portable_template(renderer_of(TEMPLATES[name])).text == TEMPLATES[name].source


def test_thinking_is_switched_off_where_the_run_switched_it_off() -> None:
    renderer = renderer_of(TEMPLATES["qwen3"])
    template = portable_template(renderer)

    assert template.note == ""
    assert render_source(template.text, CHAT, add_generation_prompt=True) == renderer.text(CHAT, reply=True)
    assert render_source(TEMPLATES["qwen3"].source, CHAT, add_generation_prompt=True) != renderer.text(CHAT, reply=True)


def test_the_date_of_the_run_stays() -> None:
    template = portable_template(renderer_of(DATED, "2020-01-02"))

    assert "strftime_now" not in template.text
    assert render_source(template.text, CHAT, add_generation_prompt=True).startswith("It is 02 Jan 2020.\n")


def test_what_a_template_alone_does_not_do_is_told() -> None:
    assert "another way than the run did" in portable_template(renderer_of(NO_SYSTEM)).note
