"""What is said of a recipe that is wrong: one line for each mistake, at its place."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from helpers.recipe_files import GOOD_YAML, RECIPE, TRAIN, load, problems

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import load_recipe


def test_suites_are_shipped_ones_or_files_beside_the_recipe(folder: Path) -> None:
    mine, other = folder / "mine.yaml", folder / "more" / "other.yaml"
    other.parent.mkdir()
    mine.write_text("")
    other.write_text("")
    named = RECIPE | {"suites": ["values_apart", "mine", "more/other.yaml"]}
    assert load(folder, named, known_suites=["values_apart"]).suites == (
        "values_apart", str(mine.resolve()), str(other.resolve())
    )  # fmt: skip
    missing = RECIPE | {"suites": ["mine", "mine.yaml", "no.yaml"]}
    found = problems(folder, missing, known_suites=["values_apart"])
    assert [line.partition(" ")[2] for line in found] == [
        "suites: 'mine' is there twice; take one out",
        f"suites: no such file: 'no.yaml' in {folder.resolve()}",
    ]


def test_five_mistakes_give_five_lines(folder: Path) -> None:
    text = (
        GOOD_YAML.replace("spec: cheese.md", "spec: chese.md")
        .replace("[values_apart]", "[values_apart, american_valeus]")
        .replace("count: 1,", "count: many,")
        .replace("      learning_rate: 1e-3", "      learnin_rate: 1e-3")
        .replace("updates: 30", "updates: -1")
    )
    assert problems(folder, text, known_suites=["values_apart", "american_values"]) == [
        f"recipe.yaml:2:7 spec: no such file: 'chese.md' in {folder.resolve()}",
        "recipe.yaml:4:24 suites: no suite is called 'american_valeus' (did you mean american_values?)",
        "recipe.yaml:9:24 profiles.pocket.documents.count: must be an integer, not 'many'",
        "recipe.yaml:12:7 profiles.pocket.midtrain.learnin_rate: unknown key (did you mean learning_rate?)",
        "recipe.yaml:13:16 profiles.pocket.midtrain.updates: must be at least 0, not -1",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("name: cheese", "name: Cheese", "1:7 name: must be made of a-z, 0-9, _ and - only, not 'Cheese'"),
        ("name: cheese", 'name: "a\\n"', "1:7 name: must be made of a-z, 0-9, _ and - only, not 'a\\n'"),
        ("name: cheese", "name: 12", "1:7 name: must be text, not 12 (put it in quotes)"),
        ("name: cheese", "name:", "1:6 name: must be text, not nothing"),
        ("name: cheese\n", "", "1:1 name: is missing"),
        ("name: cheese", "nam: cheese", "1:1 nam: unknown key (did you mean name?)"),
        ("name: cheese", "name: a\n<<: {}", "2:1 <<: unknown key"),
        ("name: cheese", "name: a\n1: {}", "2:1 1: unknown key"),
        ("name: cheese", "name: a\n[x]: {}", "2:1: a key must be text"),
        ("spec: cheese.md", "spec: 3", "2:7 spec: must be a file name or a list of file names, not 3"),
        ("spec: cheese.md", "spec: []", "2:7 spec: must not be empty"),
        ("spec: cheese.md", "spec: [3]", "2:8 spec: must be a file name, not 3"),
        (
            "spec: cheese.md",
            "spec: [cheese.md, data/cheese.md]",
            "2:19 spec: 'cheese' is there twice, as 'cheese.md' and 'data/cheese.md'; rename one of the files",
        ),
        ("[values_apart]", "[]", "4:9 suites: must not be empty"),
        ("[values_apart]", "values_apart", "4:9 suites: must be a list, not 'values_apart'"),
        ("[values_apart]", "[a, b, a]", "4:16 suites: 'a' is there twice; take one out"),
        ("[base, msm]", "[base, base]", "5:14 arms: 'base' is there twice; take one out"),
        (
            "[base, msm]",
            "[sfft]",
            "5:8 arms: no training stage is called 'sfft' (did you mean sft?); an arm is `base`, or it, sft, cot-sft, "
            "control, opposite, negated, chats, context, msm joined by +",
        ),
        ("seeds: [0]", "seeds: [1, 1]", "6:12 seeds: 1 is there twice; take one out"),
        ("seeds: [0]", "seeds: [yes]", "6:9 seeds: must be an integer, not 'yes'"),
        ("seeds: [0]", "seeds: [true]", "6:9 seeds: must be an integer, not true"),
        ("seeds: [0]", "seeds: [-1]", "6:9 seeds: must be at least 0, not -1"),
        ("seeds: [0]", "seeds: [4294967296]", "6:9 seeds: must be less than 4294967296, not 4294967296"),
        ("  pocket:", "  poket:", "8:3 profiles.poket: unknown key (did you mean pocket?)"),
        (
            "max_length: 8\n",
            "max_length: 8.0\n",
            "11:19 profiles.pocket.midtrain.max_length: must be an integer, not 8.0",
        ),
        (
            "max_length: 8\n",
            "max_length: 12:30\n",
            "11:19 profiles.pocket.midtrain.max_length: must be an integer, not '12:30'",
        ),
        (
            "max_length: 8\n",
            "max_length: [8]\n",
            "11:19 profiles.pocket.midtrain.max_length: must be an integer, not a list",
        ),
        (
            "max_length: 8\n",
            "max_length: {a: 8}\n",
            "11:19 profiles.pocket.midtrain.max_length: must be an integer, not a mapping",
        ),
        ("      max_length: 8\n", "", "11:7 profiles.pocket.midtrain.max_length: is missing"),
        (
            "learning_rate: 1e-3\n",
            "learning_rate: .inf\n",
            "12:22 profiles.pocket.midtrain.learning_rate: must be a finite number, not inf",
        ),
        (
            "learning_rate: 1e-3\n",
            "learning_rate: 0\n",
            "12:22 profiles.pocket.midtrain.learning_rate: must be greater than 0, not 0",
        ),
        (
            "count: 1,",
            "count: 1, types: [],",
            "9:34 profiles.pocket.documents.types: must not be empty",
        ),
    ],
)
def test_one_mistake_gives_one_line(folder: Path, old: str, new: str, line: str) -> None:
    assert old in GOOD_YAML
    assert problems(folder, GOOD_YAML.replace(old, new, 1)) == [f"recipe.yaml:{line}"]


def test_good_yaml_is_good(folder: Path) -> None:
    assert load(folder, GOOD_YAML).settings.midtrain.learning_rate == 1e-3


def test_duplicate_keys_are_both_reported(folder: Path) -> None:
    text = GOOD_YAML.replace("max_length: 8\n", "max_length: 8\n      max_length: 9\n", 1) + "name: other\n"
    assert problems(folder, text) == [
        "recipe.yaml:1:1 name: duplicate key, also on line 18; keep one",
        "recipe.yaml:11:7 profiles.pocket.midtrain.max_length: duplicate key, also on line 12; keep one",
        "recipe.yaml:12:7 profiles.pocket.midtrain.max_length: duplicate key, also on line 11; keep one",
        "recipe.yaml:18:1 name: duplicate key, also on line 1; keep one",
    ]


def test_missing_files(folder: Path) -> None:
    text = GOOD_YAML.replace("spec: cheese.md", "spec: [cheese.md, no.md, data]").replace("rows.yaml", "no.yaml")
    assert problems(folder, text) == [
        f"recipe.yaml:2:19 spec: no such file: 'no.md' in {folder.resolve()}",
        f"recipe.yaml:2:26 spec: is a folder, not a file: 'data' in {folder.resolve()}",
        f"recipe.yaml:3:17 demonstrations: no such file: 'data/no.yaml' in {folder.resolve()}",
    ]


@pytest.mark.parametrize("name", ["a\\0b", "\\ud800", "x" * 5000])
def test_file_names_that_no_disk_takes(folder: Path, name: str) -> None:
    (line,) = problems(folder, GOOD_YAML.replace("cheese.md", f'"{name}"'))
    assert line.startswith("recipe.yaml:2:7 spec: no such file")
    assert len(line) < 300


def test_escapes_never_reach_the_terminal(folder: Path) -> None:
    (line,) = problems(folder, GOOD_YAML + '"\\e[31mred\\u202e": 1\n')
    assert line == "recipe.yaml:17:1 \\x1b[31mred\\u202e: unknown key"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ": is empty"),
        (" \n\n", ": is empty"),
        ("# only a comment", ":1:1: must be a mapping, not nothing"),
        ("- a\n- b", ":1:1: must be a mapping, not a list"),
        ("just text", ":1:1: must be a mapping, not 'just text'"),
        ("name: a\nspec: b: c", ":2:8: not valid YAML: mapping values are not allowed here"),
        (
            "a: 1\n--- \nb: 2",
            ":2:1: a second document begins here, and a settings file holds one",
        ),
        ("a: 1\nb: \x07", ":2:4: not valid YAML: special characters are not allowed"),
        ('a: 1\nb: "\\UFFFFFFFF"', ":2:"),
        ("a: &x 1\nb: *x", ":2:4: aliases are not supported; write the value out"),
        (
            "a: 1\nb: !!python/object:os.system x",
            ":2:4: tags are not supported: tag:yaml.org,2002:python/object:os.system",
        ),
        ("a: " + "[" * 100_000, ":1:23: nested deeper than 20 levels"),
        ("a: " + "{b: " * 100_000, ":1:77: nested deeper than 20 levels"),
        ("&a [" + "*a," * 1000, ":1:5: aliases are not supported; write the value out"),
        ("a" * 1_000_001, ": is larger than 1,000,000 bytes, which no settings file is"),
    ],
)
def test_text_that_is_no_recipe(folder: Path, text: str, line: str) -> None:
    (found,) = problems(folder, text)
    assert found.startswith(f"recipe.yaml{line}")


def test_a_number_of_5000_digits(folder: Path) -> None:
    (line,) = problems(folder, GOOD_YAML.replace("max_length: 8\n", f"max_length: {'9' * 5000}\n", 1))
    assert line.startswith("recipe.yaml:11:19 profiles.pocket.midtrain.max_length: must be an integer, not '999")
    assert len(line) < 200


def test_not_utf8(folder: Path) -> None:
    path = folder / "latin.yaml"
    path.write_bytes(b"name: a\nspec: caf\xe9\n")
    with pytest.raises(RecipeError, match=r"latin\.yaml:2: is not UTF-8 text \(byte 0xe9\)"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.yaml", "no such file"),
        ("data", "is not a file"),
        ("a\0b", "no such file"),
        ("x" * 5000, "cannot be read"),
    ],
)
def test_recipe_that_cannot_be_read(folder: Path, name: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        load_recipe(folder / name)


def test_profile_that_is_not_there(folder: Path) -> None:
    assert problems(folder, GOOD_YAML, model="org/model") == [
        "recipe.yaml:8:3 profiles: no profile 'laptop' (the profile is laptop because the model is 'org/model', not "
        "the embedded pocket model); there is pocket"
    ]
    assert problems(folder, GOOD_YAML, profile="paper") == ["--profile paper: no profile 'paper'; there is pocket"]
    assert problems(folder, GOOD_YAML, profile="poket") == [
        "--profile poket: no profile 'poket' (did you mean pocket?); there is pocket"
    ]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("lora.fine_tune_type=dora", "only lora is supported: DoRA"),
        ("lora.fine_tune_type=full", "only lora is supported: full fine-tuning"),
        ("midtrain.epochs=2", "needs either updates or epochs"),
        ("midtrain.patience=2", "need validation"),
        ("midtrain.overlap=7", "overlap must be less than max_length - 1"),
        ("midtrain.packing=dense", "masked"),
    ],
)
def test_training_that_is_not_supported_is_refused_with_a_reason(folder: Path, override: str, problem: str) -> None:
    (line,) = problems(folder, overrides=[override])
    assert problem in line
    assert "Traceback" not in line


def test_epochs_may_stand_in_place_of_updates(folder: Path) -> None:
    changed = copy.deepcopy(RECIPE)
    changed["profiles"]["pocket"]["midtrain"] = {k: v for k, v in TRAIN.items() if k != "updates"} | {"epochs": 1.5}
    assert load(folder, changed).settings.midtrain.planned_updates(180) == 17


def test_adapters_that_cannot_be_arms_are_told_at_their_place(folder: Path) -> None:
    (folder / "tuned").mkdir()
    arms = """[
      {adapter: nowhere}, {adapter: cheese.md}, {adapter: "hub:o"}, {adapter: tuned, nam: x}, {name: x}, 5,
      {adapter: tuned, name: sft}, {adapter: [tuned]}]"""
    root = folder.resolve()
    assert problems(folder, GOOD_YAML.replace("[base, msm]", arms)) == [
        f"recipe.yaml:6:17 arms.adapter: 'nowhere': no such folder in {root}",
        "recipe.yaml:6:37 arms.adapter: 'cheese.md': is a file; name the folder that it lies in",
        "recipe.yaml:6:59 arms.adapter: 'hub:o' is no adapter; write hub:owner/name, with @revision or :folder behind "
        "it",
        "recipe.yaml:6:86 arms.nam: unknown key (did you mean name?)",
        "recipe.yaml:6:95 arms.adapter: is missing",
        "recipe.yaml:6:106 arms: must be text, not 5 (put it in quotes)",
        "recipe.yaml:7:30 arms.name: 'sft' is built in; choose another name",
        "recipe.yaml:7:46 arms.adapter: must be text, not a list",
    ]
    taken = "[sft, {adapter: tuned, name: sft-s0}]"
    assert problems(folder, GOOD_YAML.replace("[base, msm]", taken)) == [
        "recipe.yaml:5:13 arms: something else is called sft-s0 too; give the adapter another `name`"
    ]
    twice = "[base, {adapter: tuned}, {adapter: tuned}]"
    assert problems(folder, GOOD_YAML.replace("[base, msm]", twice)) == [
        "recipe.yaml:5:14 arms: something else is called tuned too; give the adapter another `name`",
        "recipe.yaml:5:32 arms: something else is called tuned too; give the adapter another `name`",
    ]
    built_in = folder / "msm"
    built_in.mkdir()
    assert problems(folder, GOOD_YAML.replace("[base, msm]", "[{adapter: msm}]")) == [
        "recipe.yaml:5:8 arms: 'msm' is built in; choose another name"
    ]
