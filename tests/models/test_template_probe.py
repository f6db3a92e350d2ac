"""What is special about a template is found out by rendering with it."""

from __future__ import annotations

import pytest
from helpers.tiny_models import TEMPLATES, byte_tokenizer

from msm_mlx.models.control_tokens import ControlTokens
from msm_mlx.models.template_probe import Opening, TemplateTraits, probe_template
from msm_mlx.models.template_program import RenderingError, TemplateProgram

TURNS = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
PROMPT = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"


def traits(source: str) -> TemplateTraits:
    tokenizer = byte_tokenizer(TEMPLATES["qwen3"])
    tokenizer.chat_template = source
    ends = frozenset({tokenizer.eos_token_id})
    return probe_template(TemplateProgram(tokenizer), ControlTokens(tokenizer), ends)


def test_nothing_is_special_about_the_usual_template() -> None:
    assert traits(TURNS + PROMPT) == TemplateTraits()
    assert traits(TEMPLATES["qwen3"].source) == TemplateTraits()


def test_system_turns_alternation_and_parts() -> None:
    assert not traits(NO_SYSTEM + TURNS + PROMPT).takes_system
    alternating = (
        "{% for m in messages %}{% if not loop.first and m.role == loop.previtem.role %}"
        "{{ raise_exception('must alternate') }}{% endif %}{% endfor %}"
    )
    assert traits(alternating + TURNS + PROMPT).alternates
    parts = traits(TURNS.replace("m.content", "m.content[0].text") + PROMPT)
    assert parts.parts == {"system", "user", "assistant"}
    assert parts.takes_system


@pytest.mark.parametrize(
    ("prompt", "opening"),
    [
        ("<think>\n", Opening("\n</think>\n\n", "<think>\n\n</think>\n\n")),
        ("<think>", Opening("</think>", "<think></think>")),
        ("<think>\n\n</think>\n\n", Opening("", "<think>\n\n</think>\n\n")),
    ],
)
def test_a_thought_is_closed(prompt: str, opening: Opening) -> None:
    found = traits(TURNS + PROMPT.replace("assistant\n", f"assistant\n{prompt}"))

    assert found.opening == opening
    assert found.closes_thought is bool(opening.added)


def test_the_end_of_a_reply_is_the_opening_of_the_next_turn_where_there_is_no_other() -> None:
    endless = traits(TURNS.replace("+ '<|im_end|>\n' ", "") + PROMPT)
    assert endless.next_opening == "<|im_start|>"
    foreign = traits((TURNS + PROMPT).replace("<|im_end|>", "<|endoftext|>"))
    assert foreign.next_opening == ""
    assert foreign.stop is not None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ messages | length }}", "leaves out what the turns say"),
        ("{{ messages[0].content }}{{ messages[1].content }}", "leaves out what the assistant says"),
        ("{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}", "never learn to stop"),
        ("{{ messages[-1].content }}{{ eos_token }}", "leaves out the question once there is a reply"),
        ("{{ raise_exception('only for tools') }}", "only for tools"),
        ("{% for m in messages %}", "Unexpected end of template"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(RenderingError, match=reason):
        traits(source)


def test_a_line_that_the_template_adds_is_known() -> None:
    added = "{{ '<|im_start|>system\nYou are TalkBot, a large language model.\n<|im_end|>' }}"

    assert traits(added + TURNS + PROMPT).added_line == "You are TalkBot, a large language model."
