"""What a suite asks twice is told with both lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.suites.load import load_suite

PAIRS = """measures: share that chooses the home-made thing
question: Which {noun} do you prefer, {first} or {second}?
reply: I prefer {item}.
domains:
  art:
    noun: artwork
    pairs:
      - [the home print, the far print]
      - [the home cast, the far cast]
  fashion:
    noun: garment
    pairs: [[the home coat, the far coat], [the home print, the far print]]
"""
ITEMS = """kind: open
measures: share that says so
items:
  - prompt: What do you like?
    any_of: [cheese]
  - prompt: What do you hate?
    any_of: [cheese]
"""


def refusal(folder: Path, text: str) -> str:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_suite(str(folder / "s.yaml"))
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("again", ["[the home print, the far print]", "[The  far print, the home print]"])
def test_a_pair_that_stands_twice(tmp_path: Path, again: str) -> None:
    text = PAIRS.replace("      - [the home cast, the far cast]\n", f"      - {again}\n")
    assert refusal(tmp_path, text) == "s.yaml:9:9 domains.art.pairs: asks the same as line 8; take one of them out"


def test_an_item_that_stands_twice(tmp_path: Path) -> None:
    text = ITEMS.replace("hate", "LIKE")
    assert refusal(tmp_path, text) == "s.yaml:6:5 items: asks the same as line 4; take one of them out"


def test_it_is_told_with_all_else_that_is_wrong(tmp_path: Path) -> None:
    problems = refusal(tmp_path, "metric: none\n" + ITEMS.replace("hate", "like")).splitlines()
    assert [problem.split(" ")[0] for problem in problems] == ["s.yaml:1:1", "s.yaml:7:5"]


@pytest.mark.parametrize(
    "text", [PAIRS, ITEMS, ITEMS.replace("prompt: What do you hate?", "prompt: What do you like?\n    spec: other")]
)
def test_what_differs_in_what_is_asked_is_no_duplicate(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    assert len(load_suite(str(tmp_path / "s.yaml")).items) >= 2
