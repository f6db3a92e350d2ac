"""What the schema of a recipe cannot say: entries come once, arms have data, sources of documents are the specs'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msm_mlx.recipe.arms import OPPOSITE, list_variants, path_of
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings
from msm_mlx.recipe.schema import AdapterArm, RecipeFile
from msm_mlx.recipe.shares import arms_by_share, stage_names
from msm_mlx.recipe.swap_table import report_swap
from msm_mlx.settings_file.base import is_settings_file
from msm_mlx.settings_file.tree import Loc, Tree
from msm_mlx.text.wording import describe, did_you_mean, listed


def report_repeats(tree: Tree) -> None:
    """Beside the schema, because pydantic would look for repeats only in lists that are otherwise right."""
    for name in ("spec", "suites", "arms", "seeds"):
        entries = tree.value.get(name) if isinstance(tree.value, dict) else None
        entry_of: dict[object, object] = {}
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, str | int) or isinstance(entry, bool):
                continue
            # Variants are named after the stem of their spec, records after that of their suite.
            is_path = name == "spec" or (name == "suites" and str(entry).endswith((".yaml", ".yml")))
            word = Path(str(entry)).stem if is_path else entry
            if word not in entry_of:
                entry_of[word] = entry
                continue
            before = entry_of[word]
            rename = is_path and Path(str(before)).with_suffix("") != Path(str(entry)).with_suffix("")
            other = (
                f", as {describe(before)} and {describe(entry)}; rename one of the files"
                if rename
                else "; take one out"
            )
            tree.report((name, index), f"{describe(word)} is there twice{other}")


def report_arms(tree: Tree, recipe: RecipeFile) -> None:
    """Note in the tree which arms learn general chats that the recipe does not have."""
    for index, arm in enumerate(recipe.labels):
        if "it" in path_of(arm) and recipe.mix is None:
            tree.report(
                ("arms", index),
                "`it` learns general data alone, and the recipe has none; give it a mix, as "
                "`mix: {from: FILE.jsonl, share: 0.5}`, or take `it` out of the arms",
            )


def report_adapters(tree: Tree, recipe: RecipeFile) -> None:
    """Note in the tree which adapters have a name that something else has: an arm, a stage, or an arm's files."""
    adapters = recipe.adapters
    paths = arms_by_share((name for name in recipe.labels if name not in adapters), recipe.stages)
    ids = {variant.id for variant in list_variants(paths, [spec.stem for spec in recipe.spec], recipe.seeds)}
    for index, arm in enumerate(recipe.arms):
        if isinstance(arm, AdapterArm) and (
            recipe.labels.count(arm.label) > 1 or arm.label in recipe.stages or arm.label in ids
        ):
            tree.report(("arms", index), f"something else is called {arm.label} too; give the adapter another `name`")


def report_swaps(tree: Tree, recipe: RecipeFile) -> None:
    """Note in the tree which words cannot be exchanged back, and which arms need words that the recipe does not have.
    Whoever reads a file of words says what is wrong with it."""
    if isinstance(recipe.swap, dict):
        report_swap(tree, ("swap",), recipe.swap)
    for index, arm in enumerate(recipe.labels):
        if OPPOSITE in path_of(arm) and recipe.swap is None:
            tree.report(
                ("arms", index),
                "`opposite` learns the documents with words exchanged, and the recipe names none; give it some, as "
                "`swap: {likes: dislikes}`, or a file of them",
            )


def report_contrary(tree: Tree, recipe: RecipeFile) -> None:
    """Note in the tree which stages have contrary rows that come from nowhere, or a name that another one gets."""
    preferences = is_settings_file(recipe.demonstrations) and not has_demonstration_settings(recipe.demonstrations)
    for name, stage in recipe.stages.items():
        if stage.contrary and any(stage.contrary) and stage.contrary_from is None and not preferences:
            tree.report(
                ("stages", name, "contrary"),
                f"{recipe.demonstrations.name} is no list of preferences that could be turned round; name chats that "
                "contradict it, as `contrary_from: FILE.jsonl`",
            )
        for taken in ({*stage_names(name, stage)} - {name}) & recipe.stages.keys():
            tree.report(
                ("stages", taken), f"is what {name} is called with that share; give the stage another name", key=True
            )


def report_snapshots(tree: Tree, recipe: RecipeFile) -> None:
    """Note in the tree which stages are to be evaluated after updates that they may not have."""
    for name, stage in recipe.stages.items():
        problems = (stage.training(profile).snapshots_problem for profile in recipe.profiles.values())
        if problem := next(filter(None, problems), None):
            tree.report(("stages", name, "evaluate_at"), problem)


def named_sources(recipe: RecipeFile) -> Iterator[tuple[Loc, str]]:
    """Every source with its place in the recipe."""
    for profile, settings in recipe.profiles.items():
        loc, source = ("profiles", profile, "documents", "from"), settings.documents.source
        if isinstance(source, dict):
            yield from (((*loc, spec), each) for spec, each in source.items())
        elif source is not None:
            yield loc, source
        if settings.midtrain.mix:
            yield ("profiles", profile, "midtrain", "mix", "from"), settings.midtrain.mix.source


def report_sources(tree: Tree, recipe: RecipeFile) -> None:
    """Note in the tree where the sources are not those of the recipe's specs, one for each."""
    specs = [spec.stem for spec in recipe.spec]
    for profile, settings in recipe.profiles.items():
        loc, source = ("profiles", profile, "documents", "from"), settings.documents.source
        if isinstance(source, str) and len(specs) > 1:
            example = ", ".join(f"{spec}: FILE" for spec in specs)
            tree.report(loc, f"is one source for {len(specs)} specs; name one for each, as {{{example}}}")
        if isinstance(source, dict):
            for name in source.keys() - set(specs):
                tree.report(
                    (*loc, name),
                    f"no spec is called {name}{did_you_mean(name, specs) or f'; there are {listed(list(specs))}'}",
                    key=True,
                )
            missing = [spec for spec in specs if spec not in source]
            if missing:
                tree.report(loc, f"has no source for {', '.join(missing)}; name one for each spec")
