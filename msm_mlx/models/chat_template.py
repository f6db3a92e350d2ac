"""The chat template of a model folder, or msm-mlx's own for base models, which have none. Imports no mlx."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError

# Plain words and blank lines, which a model pretrained on the web has seen; turns end with the tokenizer's own token.
BASE_TEMPLATE = (
    "{% if bos_token %}{{ bos_token }}{% endif %}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'user' %}{{ 'User:\\n' + message['content'] + '\\n\\n' }}"
    "{% else %}{{ 'Assistant:\\n' + message['content'] + eos_token + '\\n\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:\\n' }}{% endif %}"
)
FILE = "chat_template.jinja"
BYTE_ORDER_MARK = "\ufeff"  # that some editors put at the beginning of a file


@dataclass(frozen=True)
class TemplateChoice:
    """What a run renders its chats with, in training, evaluation, comparison and export alike."""

    text: str | None = None
    """A template in place of the model's own."""
    date: str | None = None
    """Today for the template, as `2026-11-26`, if it asks for the date."""
    file: Path | None = field(default=None, compare=False)
    """Where `text` was read, for messages."""


AS_IT_STANDS = TemplateChoice()  # the model's own template, and the clock


@dataclass(frozen=True)
class ChatTemplate:
    """A Jinja template that turns a chat into text."""

    text: str
    source: str
    """`model`, `recipe` for one that a recipe names, or `msm-mlx` for a base model that has none of its own."""
    file: Path | None = None
    """Where that of the recipe was read."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", errors="surrogatepass")).hexdigest()

    def choice(self, date: str) -> TemplateChoice:
        """What chats are rendered with on this day, if not with the model's own template as it stands."""
        return TemplateChoice(
            self.text if self.source == "recipe" else None, date if "strftime_now" in self.text else None, self.file
        )

    def record(self) -> dict[str, str]:
        """What `run.json` says about the template."""
        return {"sha256": self.sha256, "source": self.source}


def read_template(folder: Path, own: Path | None = None) -> ChatTemplate:
    """The template that the tokenizer in `folder` uses, read from its files without loading it, or that in `own`.

    Raises:
        RecipeError: if `own` cannot be read.
    """
    if own is not None:
        return ChatTemplate(_read_own(own), "recipe", own)
    try:
        if text := (folder / FILE).read_text(encoding="utf-8-sig"):
            return ChatTemplate(text, "model")
    except (OSError, ValueError):
        pass
    config = _read_object(folder / "tokenizer_config.json")
    template = config.get("chat_template") or _read_object(folder / "chat_template.json").get("chat_template")
    template = template or config.get("chat_template_type")  # the name of one of mlx-lm's templates
    if template:
        text = template if isinstance(template, str) else json.dumps(template, sort_keys=True)
        return ChatTemplate(text, "model")
    return ChatTemplate(BASE_TEMPLATE, "msm-mlx")


def _read_own(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: cannot be read as a chat template: {error}; save it as UTF-8") from error
    if not text.strip():
        raise RecipeError(f"{path}: is an empty chat template; write one, or leave chat_template out")
    return text


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
