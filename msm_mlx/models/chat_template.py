"""The chat template of a model folder, and ours for base models, which come without one. Imports no mlx."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Plain words and blank lines, which a model that read the web knows; the end of a turn is the tokenizer's own token.
BASE_TEMPLATE = (
    "{% if bos_token %}{{ bos_token }}{% endif %}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'user' %}{{ 'User:\\n' + message['content'] + '\\n\\n' }}"
    "{% else %}{{ 'Assistant:\\n' + message['content'] + eos_token + '\\n\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:\\n' }}{% endif %}"
)
FILE = "chat_template.jinja"


@dataclass(frozen=True)
class ChatTemplate:
    """How a chat becomes text. `source` is `model`, or `msm-mlx` for a base model that got ours."""

    text: str
    source: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", errors="surrogatepass")).hexdigest()

    def record(self) -> dict[str, str]:
        """What a run notes of it."""
        return {"sha256": self.sha256, "source": self.source}


def read_template(folder: Path) -> ChatTemplate:
    """The template that the tokenizer in `folder` will use, read from its files."""
    try:
        return ChatTemplate((folder / FILE).read_text(encoding="utf-8"), "model")
    except (OSError, ValueError):
        pass
    config = _object(folder / "tokenizer_config.json")
    own = config.get("chat_template") or _object(folder / "chat_template.json").get("chat_template")
    own = own or config.get("chat_template_type")  # one of mlx-lm's, by name
    if own:
        return ChatTemplate(own if isinstance(own, str) else json.dumps(own, sort_keys=True), "model")
    return ChatTemplate(BASE_TEMPLATE, "msm-mlx")


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
