"""What comes with msm-mlx to start from: recipes and specs, in the package or beside it in a checkout."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def shipped_recipes() -> dict[str, Path]:
    """The recipes by name."""
    return {path.stem: path for path in sorted(_folder("recipes").glob("*.yaml"))}


def read_question(recipe: Path) -> str:
    """What a recipe asks: its first line, if that is a comment. Empty if there is no such line to read."""
    try:
        first = recipe.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        return ""
    return first.lstrip("# ") if first.startswith("#") else ""


def shipped_specs() -> dict[str, Path]:
    """The specs by their path without `.md`, as `cheese_american` or `science/rules`."""
    folder = _folder("specs")
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.md"))}


def present_place(path: Path) -> Path:
    """Where a file that came with msm-mlx is now, if it has gone with the environment that msm-mlx was in: uvx and pipx
    make one and remove it as they like. Any other path as it is."""
    _, data, name = path.as_posix().rpartition("/msm_mlx/data/")
    if not data or path.exists():
        return path
    folder, _, rest = name.partition("/")
    return _folder(folder) / rest


def _folder(name: str) -> Path:
    package = Path(str(resources.files("msm_mlx")))
    folders = (package / "data" / name, package.parent / name)
    return next((folder for folder in folders if folder.is_dir()), folders[0])
