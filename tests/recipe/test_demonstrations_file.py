"""The file that asks for written demonstrations."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings, load_demonstration_settings


def test_the_shipped_file_can_be_used() -> None:
    path = ROOT / "recipes" / "data" / "oversight_writing.yaml"
    assert has_demonstration_settings(path)
    settings = load_demonstration_settings(path)
    assert (settings.spec, settings.style) == (ROOT / "specs" / "oversight.md", "value")


def test_the_file_that_asks_for_them(tmp_path: Path) -> None:
    (tmp_path / "s.md").write_text("# T\n")
    path = tmp_path / "w.yaml"
    path.write_text("spec: s.md\nstyle: rule\n")
    assert has_demonstration_settings(path)
    assert not has_demonstration_settings(ROOT / "recipes" / "data" / "cheese_preferences.yaml")
    assert load_demonstration_settings(path).spec == tmp_path / "s.md"
    path.write_text("spec: t.md\nstyle: rules\nquestion_per_situation: 0\nseed: x\n")
    with pytest.raises(RecipeError) as caught:
        load_demonstration_settings(path)
    assert [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()] == [
        f"1:7 spec: no such file: 't.md' in {tmp_path}",
        "2:8 style: must be 'value' or 'rule', not 'rules' (did you mean rule?)",
        "3:1 question_per_situation: unknown key (did you mean questions_per_situation?)",
        "4:7 seed: must be an integer, not 'x'",
    ]
