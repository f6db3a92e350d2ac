"""Names of well-known models and their makers, which a text about another assistant must not give it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from msm_mlx.text.scripts import LATIN

# Names that are also ordinary words count only with a capital letter.
_CASE_SENSITIVE = (
    "Bard Cohere Copilot Cortana Doubao ERNIE Falcon Gemini Gemma Granite Grok Kimi LLaMA Llama Mistral Nemotron Phi-3 "
    "Phi-4 Titan"
)
_CASE_INSENSITIVE = (
    "AI21 Alibaba Alpaca Anthropic Baichuan ChatGLM ChatGPT Claude Codex DeepMind DeepSeek EleutherAI GPT GLM-4 "
    "InternLM MiniMax Ministral Mixtral Moonshot OLMo OpenAI PaLM Qwen QwQ SmolLM StableLM TinyLlama Vicuna WizardLM "
    "xAI Zhipu"
)
_VERSION = r"(?:[ -]?\d+(?:\.\d+)*\w*)?"
_ALTERNATIVES = "|".join(
    [
        *map(re.escape, _CASE_SENSITIVE.split()),
        *(f"(?i:{re.escape(name)})" for name in _CASE_INSENSITIVE.split()),
        "Meta AI",
        "Google AI",
        "(?i:Chat-GPT)",
        "Open AI",
        "Deep Seek",
        r"(?:Opus|Sonnet|Haiku) \d[\d.]*",
        "Command R",
    ]
)
# other scripts may stand next to a name without a space
_NAME = re.compile(rf"(?<![{LATIN}-])({_ALTERNATIVES}){_VERSION}(?![{LATIN}])")
_MAKERS = "Google|Microsoft|Meta|Apple|Amazon|IBM|Nvidia|NVIDIA|Baidu|Tencent|ByteDance"
_BY_MAKER = re.compile(
    rf"\b(?:made|built|developed|created|trained|released|designed) by ({_MAKERS})\b|"
    rf"\b({_MAKERS})'s (?:\w+ )?(?:assistant|chatbot|AI|language model|model)\b"
)
# Letters of other scripts that look like Latin letters, from Unicode's confusables.txt.
# confusable_homoglyphs 3.3.1 knows 317 of them and maps no text; its import reads 0.9 MB of JSON, in 0.1 s.
_HOMOGLYPHS = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0430\u0435\u043e\u0440\u0441\u0443\u0445"
    "\u0456\u0458\u0455\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u0261",
    "ABEKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXog",
)


def foreign_names(text: str, allowed: Collection[str]) -> Iterator[re.Match[str]]:
    """Every match in `text` of a model or maker that is not among the `allowed` names, nor a part of one where that
    stands. Group 1 is the name."""
    allowed_names = {name.casefold() for name in allowed}
    matches = list(_NAME.finditer(text))
    places = _places(text, allowed) if matches else []
    for match in matches:
        is_part = any(start <= match.start(1) and match.end(1) <= end for start, end in places)
        if match[1].casefold() not in allowed_names and match[0].casefold() not in allowed_names and not is_part:
            yield match


def _places(text: str, names: Collection[str]) -> list[tuple[int, int]]:
    """Where these names stand in the text, in whatever case."""
    if not (alternatives := "|".join(re.escape(name) for name in names if name)):
        return []
    return [match.span() for match in re.finditer(rf"(?<!\w)(?:{alternatives})(?!\w)", text, re.IGNORECASE)]


def disguised_names(text: str, allowed: Collection[str]) -> Iterator[re.Match[str]]:
    """As `foreign_names`, after look-alike letters are replaced by Latin ones; and makers named as such.

    A maker is named as such in "built by Google" or "Google's assistant".
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").translate(_HOMOGLYPHS)
    yield from foreign_names(plain, allowed)
    allowed_names = {name.casefold() for name in allowed}
    yield from (match for match in _BY_MAKER.finditer(plain) if (match[1] or match[2]).casefold() not in allowed_names)
