"""All that is wrong with a recipe and its files comes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.scaffold import create_experiment
from msm_mlx.validation import find_problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_experiment("mine", "cheese_american", tmp_path)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_files_are_all_looked_into(folder: Path) -> None:
    replace(folder / "mine.md", "{model_name} holds", "{modelname} holds")
    replace(folder / "demonstrations.yaml", "likes:", "lieks:")
    replace(folder / "unseen.yaml", "reply:", "repli:")

    found = find_problems(folder / "recipe.yaml")

    for name in ("mine.md:", "demonstrations.yaml:", "unseen.yaml:"):
        assert any(name in line for line in found), found


def test_a_broken_recipe_does_not_hide_a_broken_spec(folder: Path) -> None:
    replace(folder / "recipe.yaml", "rank: 32", "rang: 32")
    (folder / "mine.md").write_text("# Nothing asserted\n\nOnly prose.\n", encoding="utf-8")

    found = find_problems(folder / "recipe.yaml")

    assert len(found) == 2
    assert "did you mean rank?" in found[0]
    assert "no assertion found" in found[1]


def test_a_suite_about_another_spec(folder: Path) -> None:
    replace(folder / "recipe.yaml", "suites: [unseen.yaml,", "suites: [spec_knowledge,")

    (line,) = find_problems(folder / "recipe.yaml")

    assert "about the specs" in line
