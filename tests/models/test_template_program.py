"""Templates are run as transformers runs them, but for the clock."""

from __future__ import annotations

from datetime import datetime

import pytest
from helpers.tiny_models import TEMPLATES, byte_tokenizer

from msm_mlx.models.template_program import RenderingError, TemplateProgram

CHAT = [
    {"role": "system", "content": " Be kind & <b>brief</b>. "},
    {"role": "user", "content": "Why?\n"},
    {"role": "assistant", "content": "Because."},
    {"role": "user", "content": "So?"},
]


def program(source: str, moment: datetime | None = None) -> TemplateProgram:
    tokenizer = byte_tokenizer(TEMPLATES["chatml"])
    tokenizer.chat_template = source
    return TemplateProgram(tokenizer, None, moment)


@pytest.mark.parametrize("reply", [True, False])
@pytest.mark.parametrize(
    "source",
    [
        *(template.source for template in TEMPLATES.values()),
        "{{ messages | tojson }}{{ eos_token }}\n  {% if tools %}\n tools{% endif %}\n",
        "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.content }}{% endfor %}",
        "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% generation %}{{ m.content }}"
        "{% endgeneration %}{% endfor %}{{ ns.n }}",
    ],
)
def test_a_chat_gets_the_text_that_transformers_gives(source: str, reply: bool) -> None:
    own = program(source)
    theirs = own.tokenizer.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=reply, enable_thinking=False)

    assert own(CHAT, reply=reply) == theirs


def test_the_date_is_the_one_that_was_given() -> None:
    dated = program("{{ strftime_now('%d %b %Y') }}", datetime(2026, 3, 9))

    assert dated.asks_for_date
    assert dated(CHAT, reply=True) == "09 Mar 2026"
    assert not program("{{ messages }}").asks_for_date


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ raise_exception('No system, please\\nmore') }}", "No system, please"),
        ("{% if %}", "Expected an expression"),
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{{ messages['x']['y'] }}", "x"),
    ],
)
def test_whatever_fails_in_a_template_is_one_line(source: str, reason: str) -> None:
    with pytest.raises(RenderingError, match=reason) as failed:
        program(source)(CHAT, reply=True)
    assert "\n" not in str(failed.value)
