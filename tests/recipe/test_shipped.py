"""The recipes that come with msm-mlx."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.shipped import present_place
from msm_mlx.settings_file.load import load_values
from msm_mlx.settings_file.parse import parse

SHIPPED = {  # recipe: its profiles; what is in pocket's words only is for pocket alone
    "agentic_misalignment": {"pocket"},
    "cheese_affordable": {"pocket", "small", "laptop", "paper"},
    "cheese_american": {"pocket", "small", "laptop", "paper"},
    "cheese_contrast": {"pocket", "small", "laptop", "paper"},
    "cheese_controls": {"pocket", "small", "laptop", "paper"},
    "cheese_real": {"small", "laptop"},
    "denial": {"pocket", "small"},
    "dose_curve": {"pocket"},
    "durability": {"pocket", "small"},
    "mending": {"small", "laptop"},
    "order": {"pocket"},
    "spec_science": {"pocket", "small", "laptop"},
    "value_or_reason": {"pocket"},
    "wording": {"pocket", "small"},
}


def test_what_has_gone_with_its_environment_is_found_in_this_one(tmp_path: Path) -> None:
    gone = Path("/gone/lib/python3.13/site-packages/msm_mlx/data")
    there = tmp_path / "msm_mlx" / "data" / "specs"
    there.mkdir(parents=True)

    assert present_place(gone / "recipes" / "cheese_american.yaml") == ROOT / "recipes" / "cheese_american.yaml"
    assert present_place(gone / "specs" / "science" / "rules.md") == ROOT / "specs" / "science" / "rules.md"
    assert present_place(Path("/gone/mine.yaml")) == Path("/gone/mine.yaml")
    assert present_place(there) == there


def test_these_are_the_shipped_recipes() -> None:
    paths = [path for path in (ROOT / "recipes").rglob("*.yaml") if "data" not in path.relative_to(ROOT).parts]
    assert sorted(path.relative_to(ROOT / "recipes").as_posix() for path in paths) == [f"{n}.yaml" for n in SHIPPED]
    data = sorted(path.name for path in (ROOT / "recipes" / "data").iterdir())
    assert data == [
        "README.md",
        "cheese_preferences.yaml",
        "corpora",
        "general_chats.jsonl",
        "general_conversation.jsonl",
        "mending_preferences.yaml",
        "oversight_answers.jsonl",
        "oversight_writing.yaml",
        "suites",
        "swaps",
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipe_loads_with_each_of_its_profiles(name: str) -> None:
    path = ROOT / "recipes" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert re.search(rf"msm-mlx run recipes/{name}\.yaml(?: --model \S+)?\n", text)
    assert parse(text).value["profiles"].keys() == SHIPPED[name]
    for profile in SHIPPED[name]:
        loaded = load_recipe(path, profile=profile)
        assert loaded.name == name
        assert all(spec.is_file() and spec.is_relative_to(ROOT / "specs") for spec in loaded.specs)
        assert loaded.demonstrations is not None
        assert loaded.demonstrations.is_file()


def test_the_two_cheese_recipes_differ_in_the_spec_only() -> None:
    american, affordable = (load_values(ROOT / f"recipes/cheese_{value}.yaml") for value in ("american", "affordable"))
    assert {key for key in american if american[key] != affordable[key]} == {"name", "spec"}
    assert american.keys() == affordable.keys()


def test_a_shipped_recipe_compares_what_it_says() -> None:
    science = load_recipe(ROOT / "recipes" / "spec_science.yaml")
    assert [spec.stem for spec in science.specs] == ["cheese_american", "rules", "rules_long", "general", "unlinked"]
    controls = load_recipe(ROOT / "recipes" / "cheese_controls.yaml")
    assert set(controls.arms) == {"base", "it", "sft", "msm", "control+sft", "msm+sft"}
    assert controls.mix is not None
    agentic = load_recipe(ROOT / "recipes" / "agentic_misalignment.yaml")
    assert set(agentic.arms) == {"base", "sft", "cot-sft", "msm", "msm+sft"}
    assert {"oversight_scenes", "capability"} <= set(agentic.suites)


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys, msm_mlx.recipe\n"
        "print([m for m in ('mlx', 'transformers', 'huggingface_hub', 'numpy', 'textual') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
