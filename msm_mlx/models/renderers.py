"""Renderers of chats that are loaded when they are first asked for, and once. Imports no transformers until then."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msm_mlx.models.chat_template import TemplateChoice

if TYPE_CHECKING:
    from msm_mlx.models.chat_renderer import ChatRenderer

LoadRenderer = Callable[[Path, TemplateChoice], "ChatRenderer"]
"""Gives the renderer of the model in a folder. See `chat_renderer.load_renderer` for what it raises."""


def load_each_once() -> LoadRenderer:
    """A new loader, which remembers what it has loaded."""

    @cache
    def load(folder: Path, choice: TemplateChoice) -> ChatRenderer:
        from msm_mlx.models.chat_renderer import load_renderer

        return load_renderer(folder, choice)

    return load
