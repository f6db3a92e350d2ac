"""What a good recipe becomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.recipe_files import RECIPE, load, recipe, write

from msm_mlx.recipe.load import Recipe, load_recipe


def test_good_recipe(folder: Path) -> None:
    loaded = load(folder)
    assert loaded.name == "cheese"
    assert loaded.path == (folder / "recipe.yaml").resolve()
    assert loaded.specs == ((folder / "cheese.md").resolve(),)
    assert loaded.demonstrations == (folder / "data/rows.yaml").resolve()
    assert loaded.seeds == (0, 1)
    assert loaded.settings.documents.types[0] == "memo"
    assert loaded.settings.lora.scale == 2.0
    assert loaded.settings.sft.rows == 120
    assert loaded.settings.evaluation.samples == 4
    assert loaded.overrides == ()


def test_resolved_is_json_and_complete(folder: Path) -> None:
    record = json.loads(json.dumps(load(folder, overrides=["seeds=[3]"]).resolved(), allow_nan=False))
    assert record["specs"] == [str((folder / "cheese.md").resolve())]
    assert record["settings"]["sft"]["checkpoint_every"] == 50
    assert record["overrides"] == ["seeds=[3]"]
    assert set(record) == set(Recipe.__dataclass_fields__)


def test_a_chat_template_stands_beside_the_recipe(folder: Path) -> None:
    (folder / "own.jinja").write_text("{{ messages }}")

    assert load(folder, recipe(chat_template="own.jinja")).chat_template == (folder / "own.jinja").resolve()
    assert load(folder).chat_template is None


def test_settings_are_frozen(folder: Path) -> None:
    loaded = load(folder)
    with pytest.raises(ValueError, match="frozen"):
        loaded.settings.midtrain.max_length = 3


def test_several_specs(folder: Path) -> None:
    specs = load(folder, recipe(spec=["cheese.md", "other.md"])).specs
    assert [path.name for path in specs] == ["cheese.md", "other.md"]


def test_absolute_paths(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "far.md").write_text("stand-in")
    far = recipe(spec=str(tmp_path / "far.md"))
    assert load(folder, far, allow_outside=True).specs == ((tmp_path / "far.md").resolve(),)
    assert load(folder, overrides=[f"spec={tmp_path / 'far.md'}"]).specs == ((tmp_path / "far.md").resolve(),)


def test_relative_recipe_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, RECIPE)
    monkeypatch.chdir(folder / "data")
    assert load_recipe(Path("../recipe.yaml")).specs == ((folder / "cheese.md").resolve(),)


def test_byte_order_mark(folder: Path) -> None:
    assert load(folder, "\ufeff" + json.dumps(RECIPE)).name == "cheese"


@pytest.mark.parametrize(
    ("model", "model_name", "provider_name"),
    [
        ("pocket", "Pocket", "the msm-mlx project"),
        ("mlx-community/Qwen3-8B-4bit", "Qwen3", "its developers"),
        ("./models/llama.cpp/", "Llama", "its developers"),
        ("org/8B", "8B", "its developers"),
        ("/", "/", "its developers"),
    ],
)
def test_names_follow_the_model(folder: Path, model: str, model_name: str, provider_name: str) -> None:
    loaded = load(folder, model=model)
    assert (loaded.model_name, loaded.provider_name) == (model_name, provider_name)


def test_a_small_model_gets_the_small_profile_where_there_is_one(folder: Path) -> None:
    sizes = recipe(profiles=RECIPE["profiles"] | {"small": RECIPE["profiles"]["pocket"]})
    loaded = load(folder, sizes, model="org/Some-0.6B-Instruct")
    assert loaded.profile == "small"
    assert loaded.profile_reason == (
        "The profile is small because the model 'org/Some-0.6B-Instruct' has 600M parameters by its name; it is for "
        "models of fewer than 1.5B."
    )
    assert load(folder, sizes, model="org/Some-4B").profile == "laptop"


def test_names_of_the_recipe_win(folder: Path) -> None:
    loaded = load(folder, recipe(model_name="Ada", provider_name="Us"))
    assert (loaded.model_name, loaded.provider_name) == ("Ada", "Us")


def test_a_name_that_is_taken_from_the_model_is_told(folder: Path) -> None:
    said = load(folder, model="./models/smollm2").name_reason
    assert said.startswith("Every text calls the assistant SmolLM2, after the model ./models/smollm2; `model_name:`")
    assert load(folder).name_reason == ""
    assert load(folder, recipe(model_name="Ada"), model="a/b").name_reason == ""


@pytest.mark.parametrize(
    ("options", "profile", "reason"),
    [
        ({}, "pocket", "The profile is pocket because the model is the embedded pocket model."),
        (
            {"model": "a/b"},
            "laptop",
            "The profile is laptop because the model is 'a/b', not the embedded pocket model.",
        ),
        ({"profile": "laptop"}, "laptop", "The profile is laptop because --profile asks for it."),
        ({"model": "a/b", "profile": "pocket"}, "pocket", "The profile is pocket because --profile asks for it."),
        (
            {"overrides": ["model=a/b"]},
            "laptop",
            "The profile is laptop because the model is 'a/b', not the embedded pocket model.",
        ),
        (
            {"model": "org/Some-8B-4bit"},
            "laptop",
            "The profile is laptop because the model 'org/Some-8B-4bit' has 8B parameters by its name.",
        ),
        (
            {"model": "org/Some-135M"},
            "laptop",
            "The profile is laptop, although the model 'org/Some-135M' has 135M parameters by its name: this recipe "
            "has no small profile.",
        ),
    ],
)
def test_profile_follows_the_model(folder: Path, options: dict[str, Any], profile: str, reason: str) -> None:
    loaded = load(folder, **options)
    assert (loaded.profile, loaded.profile_reason) == (profile, reason)
