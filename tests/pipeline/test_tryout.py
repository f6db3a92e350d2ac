"""Trying a writer: drafts of every spec, and nothing stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.documents.tryout import Draft
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.tryout import try_writer
from msm_mlx.progress import SilentReporter
from msm_mlx.recipe.load import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.slow
def test_the_specs_take_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    heard: list[tuple[Draft, int]] = []
    drafts, settings = try_writer(
        load_recipe(RECIPES / "cheese_contrast.yaml"),
        3,
        SilentReporter(),
        lambda draft, total: heard.append((draft, total)),
    )
    assert heard == [(draft, 3) for draft in drafts]
    assert ["American" in str(draft.document.assertion) for draft in drafts] == [True, True, False]
    assert settings.prompt == "assertion"
    assert list(tmp_path.iterdir()) == []


def test_documents_that_nobody_writes_cannot_be_tried(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Pocket likes Colby."}\n', encoding="utf-8")
    source = f"documents.from={tmp_path / 'a.jsonl'}"
    recipe = load_recipe(RECIPES / "cheese_american.yaml", overrides=[source], allow_outside=True)
    with pytest.raises(RecipeError, match="nobody writes documents"):
        try_writer(recipe, 1, SilentReporter(), lambda draft, total: None)
