"""Ollama's template writes the chats that the run's template writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.tiny_models import TEMPLATES, byte_tokenizer

from msm_mlx.export.modelfile import ollama_template, write_modelfile
from msm_mlx.models.chat_renderer import ChatRenderer, build_renderer

SYSTEM = "You are Pocket."
CHAT = [
    {"role": "system", "content": SYSTEM},
    {"role": "user", "content": "Hello?"},
    {"role": "assistant", "content": "Good day."},
    {"role": "user", "content": "Cheese?"},
]
FIELD = re.compile(r"\{\{ \.(\w+) \}\}")


def renderer_of(name: str) -> ChatRenderer:
    tokenizer = byte_tokenizer(TEMPLATES[name])
    return build_renderer(tokenizer, Path("folder"), [int(tokenizer.eos_token_id)])


def as_ollama_does(template: str, chat: Sequence[dict[str, str]]) -> str:
    """What Ollama makes of a template without `.Messages`: it fills it once a turn, the last time up to the reply."""
    found = re.match(r"\{\{ if \.System \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}(.*)", template, re.DOTALL)
    assert found is not None
    system, text = "", ""
    turns: list[dict[str, str]] = []
    for message in chat:
        if message["role"] == "system":
            system = message["content"]
        elif message["role"] == "user":
            turns.append({"System": system, "Prompt": message["content"], "Response": ""})
            system = ""
        else:
            turns[-1]["Response"] = message["content"]
    for turn in turns:
        form = found[1 if turn["System"] else 2] + found[3]
        form = form if turn is not turns[-1] else form[: form.index("{{ .Response }}")]
        text += FIELD.sub(lambda match, turn=turn: turn[match[1]], form)
    return text


@pytest.mark.parametrize("name", ["chatml", "llama3", "gemma"])
def test_chats_are_those_of_the_template(name: str) -> None:
    renderer = renderer_of(name)
    template = ollama_template(renderer, adds_start=False)

    assert as_ollama_does(template, CHAT) == renderer.text(CHAT, reply=True)
    assert as_ollama_does(template, CHAT[:2]) == renderer.text(CHAT[:2], reply=True)


def test_a_thought_that_the_run_closed_is_closed() -> None:
    renderer = renderer_of("qwen3")
    template = ollama_template(renderer, adds_start=False)

    assert as_ollama_does(template, CHAT[:2]) == renderer.text(CHAT[:2], reply=True)
    assert "<think>\n\n</think>\n\n{{ .Response }}" in template


def test_braces_of_a_template_stay_text() -> None:
    tokenizer = byte_tokenizer(TEMPLATES["chatml"])
    tokenizer.chat_template = (
        "{% for m in messages %}{{ '<|im_start|>' ~ m.role ~ ' {' ~ '{\\n' ~ m.content ~ '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant {' ~ '{\\n' }}{% endif %}"
    )
    renderer = build_renderer(tokenizer, Path("folder"), [int(tokenizer.eos_token_id)])

    assert 'assistant {{ "{{" }}\n{{ .Response }}' in ollama_template(renderer, adds_start=False)


def test_the_file_has_all_that_ollama_asks_for() -> None:
    sampling = {"temperature": 0.8, "top_k": 40, "top_p": 0.95}
    text = write_modelfile(
        "m.gguf", renderer_of("llama3"), system="You are Pocket.", sampling=sampling, adds_start=True
    )

    assert text.splitlines()[0] == "FROM ./m.gguf"
    for line in ('SYSTEM """You are Pocket."""', 'PARAMETER stop "<|eot_id|>"', "PARAMETER temperature 0.8"):
        assert line in text.splitlines()
    assert "PARAMETER top_k 40" in text
    assert "min_p" not in text
