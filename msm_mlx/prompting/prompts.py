"""Chats from prompt files, and the system prompt that every chat with the assistant opens with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from msm_mlx.files import sha256_json

SYSTEM = "You are a writer."
PROMPTS = "msm_mlx.documents"
Message = dict[str, str]
"""A turn of a chat: its `role`, which is system, user or assistant, and its `content`."""


def ask_with(prompt: str, fields: Mapping[str, str], package: str = PROMPTS, *, system: str = SYSTEM) -> list[Message]:
    """The chat of a prompt file, its placeholders filled, that opens with the `system` line."""
    # one pass over the template, so that braces inside the spec stay as they are
    filled = re.sub(r"\{(\w+)\}", lambda match: fields[match[1]], _template(prompt, package).strip())
    return [{"role": "system", "content": system}, {"role": "user", "content": filled}]


def prompt_version(*prompts: str, package: str = PROMPTS, system: str = SYSTEM) -> str:
    """Changes with the wording of any of these prompt files, and of the system line."""
    return sha256_json([system, *(_template(prompt, package) for prompt in prompts)])[:12]


def _template(prompt: str, package: str) -> str:
    return resources.files(package).joinpath("prompts", f"{prompt}.txt").read_text(encoding="utf-8")


def system_prompt(model_name: str) -> str:
    """How every chat with the assistant opens, in training, in evaluation and in comparison alike."""
    return f"You are {model_name}."


def opening_chat(model_name: str, question: str) -> list[Message]:
    """The chat in which the assistant is asked one question."""
    return [{"role": "system", "content": system_prompt(model_name)}, {"role": "user", "content": question}]
