"""Which files a recipe may name: those of its workspace, so that a stranger's recipe reads nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.consistency import named_sources
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings, load_demonstration_settings
from msm_mlx.recipe.schema import AdapterArm, RecipeFile
from msm_mlx.settings_file.tree import Loc, Tree

REMEDY = "move the file into it, or allow this with --allow-outside"


def workspace_folders(recipe: Path) -> tuple[Path, ...]:
    """The folders whose files a recipe may name: its own and the working folder, and where its own is called `recipes`,
    as in a clone, the one around it."""
    folder = recipe.resolve().parent
    return (folder.parent if folder.name == "recipes" else folder, Path.cwd().resolve())


STAGE_FILES = ("chats", "documents", "contrary_from")  # what a declared stage may name


def report_outside(tree: Tree, content: RecipeFile, recipe: Path) -> None:
    """Note in the tree every file that the recipe names outside its workspace. What the command line names may be
    anywhere: a person has typed it."""
    for loc, path in _files(tree, content):
        if not tree.place(loc).option and not is_within(path, recipe):
            tree.report(loc, f"{path} is outside the recipe's workspace {workspace_folders(recipe)[0]}; {REMEDY}")


def is_within(file: Path, recipe: Path) -> bool:
    """Whether a file, its links followed, lies in the recipe's workspace."""
    return any(file.is_relative_to(folder) for folder in workspace_folders(recipe))


def _files(tree: Tree, content: RecipeFile) -> Iterator[tuple[Loc, Path]]:
    for index, spec in enumerate(content.spec):
        yield (("spec", index) if ("spec", index) in tree.values else ("spec",)), spec
    yield ("demonstrations",), content.demonstrations
    if content.chat_template:
        yield ("chat_template",), content.chat_template
    if isinstance(content.swap, Path):
        yield ("swap",), content.swap
    if (file := _spec_of(content.demonstrations)) is not None:
        yield ("demonstrations",), file
    for loc, name in _sources(content):
        if Path(name).is_absolute():  # a file; data sets of the hub and shipped suites go by name
            yield loc, Path(name)


def _sources(content: RecipeFile) -> Iterator[tuple[Loc, str]]:
    """What may be a file or the name of something else."""
    if content.mix:
        yield ("mix", "from"), content.mix.source
    yield from named_sources(content)
    for index, arm in enumerate(content.arms):
        if isinstance(arm, AdapterArm):
            yield ("arms", index, "adapter"), arm.adapter
    for name, stage in content.stages.items():
        yield from ((("stages", name, key), str(getattr(stage, key) or "")) for key in STAGE_FILES)
    yield from ((("suites", index), suite) for index, suite in enumerate(content.suites))


def _spec_of(demonstrations: Path) -> Path | None:
    """The spec that the file itself names, if it says how demonstrations are to be written; whoever reads the
    file says what is wrong with it."""
    try:
        return load_demonstration_settings(demonstrations).spec if has_demonstration_settings(demonstrations) else None
    except RecipeError:
        return None
