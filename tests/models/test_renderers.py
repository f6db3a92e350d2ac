"""Renderers are loaded once by each loader."""

from __future__ import annotations

from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.models.chat_template import AS_IT_STANDS, TemplateChoice
from msm_mlx.models.renderers import load_each_once


def test_a_renderer_is_loaded_once_for_each_folder_and_template() -> None:
    load = load_each_once()
    renderer = load(POCKET_WEIGHTS, AS_IT_STANDS)
    assert load(POCKET_WEIGHTS, TemplateChoice()) is renderer
    assert load(POCKET_WEIGHTS, TemplateChoice(date="2026-11-26")) is not renderer
    assert load_each_once()(POCKET_WEIGHTS, AS_IT_STANDS) is not renderer
