"""The list of settings is that of the schema, and what it says is true."""

from __future__ import annotations

import json

import pytest
from helpers.command_line import RECIPES, Cli

from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.reference import Setting, list_settings
from msm_mlx.suites.load import SUITES

SETTINGS = {setting.key: setting for setting in list_settings()}
NEEDED, NOTHING = "(needed)", ""


def test_every_setting_has_a_meaning_and_stands_once() -> None:
    assert len(SETTINGS) == len(list_settings()) > 100
    assert all(setting.meaning.endswith(".") for setting in SETTINGS.values())


@pytest.mark.parametrize(
    "setting",
    [
        Setting("documents.count", NEEDED, "Documents to keep after the checks.", ()),
        Setting("midtrain.warmup", "0", "Updates until the learning rate reaches its peak.", ()),
        Setting("lora.rank", "16", "LoRA rank.", ()),
        Setting("documents.critique", NOTHING, "A second model that reads and rewrites what was written.", ()),
    ],
)
def test_some_of_them(setting: Setting) -> None:
    assert SETTINGS[setting.key] == setting


def test_words_that_are_taken_are_told() -> None:
    assert SETTINGS["documents.prompt"].choices == ("assertion", "opening", "section", "spec")
    assert "stages.NAME.chats" in SETTINGS, "as --set takes it, but for the name"
    assert SETTINGS["documents.from"].key == "documents.from"  # as a recipe says it, not as the code does


@pytest.mark.parametrize(
    "setting",
    [s for s in SETTINGS.values() if "." in s.key and s.default not in (NEEDED, NOTHING)],
    ids=lambda setting: str(setting.key),
)
def test_the_default_is_what_a_recipe_has_that_does_not_say(setting: Setting) -> None:
    """Said aloud it changes nothing. What stands in a part that a recipe may leave out has that part's needs."""
    part = setting.key.rpartition(".")[0]
    needs = {
        "documents.writer": ["documents.writer.model=pocket", "documents.writer.server=http://localhost:1/v1"],
        "documents.critique": ["documents.critique.model=pocket"],
        "judge": ["judge.model=pocket"],
    }.get(part, [])

    def resolved(*said: str) -> dict[str, object]:
        path = RECIPES / "cheese_contrast.yaml"
        recipe = load_recipe(path, profile="laptop", overrides=[*needs, *said], known_suites=SUITES)
        return recipe.resolved() | {"overrides": None}

    said = f"{setting.key}={json.dumps(setting.default) if '{' in setting.default else setting.default}"
    if resolved(said) != resolved():  # the recipe itself says something else
        assert setting.key.split(".")[0] in ("lora", "documents", "midtrain", "sft")
        assert setting.key.split(".")[-1] in ("batch_size", "rank", "warmup", "weight_decay")


def test_the_command_lists_them(cli: Cli) -> None:
    done = cli("recipes", "--settings")
    assert done.returncode == 0, done.stderr
    assert "documents.prompt  (needed)\n    What of the spec the writer sees" in done.stdout
    assert "Takes assertion, opening, section, spec." in " ".join(done.stdout.split())
    rows = json.loads(cli("recipes", "--settings", "--json").stdout)
    assert [row["key"] for row in rows] == list(SETTINGS)
