"""A table of words to exchange: in the recipe or in a file, with the names filled in, and refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.plans import recipe

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.swap_table import load_swap

ARMS = "arms=[base, opposite+sft]"


def test_a_file_has_the_names_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text('"{model_name} like": "{model_name} dislike"\n')
    swap = load_swap(tmp_path / "words.yaml", "Mo", "us")
    assert swap("What does Mo like?") == "What does Mo dislike?"


def test_a_file_is_refused_with_the_line_of_each_pair(tmp_path: Path) -> None:
    (path := tmp_path / "words.yaml").write_text("likes: dislikes\nloves: dislikes\nnever: 3\n'a.': b\n")
    with pytest.raises(RecipeError) as error:
        load_swap(path, "Mo", "us")
    lines = str(error.value).splitlines()
    assert [line.partition(" ")[0] for line in lines] == [f"{path}:2:1", f"{path}:3:8", f"{path}:4:1"]
    assert "'dislikes' is in the pair of 'likes' too" in lines[0]
    assert "must be words, not 3" in lines[1]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("{}\n")
    with pytest.raises(RecipeError, match="has no words"):
        load_swap(tmp_path / "words.yaml", "Mo", "us")


@pytest.mark.parametrize(
    ("swap", "problem"),
    [
        ("{likes: dislikes, loves: dislikes}", "'dislikes' is in the pair of 'likes' too"),
        ("{likes: [dislikes]}", "likes"),
        ("nowhere.yaml", "no such file"),
        ("cheese_american.yaml/x", "no such file"),
        ("data/cheese_control.jsonl", "no such file"),
        ("data/corpora/mending.jsonl", "must end with .yaml"),
    ],
)
def test_a_recipe_is_refused_for_its_table(swap: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=problem):
        recipe(ARMS, f"swap={swap}")


def test_the_arm_needs_a_table() -> None:
    with pytest.raises(RecipeError, match="`opposite` learns the documents with words exchanged, and the recipe names"):
        recipe(ARMS)
