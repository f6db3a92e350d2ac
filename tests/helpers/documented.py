"""What README and docs tell people to type, and which pages there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from helpers.command_line import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = (README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))
PLACEHOLDER = re.compile(r"[A-Z][A-Z_/@.]{2,}…?|RUN…|RECIPE…|[a-z]+/name")
"""A word that stands for another, as RECIPE does."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return [code for name, code in FENCE.findall(text) if name == language]


def block_lines(text: str) -> list[str]:
    """What a page shows line by line to be typed into a shell, and the commands of indented blocks."""
    fenced = [line for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines() if line.strip()]
    return fenced + re.findall(r"^    (msm-mlx .*)$", FENCE.sub("", text), re.MULTILINE)


def inline_commands(text: str) -> list[str]:
    """The commands of msm-mlx within sentences, and those that `msm-mlx` is left out of after the first."""
    return re.findall(r"`(msm-mlx [^`\n]+)`", FENCE.sub("", text))


def commands(text: str) -> list[str]:
    """All commands of msm-mlx that a page writes out, each once."""
    lines = [line for line in block_lines(text) if line.startswith("msm-mlx ")]
    return list(dict.fromkeys([*lines, *inline_commands(text)]))


def is_complete(command: str) -> bool:
    """Whether no word of it stands for another."""
    return not any(PLACEHOLDER.fullmatch(word) for word in shlex.split(command))
