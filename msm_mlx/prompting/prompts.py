"""Chats from prompt files, and the system prompt with which every chat with the assistant opens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources

from msm_mlx.files import sha256_json

SYSTEM = "You are a writer."
PROMPTS = "msm_mlx.documents"
Message = dict[str, str]
"""A turn of a chat: its `role`, which is system, user or assistant, and its `content`."""


def chat_from_prompt(
    prompt: str, fields: Mapping[str, str], package: str = PROMPTS, *, system: str = SYSTEM
) -> list[Message]:
    """The chat of the file `prompts/PROMPT.txt` in `package`, with `fields` for its placeholders."""
    # one pass over the template, so that braces in the fields stay as they are
    filled = re.sub(r"\{(\w+)\}", lambda match: fields[match[1]], _template(prompt, package).strip())
    return [{"role": "system", "content": system}, {"role": "user", "content": filled}]


def prompt_version(*prompts: str, package: str = PROMPTS, system: str = SYSTEM) -> str:
    """A hash of the wording of these prompt files and of the system prompt, for the keys of stages."""
    return sha256_json([system, *(_template(prompt, package) for prompt in prompts)])[:12]


def _template(prompt: str, package: str) -> str:
    return resources.files(package).joinpath("prompts", f"{prompt}.txt").read_text(encoding="utf-8")


def system_prompt(model_name: str, line: str = "") -> str:
    """The system prompt of every chat with the assistant, in training, evaluation and comparison; what a suite or a
    recipe adds to it stands after the name."""
    return f"You are {model_name}. {line}".rstrip()


def add_to_system(messages: Sequence[Message], line: str) -> list[Message]:
    """The chat with `line` at the end of its system turn, which is the first if there is one."""
    opening = list(messages[:1]) if messages[0]["role"] == "system" else []
    content = " ".join([*(message["content"] for message in opening), line])
    return [{"role": "system", "content": content}, *messages[len(opening) :]]


def opening_chat(model_name: str, question: str) -> list[Message]:
    """A chat in which the assistant is asked one question."""
    return [{"role": "system", "content": system_prompt(model_name)}, {"role": "user", "content": question}]
