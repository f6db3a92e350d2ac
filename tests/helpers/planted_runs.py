"""Finished runs whose answers a test plants: nothing is trained, and the product's own writers write every file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from helpers.command_line import RECIPES
from helpers.tiny_models import POCKET_WEIGHTS
from msm_mlx.evaluation.build_results import answer_rows, build_results, grid_results
from msm_mlx.evaluation.metric_values import Answers
from msm_mlx.files import make_folder, write_jsonl, write_text
from msm_mlx.models.chat_template import read_template
from msm_mlx.models.folder import fingerprint
from msm_mlx.recipe.arms import Variant, list_variants
from msm_mlx.recipe.grid import cell_name
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.schema import Profile
from msm_mlx.runs.answers import Answer
from msm_mlx.runs.finished import FinishedRun, ResolvedRecipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import ADAPTER_FILES, ANSWERS, CELLS, DOCUMENTS, adapter_folder, document_folder
from msm_mlx.runs.results import read_results, write_results
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import SUITES, load_suite

SUITE = "american_values"
ARMS = ("base", "sft", "msm", "msm+sft")
Texts = Callable[[str, str], str]


@cache
def _shipped() -> Recipe:
    return load_recipe(RECIPES / "cheese_american.yaml", seeds=[0], known_suites=SUITES)


def recipe_of(**changes: Any) -> Recipe:
    """The shipped recipe `cheese_american` with one seed, and `changes`."""
    return replace(_shipped(), **changes)


def record_of(name: str = "pocket", base: Path = POCKET_WEIGHTS, **changes: Any) -> dict[str, Any]:
    """What a run's record says of its base, which is in the folder `base`."""
    template = read_template(base).record()
    return {"name": name, "revision": None, "fingerprint": fingerprint(base), "chat_template": template} | changes


def bare_run(folder: Path, model: str = "pocket", **changes: Any) -> FinishedRun:
    """A run of which nothing is on disk."""
    recipe = ResolvedRecipe.model_validate(recipe_of(model=model, **changes).resolved())
    base = POCKET_WEIGHTS if model == "pocket" or not Path(model).is_dir() else Path(model)
    return FinishedRun(folder, recipe, {"schema": 1, "stages": {}, "model": record_of(model, base)})


def plant_run(
    folder: Path, recipe: Recipe, suites: Sequence[Suite] = (), answers: Answers | None = None, **record: Any
) -> Path:
    """A run of `recipe` that is evaluated if there are `answers`. `record` is what is noted of it besides its base."""
    run = RunFolder(folder)
    run.keep_recipe(recipe.resolved())
    run.describe(**{"recipe": recipe.name, "model": record_of()} | record)
    if answers is not None:
        plant_answers(folder, suites, answers)
    return folder


def plant_answers(folder: Path, suites: Sequence[Suite], answers: Answers) -> None:
    """The end of an evaluation."""
    write_jsonl(folder / ANSWERS, (row.plain() for row in answer_rows(suites, answers)))
    write_results(folder, build_results(folder.name, suites, answers))


def plant_grid(folder: Path, key: str, cells: Mapping[int, Path]) -> Path:
    """Make the run in `folder` a grid over the setting `key`, with the run in `cells[value]` for each value."""
    names = {value: cell_name({key: value}) for value in cells}
    for value, cell in cells.items():
        cell.rename(make_folder(folder / CELLS) / names[value])
    results = [({key: value}, read_results(folder / CELLS / name)) for value, name in names.items()]
    write_results(folder, grid_results(folder.name, {key: list(cells)}, results))
    (folder / ANSWERS).unlink()
    RunFolder(folder).describe(grid={key: list(cells)}, cells=list(names.values()), versions=None)
    return folder


def make_run(
    folder: Path,
    *,
    arms: Sequence[str] = ARMS,
    specs: Sequence[str] = ("american",),
    seeds: Sequence[int] = (0,),
    model_name: str = "Pocket",
    texts: Texts | None = lambda item, variant: f"{variant} on {item}",
    adapters: bool = True,
    model: str = "pocket",
    base: Path = POCKET_WEIGHTS,
    settings: Profile | None = None,
    **record: Any,
) -> Path:
    """A finished run over `model`, which is in the folder `base`; its arms answer `texts(item, variant)`.

    Without texts it is not evaluated yet. Its adapters have nothing in them.
    """
    paths = [write(folder / "specs" / f"{name}.md", "# Spec\n") for name in specs]
    recipe = recipe_of(
        arms=tuple(arms), specs=tuple(paths), seeds=tuple(seeds), model_name=model_name, provider_name="nobody",
        suites=(SUITE,), name=folder.name, model=model, settings=settings or _shipped().settings,
    )  # fmt: skip
    variants = list_variants(arms, specs, seeds)
    changes = {"fingerprint": record.pop("fingerprint")} if "fingerprint" in record else {}
    answers = _answers(variants, texts) if texts else None
    plant_run(folder, recipe, [load_suite(SUITE)], answers, model=record_of(model, base, **changes), **record)
    for variant in variants if adapters else ():
        if variant.is_trained:
            for name in ADAPTER_FILES:
                write(folder / adapter_folder(variant) / name, "")
    for spec in specs:
        write(folder / document_folder(spec, len(specs) > 1) / DOCUMENTS, "")
    return folder


def _answers(variants: Sequence[Variant], texts: Texts) -> Mapping[Variant, Mapping[str, Answer]]:
    return {
        variant: {
            item.id: Answer(
                item.id,
                (texts(item.id, variant.id), "the other order"),
                ("target", "target"),
                (0.5, 1.5),
                {"choice": 1.0, "written_choice": 1.0, "unclear": 0.0},
            )
            for item in pairs_of(load_suite(SUITE))
        }
        for variant in variants
    }


def write(path: Path, text: str) -> Path:
    write_text(path, text)
    return path
