"""Names of well-known models and of those who make them: what a text about one assistant must not call it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

# Names that are also words count only as names are written.
_WORDS = (
    "Bard Cohere Copilot Cortana Doubao ERNIE Falcon Gemini Gemma Granite Grok Kimi LLaMA Llama Mistral Nemotron Phi-3 "
    "Phi-4 Titan"
)
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
        "(?i:Chat-GPT)",
        "Open AI",
        "Deep Seek",
        r"(?:Opus|Sonnet|Haiku) \d[\d.]*",
        "Command R",
    ]
)
_NAME = re.compile(rf"(?<![\w-])({_ALTERNATIVES}){_VERSION}(?!\w)")
_MAKERS = "Google|Microsoft|Meta|Apple|Amazon|IBM|Nvidia|NVIDIA|Baidu|Tencent|ByteDance"
_BY_MAKER = re.compile(
    rf"\b(?:made|built|developed|created|trained|released|designed) by ({_MAKERS})\b|"
    rf"\b({_MAKERS})'s (?:\w+ )?(?:assistant|chatbot|AI|language model|model)\b"
)
# letters of other scripts that look like Latin ones, from Unicode's confusables
_ALIKE = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0430\u0435\u043e\u0440\u0441\u0443\u0445"
    "\u0456\u0458\u0455\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u0261",
    "ABEKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXog",
)


def foreign_names(text: str, own: Collection[str]) -> Iterator[re.Match[str]]:
    """Every place in `text` that names a model or maker other than those in `own`; group 1 is the name."""
    ours = {name.casefold() for name in own}
    for match in _NAME.finditer(text):
        if match[1].casefold() not in ours and match[0].casefold() not in ours:
            yield match


def disguised_names(text: str, own: Collection[str]) -> Iterator[re.Match[str]]:
    """What `foreign_names` finds once letters that only look Latin are, and the makers by whose name a model goes."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").translate(_ALIKE)
    yield from foreign_names(plain, own)
    ours = {name.casefold() for name in own}
    yield from (match for match in _BY_MAKER.finditer(plain) if (match[1] or match[2]).casefold() not in ours)
