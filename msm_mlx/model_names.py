"""Names of well-known models and of those who make them: what a text about one assistant must not call it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

# Names that are also words count only as names are written.
_WORDS = "Bard Cohere Copilot Falcon Gemini Gemma Granite Grok Kimi Llama Mistral Nemotron Phi-3 Phi-4 Titan"
_UNMISTAKABLE = (
    "AI21 Alibaba Alpaca Anthropic Baichuan ChatGLM ChatGPT Claude Codex DeepMind DeepSeek EleutherAI GPT GLM-4 "
    "InternLM MiniMax Ministral Mixtral Moonshot OLMo OpenAI PaLM Qwen QwQ SmolLM StableLM TinyLlama Vicuna WizardLM "
    "xAI Zhipu"
)
_VERSION = r"(?:[ -]?\d+(?:\.\d+)*\w*)?"
_ALTERNATIVES = "|".join(
    [
        *map(re.escape, _WORDS.split()),
        *(f"(?i:{re.escape(name)})" for name in _UNMISTAKABLE.split()),
        "Meta AI",
        "Google AI",
    ]
)
_NAME = re.compile(rf"(?<![\w-])({_ALTERNATIVES}){_VERSION}(?!\w)")


def foreign_names(text: str, own: Collection[str]) -> Iterator[re.Match[str]]:
    """Every place in `text` that names a model or maker other than those in `own`; group 1 is the name."""
    ours = {name.casefold() for name in own}
    for match in _NAME.finditer(text):
        if match[1].casefold() not in ours and match[0].casefold() not in ours:
            yield match
