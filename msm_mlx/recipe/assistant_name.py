"""What a run calls the assistant where its recipe does not say: a readable name of the model. Imports no mlx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.models.chat_template import read_template
from msm_mlx.models.folder import POCKET

SPELLINGS = {  # families as their makers write them; others begin with a capital
    name.casefold(): name
    for name in (
        "SmolLM Qwen QwQ Llama TinyLlama CodeLlama Gemma Mistral Mixtral Ministral Phi DeepSeek GLM GPT-OSS GPT OLMo "
        "OLMoE LFM InternLM MiniCPM EXAONE StableLM MiMo ERNIE Granite Falcon Hermes Zephyr Vicuna Apertus Nemotron"
    ).split()
}
MAKERS = {"meta", "google", "microsoft", "ibm", "nvidia", "mlx", "hf", "huggingface", "c4ai", "nous", "unsloth"}
VARIANTS = set(
    "instruct chat it base sft dpo rlhf rl hf mlx gguf dwq awq gptq lora adapter fused merged quantized distilled "
    "preview thinking reasoning mini small medium large nano tiny fp16 fp32 bf16 f16 f32 float16 float32 bfloat16 "
    "latest release final model models output out checkpoint ckpt step epoch pt ft finetuned trained new".split()
)
"""Words of a file's or a repository's name that name no assistant."""
COMMON = set(
    "assistant ai bot llm llms lm language my our the a an test tmp temp run runs main default export exports download "
    "downloads data weights snapshot snapshots converted local big best old version copy work untitled folder".split()
)
"""Further words that are no name of an assistant."""
_WORDS = re.compile(r"[\s_/-]+")
_SIZE = re.compile(
    r"\d+(?:\.\d+)?x?\d*[bmk]|[ae]\d+(?:\.\d+)?b|\d+bit|q\d\w*|iq\d\w*|int\d|v\d[\d.]*|\d{4,}", re.IGNORECASE
)
_VERSION = re.compile(r"\d+(?:\.\d+)?")
_FAMILY = re.compile(r"([^\W\d_]+?)-?(\d+(?:\.\d+)?)?")
_TOLD = re.compile(r"(?:\b[Nn]amed |\bYou are )(?!a\b|an\b|the\b)([A-Z][\w.-]*(?: \d[\w.]*)?)")
SETTING = "`model_name:` in the recipe gives it another name"


@dataclass(frozen=True)
class AssistantName:
    """A name with a sentence on where it comes from, and what is doubtful about it; empty if it needs no word."""

    name: str
    reason: str = ""


def assistant_name(model: str) -> AssistantName:
    """What to call the assistant that `model` becomes."""
    if model == POCKET:
        return AssistantName("Pocket")
    path = Path(model.partition("@")[0]).expanduser()
    folder = path.resolve() if path.is_dir() else path
    told = _told_by_template(folder)
    for text, after in (*_texts(folder, model), (told, f"the default of its chat template, that of the model {model}")):
        if name := readable_name(text):
            doubt = "" if _is_family(name) else ", which is no family of models that is known here"
            reason = f"Every text calls the assistant {name}, after {after}{doubt}; {SETTING}."
            return AssistantName(name, f"{reason}{_contradiction(told, name)}")
    name = folder.name or model
    name = name[:1].upper() + name[1:]
    reason = (
        f"Every text calls the assistant {name}, for want of a better name: the model {model} does not say which one "
        "it is. Give it a name with `model_name:` in the recipe, or --set model_name=NAME."
    )
    return AssistantName(name, reason)


def readable_name(text: str) -> str:
    """The name of the family with its version, as `SmolLM2` or `Llama 3.2`; empty if the text has none."""
    text = re.sub(r"\.(?:gguf|safetensors|bin|cpp)$", "", text.strip().rstrip("/").rpartition("/")[2])
    words = [word for word in _WORDS.split(text) if word]
    while words and words[0].casefold() in MAKERS | VARIANTS | COMMON:
        words.pop(0)
    name: list[str] = []
    for word in words:
        if _SIZE.fullmatch(word) or (name and word.casefold() in VARIANTS):
            break
        name.append(word)
    if not name or not re.search(r"[^\W\d_]{2}", name[0]):
        return ""
    return _spelled(name)


def _spelled(words: list[str]) -> str:
    """The words as one name: the family and its version, then what else stands there, as `DeepSeek R1`."""
    joined = "-".join(words[:2]).casefold()
    if joined in SPELLINGS:
        words = [SPELLINGS[joined], *words[2:]]
    first, rest = words[0], words[1:]
    if (match := _FAMILY.fullmatch(first)) and match[1].casefold() in SPELLINGS:
        first = SPELLINGS[match[1].casefold()] + (match[2] or "")
    elif first.islower():
        first = first[:1].upper() + first[1:]
    versions = [word for word in rest[:1] if _VERSION.fullmatch(word) or re.fullmatch(r"[A-Z]\d(?:\.\d+)?", word)]
    others = [word[:1].upper() + word[1:] for word in rest if not versions and word.casefold() not in COMMON]
    is_family = first.rstrip("0123456789.") in SPELLINGS.values()
    return " ".join([first, *versions, *([] if is_family else others[:2])])


def _is_family(name: str) -> bool:
    return re.match(r"[^\W\d]*(?:-OSS)?", name)[0] in SPELLINGS.values()  # type: ignore[index]  # it may be empty


def _texts(folder: Path, model: str) -> Iterator[tuple[str, str]]:
    """What may hold a name, most telling first, with what it is."""
    yield folder.name, f"the model {model}"
    for file, key in (
        ("config.json", "_name_or_path"),
        ("config.json", "general.name"),
        ("tokenizer_config.json", "name_or_path"),
    ):
        if isinstance(text := _read(folder / file).get(key), str):
            yield text, f"{key} in {file} of the model {model}"


def _told_by_template(folder: Path) -> str:
    """What the model's own template calls the assistant where a chat has no system turn; empty if nothing."""
    text = read_template(folder).text if folder.is_dir() else ""
    return next(iter(_TOLD.findall(text)), "").rstrip(".-")


def _contradiction(told: str, name: str) -> str:
    """A sentence on what the model's own template calls the assistant, if that is something else."""
    if not told or told.casefold() == name.casefold():
        return ""
    return (
        f" Its chat template says by default that the assistant is {told}, which no text of this run does: to go by "
        f"that name, set `model_name: {told}`."
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
