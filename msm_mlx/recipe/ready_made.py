"""The sources of ready-made documents that a recipe names, one for each of its specs."""

from __future__ import annotations

from collections.abc import Iterator

from msm_mlx.recipe.schema import RecipeFile
from msm_mlx.settings_file.tree import Loc, Tree
from msm_mlx.text.wording import did_you_mean


def named_sources(checked: RecipeFile) -> Iterator[tuple[Loc, str]]:
    """Every source with its place in the recipe."""
    for profile, settings in checked.profiles.items():
        loc, source = ("profiles", profile, "documents", "from"), settings.documents.source
        if isinstance(source, dict):
            yield from (((*loc, spec), own) for spec, own in source.items())
        elif source is not None:
            yield loc, source


def report_sources(tree: Tree, checked: RecipeFile) -> None:
    """Note in the tree where the sources are not those of the recipe's specs, one for each."""
    specs = [spec.stem for spec in checked.spec]
    for profile, settings in checked.profiles.items():
        loc, source = ("profiles", profile, "documents", "from"), settings.documents.source
        if isinstance(source, str) and len(specs) > 1:
            wanted = ", ".join(f"{spec}: FILE" for spec in specs)
            tree.report(loc, f"is one source for {len(specs)} specs; name one for each, as {{{wanted}}}")
        if isinstance(source, dict):
            for name in source.keys() - set(specs):
                tree.report((*loc, name), f"no spec is called {name}{did_you_mean(name, specs)}", key=True)
            missing = [spec for spec in specs if spec not in source]
            if missing:
                tree.report(loc, f"has no source for {', '.join(missing)}")
