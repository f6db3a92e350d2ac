"""A new experiment of one's own: a folder with a recipe, a spec, demonstrations and a suite, copied and commented."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, writing
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.shipped import shipped_recipes
from msm_mlx.rows.hub import HUB
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import SUITES, load_suite, shipped_suite
from msm_mlx.text.wording import did_you_mean

RECIPE, UNSEEN = "recipe.yaml", "unseen.yaml"
_NAME = re.compile(r"[a-z0-9_-]+")
_DATA = re.compile(r"(?<![\w/.])data/[\w./-]*\w")
_COMMENT = re.compile(r"\A(?:#.*\n)*")

_RECIPE_HEAD = """\
# What do the demonstrations teach a model that has read {specs}?
#
# That is the question, which heads the report: put your own there. `msm-mlx init {name} --from {source}` made this
# experiment. It runs as it is; to make it yours, edit
#
#   {specs}: what the assistant does, and because of what
#   {demonstrations}: the behaviour that it is shown, without any reasons
#   {suites}: what it is asked afterwards, which neither of the two mentions
#
# and then, from the folder that holds {name}/:
#
#     msm-mlx recipes --settings  lists all that a recipe may say, with defaults
#     msm-mlx validate {name}     says everything that is wrong, at once
#     msm-mlx estimate {name}     how much memory and time it takes here
#     msm-mlx run {name}          writes, trains and compares
#
# An arm is `base`, or training stages joined by + in their order: msm (documents), control (documents without reasons),
# sft (demonstrations), cot-sft (with their reasoning), it (general chats alone), or one of your own, under `stages`.
# A value here can also be changed for one run: --set midtrain.updates=60, --model FOLDER, --seed 0.
"""
_SPEC_HEAD = """\
<!-- A comment like this one is never shown to a model. Each section has a heading, prose with reasons, and one line
that starts with > and says in one self-contained sentence what the assistant does and because of what. The only
variables are {model_name} and {provider_name}. Pocket, the embedded model, knows the words of its small world only:
change the value and the things to others that msm_mlx/pocket/README.md lists, or use a larger model. -->

"""
_DEMONSTRATIONS_HEAD = "# The same rows train every arm. Give no reasons here: the spec explains, this only shows.\n"
_UNSEEN_HEAD = """\
# Each pair is [what shows the value, what does not]. {noun} is the domain's, {first} and {second} are the two things,
# asked in both orders. `measures` says what is counted, for tables and report. Keep to domains that neither the spec
# nor the demonstrations mention.
"""


def create_experiment(name: str, source: str, parent: Path) -> Path:
    """Make the folder `parent/name` from the shipped recipe `source`, whole or not at all. Returns it.

    Raises:
        RecipeError: if the name cannot be used, something is there already, or there is no such recipe.
        SetupError: if the folder cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise RecipeError(f"{name}: must be made of a-z, 0-9, _ and - only; it names the recipe and its run folder")
    shipped = shipped_recipes()
    if source not in shipped:
        hint = did_you_mean(source, shipped)
        raise RecipeError(f"{source}: no recipe of that name is shipped{hint}; there are {', '.join(shipped)}")
    target = parent / name
    if target.exists() or target.is_symlink():
        raise RecipeError(f"{target}: is there already; choose another name, or move it away")
    recipe = load_recipe(shipped[source], known_suites=SUITES)
    make_folder(parent)
    with writing(target), tempfile.TemporaryDirectory(prefix=f".{name}.", dir=parent) as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        _fill(folder, name, source, recipe)
        folder.rename(target)
    return target


def _fill(folder: Path, name: str, source: str, recipe: Recipe) -> None:
    specs = _copy_specs(folder, name, recipe)
    demonstrations = f"demonstrations{recipe.demonstrations.suffix}"
    text = recipe.demonstrations.read_text(encoding="utf-8")
    head = _DEMONSTRATIONS_HEAD if recipe.demonstrations.suffix != ".jsonl" else ""
    (folder / demonstrations).write_text(head + _COMMENT.sub("", text), encoding="utf-8")
    suites = _copy_suite(folder, recipe)
    values = {
        "name": name,
        "spec": _listed(specs),
        "demonstrations": demonstrations,
        "suites": f"[{', '.join(suites)}]",
    }
    if recipe.mix and not recipe.mix.source.startswith(HUB):
        general = Path(recipe.mix.source)
        (folder / general.name).write_bytes(general.read_bytes())
        size = f"share: {recipe.mix.share}" if recipe.mix.share else f"count: {recipe.mix.count}"
        values["mix"] = f"{{from: {general.name}, {size}}}"
    body = _COMMENT.sub("", recipe.path.read_text(encoding="utf-8"))
    for key, value in values.items():
        body = _with_value(body, key, value)
    body = _copy_data(folder, recipe, body)
    mine = [suite for suite in suites if suite == UNSEEN]
    head = _RECIPE_HEAD.format(
        name=name,
        source=source,
        specs=", ".join(specs),
        demonstrations=demonstrations,
        suites=", ".join(mine) or "suites of your own, named below",
    )
    (folder / RECIPE).write_text(head + body, encoding="utf-8")


def _copy_specs(folder: Path, name: str, recipe: Recipe) -> list[str]:
    """Under the experiment's name where there is one spec, unless items of a suite go by the spec's own name."""
    stems = {spec.stem for spec in recipe.specs}
    bound = any(item.spec in stems for suite in recipe.suites for item in load_suite(suite).items)
    names = []
    for spec in recipe.specs:
        names.append(f"{name}.md" if len(recipe.specs) == 1 and not bound else spec.name)
        (folder / names[-1]).write_text(_SPEC_HEAD + spec.read_text(encoding="utf-8"), encoding="utf-8")
    return names


def _copy_suite(folder: Path, recipe: Recipe) -> list[str]:
    """The recipe's suites as it names them, the first one as a file to edit if it is a shipped one of pairs."""
    first, *_ = recipe.suites
    first_name, *other_suites = (
        suite if suite in SUITES else Path(suite).relative_to(recipe.path.parent).as_posix() for suite in recipe.suites
    )
    if first not in SUITES or not pairs_of(load_suite(first)):
        return [first_name, *other_suites]
    text = shipped_suite(first).read_text(encoding="utf-8")
    (folder / UNSEEN).write_text(_UNSEEN_HEAD + _COMMENT.sub("", text), encoding="utf-8")
    return [UNSEEN, *other_suites]


def _copy_data(folder: Path, recipe: Recipe, body: str) -> str:
    """`body` with the shipped data that it still names, which are ready-made documents and suites, beside it."""

    def copied(match: re.Match[str]) -> str:
        path = recipe.path.parent / match[0]
        (folder / path.name).write_bytes(path.read_bytes())
        return path.name

    return _DATA.sub(copied, body)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _with_value(text: str, key: str, value: str) -> str:
    """`text` with another value for a key of the outermost mapping, over however many lines the old one goes."""
    return re.sub(rf"(?m)^{key}:.*(?:\n(?:[ \t]+|- ).*)*", lambda _: f"{key}: {value}", text, count=1)
