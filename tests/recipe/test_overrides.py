"""What the command line changes in a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.recipe_files import GOOD_YAML, load, problems


def test_overrides(folder: Path) -> None:
    overrides = [
        "midtrain.learning_rate=2e-4",
        "evaluation.batch_size=4",
        "name=other",
        "seeds=[5, 6]",
        "spec=other.md",
    ]
    loaded = load(folder, overrides=overrides)
    assert loaded.settings.midtrain.learning_rate == 2e-4
    assert loaded.settings.sft.learning_rate == 1e-3
    assert loaded.settings.evaluation.batch_size == 4
    assert (loaded.name, loaded.seeds) == ("other", (5, 6))
    assert loaded.specs == ((folder / "other.md").resolve(),)
    assert loaded.overrides == tuple(overrides)


def test_override_of_a_whole_section(folder: Path) -> None:
    override = "documents={count: 3, max_tokens: 9, prompt: spec, types: [memo]}"
    assert load(folder, overrides=[override]).settings.documents.types == ("memo",)


def test_overrides_apply_to_the_chosen_profile(folder: Path) -> None:
    overrides = ["midtrain.max_length=3", "model=a/b"]
    assert load(folder, overrides=overrides).settings.midtrain.max_length == 3
    assert load(folder, overrides=overrides, profile="pocket").settings.midtrain.max_length == 3


def test_the_last_override_wins_and_options_win_over_overrides(folder: Path) -> None:
    loaded = load(folder, overrides=["name=a", "name=b", "model=x/y", "seeds=[9]"], model="p/q", seeds=[4, 5])
    assert (loaded.name, loaded.model, loaded.seeds) == ("b", "p/q", (4, 5))
    assert loaded.overrides == ("name=a", "name=b", "model=x/y", "seeds=[9]", "model=p/q", "seeds=[4, 5]")
    assert load(folder, overrides=loaded.overrides).resolved() == loaded.resolved()


def test_an_override_mends_the_file(folder: Path) -> None:
    text = GOOD_YAML.replace("spec: cheese.md", "spec: no.md").replace("count: 1,", "count: many,")
    assert load(folder, text, overrides=["spec=cheese.md", "documents.count=2"]).settings.documents.count == 2


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("midtrain.learnin_rate=2e-4", "unknown key (did you mean learning_rate?)"),
        ("midtrian.max_length=2", "unknown key (did you mean midtrain?)"),
        ("evaluation.batch=2", "unknown key (did you mean batch_size?)"),
        ("midtrain.max_length=many", "must be an integer, not 'many'"),
        ("midtrain.max_length=", "must be an integer, not nothing"),
        ("midtrain={max_length: 2}", None),
        ("evaluation={batch_size: many}", "batch_size: must be an integer, not 'many'"),
        (
            "midtrain.max_length.deep.er=2",
            "profiles.pocket.midtrain.max_length is not a mapping, so it has no keys to set",
        ),
        ("seeds.0=2", "seeds is not a mapping, so it has no keys to set"),
        ("seeds=[1, 1]", "1 is there twice; take one out"),
        ("name", "must be key=value"),
        ("=3", "unknown key"),
        ("..=3", "unknown key"),
        ("seeds=[", "not valid YAML: expected the node content, but found '<stream end>', while parsing a flow node"),
        ("seeds=*a", "aliases are not supported; write the value out"),
        ("evaluation={batch_size: 1, batch_size: 2}", "batch_size: duplicate key, also on line 1; keep one"),
        ("profiles=3", "must be a mapping, not 3"),
        ("spec=no.md", None),
    ],
)
def test_override_mistakes(folder: Path, override: str, line: str | None) -> None:
    found = problems(folder, GOOD_YAML, overrides=[override])
    assert all(one.startswith(f"--set {override}: ") for one in found)
    if line is not None:
        assert found == [f"--set {override}: {line}"]


def test_options_are_checked_too(folder: Path) -> None:
    assert sorted(problems(folder, GOOD_YAML, seeds=[1, -2], model="", profile="pocket")) == [
        "--model : must not be empty",
        "--seed 1 --seed -2: must be at least 0, not -2",
    ]


def test_mistakes_of_file_and_options_come_together(folder: Path) -> None:
    text = GOOD_YAML.replace("updates: 30", "updates: x")
    first, *others = problems(folder, text, overrides=["name=A", "sft.rows=-1"])
    assert first == "recipe.yaml:13:16 profiles.pocket.midtrain.updates: must be an integer, not 'x'"
    assert set(others) == {
        "--set name=A: must be made of a-z, 0-9, _ and - only, not 'A'",
        "--set sft.rows=-1: must be at least 0, not -1",
    }
