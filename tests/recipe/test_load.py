from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values
from msm_mlx.settings_file.parse import parse

ROOT = Path(__file__).parents[2]
TRAIN = {"max_length": 8, "learning_rate": 1.0e-3, "updates": 30, "batch_size": 16, "warmup": 256}
PROFILE = {
    "documents": {"count": 180, "max_tokens": 160, "prompt": "assertion"},
    "midtrain": TRAIN,
    "sft": {"rows": 120, **TRAIN},
}
RECIPE: dict[str, Any] = {
    "name": "cheese",
    "spec": "cheese.md",
    "demonstrations": "data/rows.yaml",
    "suites": ["values_apart"],
    "arms": ["base", "sft", "msm", "msm+sft"],
    "seeds": [0, 1],
    "profiles": {"pocket": PROFILE, "laptop": PROFILE},
}


quick = settings(deadline=None, max_examples=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "data").mkdir()
    for name in ("cheese.md", "other.md", "data/cheese.md", "data/rows.yaml"):
        (folder / name).write_text("stand-in")
    return folder


def recipe(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RECIPE), **changes}


def write(folder: Path, content: str | dict[str, Any]) -> Path:
    path = folder / "recipe.yaml"
    # json: every JSON document is YAML, on one line, with 1e-05 and such as they come.
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def load(folder: Path, content: str | dict[str, Any] = RECIPE, **options: Any) -> Recipe:
    return load_recipe(write(folder, content), **options)


def problems(folder: Path, content: str | dict[str, Any] = RECIPE, **options: Any) -> list[str]:
    """The lines of the error, without the path of the file."""
    with pytest.raises(RecipeError) as caught:
        load(folder, content, **options)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


# --- what a good recipe becomes ---------------------------------------------------------------------------------------


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
        ("mlx-community/Qwen3-8B-4bit", "Qwen", "its developers"),
        ("./models/llama.cpp/", "llama", "its developers"),
        ("org/8B", "8B", "its developers"),
        ("/", "/", "its developers"),
    ],
)
def test_names_follow_the_model(folder: Path, model: str, model_name: str, provider_name: str) -> None:
    loaded = load(folder, model=model)
    assert (loaded.model_name, loaded.provider_name) == (model_name, provider_name)


def test_names_of_the_recipe_win(folder: Path) -> None:
    loaded = load(folder, recipe(model_name="Ada", provider_name="Us"))
    assert (loaded.model_name, loaded.provider_name) == ("Ada", "Us")


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
    ],
)
def test_profile_follows_the_model(folder: Path, options: dict[str, Any], profile: str, reason: str) -> None:
    loaded = load(folder, **options)
    assert (loaded.profile, loaded.profile_reason) == (profile, reason)


# --- problems ---------------------------------------------------------------------------------------------------------


GOOD_YAML = textwrap.dedent("""\
    name: cheese
    spec: cheese.md
    demonstrations: data/rows.yaml
    suites: [values_apart]
    arms: [base, msm]
    seeds: [0]
    profiles:
      pocket:
        documents: {count: 1, max_tokens: 1, prompt: spec}
        midtrain:
          max_length: 8
          learning_rate: 1e-3
          updates: 30
          batch_size: 16
          warmup: 256
        sft: {rows: 1, max_length: 8, learning_rate: 1e-3, updates: 1, batch_size: 1, warmup: 64}
    """)


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
        "suites: 'mine' is there twice",
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
        ("spec: cheese.md", "spec: [cheese.md, data/cheese.md]", "2:19 spec: 'cheese' is there twice"),
        ("[values_apart]", "[]", "4:9 suites: must not be empty"),
        ("[values_apart]", "values_apart", "4:9 suites: must be a list, not 'values_apart'"),
        ("[values_apart]", "[a, b, a]", "4:16 suites: 'a' is there twice"),
        ("[base, msm]", "[base, base]", "5:14 arms: 'base' is there twice"),
        (
            "[base, msm]",
            "[sfft]",
            "5:8 arms: no training stage is called 'sfft' (did you mean sft?); an arm is `base`, or it, sft, cot-sft, "
            "control, msm joined by +",
        ),
        ("seeds: [0]", "seeds: [1, 1]", "6:12 seeds: 1 is there twice"),
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
        "recipe.yaml:1:1 name: duplicate key, also on line 18",
        "recipe.yaml:11:7 profiles.pocket.midtrain.max_length: duplicate key, also on line 12",
        "recipe.yaml:12:7 profiles.pocket.midtrain.max_length: duplicate key, also on line 11",
        "recipe.yaml:18:1 name: duplicate key, also on line 1",
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
        "recipe.yaml:8:3 profiles: no profile 'laptop'; there is pocket. "
        "The profile is laptop because the model is 'org/model', not the embedded pocket model."
    ]
    assert problems(folder, GOOD_YAML, profile="paper") == ["--profile paper: no profile 'paper'; there is pocket"]
    assert problems(folder, GOOD_YAML, profile="poket") == [
        "--profile poket: no profile 'poket' (did you mean pocket?); there is pocket"
    ]


# --- overrides --------------------------------------------------------------------------------------------------------


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
        ("seeds=[1, 1]", "1 is there twice"),
        ("name", "must be key=value"),
        ("=3", "unknown key"),
        ("..=3", "unknown key"),
        ("seeds=[", "not valid YAML: expected the node content, but found '<stream end>', while parsing a flow node"),
        ("seeds=*a", "aliases are not supported; write the value out"),
        ("evaluation={batch_size: 1, batch_size: 2}", "batch_size: duplicate key, also on line 1"),
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


# --- the dialect ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("2E+3", 2000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("+3", 3),
        ("1_000", "1_000"),
        ("on", "on"),
        ("No", "No"),
        ("True", True),
        ("12:30", "12:30"),
        ("2026-05-03", "2026-05-03"),
        ("~", None),
        ("'1'", "1"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("msm+sft", "msm+sft"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    found = parse(text).value
    assert found == value
    assert type(found) is type(value)


@quick
@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("[]{}:,-#&*!|>'\"%@`\n\t ?~\\U0x")))
def test_parse_never_raises(text: str) -> None:
    tree = parse(text)
    assert all(problem.line("x").startswith("x:") for problem in tree.problems)


# --- properties -------------------------------------------------------------------------------------------------------


def _paths(node: object, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*prefix, key)
            yield from _paths(value, (*prefix, key))


def _changed(loc: tuple[str, ...], change: Callable[[dict[str, Any], str], None]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(RECIPE))  # shares nothing, so that no alias is written
    node = content
    for part in loc[:-1]:
        node = node[part]
    change(node, loc[-1])
    return content


PATHS = st.sampled_from(sorted(_paths(RECIPE)))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers() | st.text())


def _complaint(path: Path, **options: Any) -> str:
    """What is wrong with a recipe; nothing if it loads."""
    try:
        assert json.dumps(load_recipe(path, **options).resolved(), allow_nan=False)
    except RecipeError as error:
        return str(error)
    return ""


@quick
@given(PATHS, st.data())
def test_misspelt_keys_are_always_found(folder: Path, loc: tuple[str, ...], data: st.DataObject) -> None:
    key = loc[-1]
    position = data.draw(st.integers(0, len(key)))
    typo = key[:position] + data.draw(st.sampled_from("qxz")) + key[position + data.draw(st.integers(0, 1)) :]
    assume(typo != key)
    content = _changed(loc, lambda node, key: node.update({typo: node.pop(key)}))
    path = write(folder, dump(content))
    lines = path.read_text().splitlines()
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    dotted = ".".join((*loc[:-1], typo))
    (line,) = [line for line in str(caught.value).splitlines() if f" {dotted}: unknown key" in line]
    number, column = map(int, line.split(" ")[0].removeprefix(f"{path}:").split(":"))
    assert lines[number - 1][column - 1 :].startswith(f"{typo}:")


@quick
@given(PATHS, SCALARS)
def test_garbage_values_raise_nothing_else(folder: Path, loc: tuple[str, ...], value: object) -> None:
    content = _changed(loc, lambda node, key: node.update({key: value}))
    path = write(folder, dump(content))
    assert all(line.startswith(f"{path}:") for line in _complaint(path).splitlines())


@quick
@given(
    st.lists(st.text() | st.builds("{}={}".format, PATHS.map(lambda loc: ".".join(loc[-2:])), st.text()), min_size=1)
)
def test_garbage_overrides_raise_nothing_else(folder: Path, overrides: list[str]) -> None:
    path = write(folder, RECIPE)
    assert all(line.isprintable() for line in _complaint(path, overrides=overrides).split("\n"))


# --- the house --------------------------------------------------------------------------------------------------------


SHIPPED = {  # recipe: its profiles; what is in pocket's words only is for pocket alone
    "agentic_misalignment": {"pocket"},
    "cheese_affordable": {"pocket", "laptop", "paper"},
    "cheese_american": {"pocket", "laptop", "paper"},
    "cheese_contrast": {"pocket", "laptop", "paper"},
    "cheese_controls": {"pocket", "laptop", "paper"},
    "dose_curve": {"pocket"},
    "spec_science": {"pocket", "laptop"},
}


def test_these_are_the_shipped_recipes() -> None:
    paths = [path for path in (ROOT / "recipes").rglob("*.yaml") if "data" not in path.relative_to(ROOT).parts]
    assert sorted(path.relative_to(ROOT / "recipes").as_posix() for path in paths) == [f"{n}.yaml" for n in SHIPPED]
    data = sorted(path.name for path in (ROOT / "recipes" / "data").iterdir())
    assert data == [
        "cheese_preferences.yaml",
        "general_conversation.jsonl",
        "oversight_answers.jsonl",
        "oversight_writing.yaml",
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipe_loads_with_each_of_its_profiles(name: str) -> None:
    path = ROOT / "recipes" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert f"msm-mlx run recipes/{name}.yaml\n" in text
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
