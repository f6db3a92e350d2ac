"""The run folders of a workspace: which there are, how far each is, what tells two apart. Imports no mlx."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from msm_mlx.engine.adapter_files import CONFIG
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.files import home, writing
from msm_mlx.recipe.shipped import present_place
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import CELLS, LOCK, RECIPE, RECORD, RESULTS
from msm_mlx.settings_file.parse import parse, read
from msm_mlx.text.commands import command
from msm_mlx.text.wording import did_you_mean

LATEST = "latest"
State = Literal["finished", "running", "unfinished", "damaged"]


@dataclass(frozen=True)
class RunSummary:
    """One run folder at a glance. `next` is the command that goes on with it, empty if there is nothing to do."""

    path: Path
    recipe: str
    model: str
    state: State
    stages: int
    disk: int  # bytes
    changed: datetime
    next: str

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return vars(self) | {"path": str(self.path), "changed": self.changed.isoformat(timespec="seconds")}


def runs_home() -> Path:
    """The folder that runs are kept in: `runs` under the working folder or $MSM_MLX_HOME."""
    return home() / "runs"


def no_run(folder: Path) -> RecipeError:
    """The error that a folder is no run, with what it is if that is something else of the field."""
    if (folder / CONFIG).is_file():
        return RecipeError(f"{folder}: holds an adapter and no run; name the run folder that it was trained in")
    if (folder / "config.json").is_file():
        return RecipeError(f"{folder}: holds a model and no run; train it with `msm-mlx run RECIPE --model FOLDER`")
    return RecipeError(f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`")


def list_runs(home: Path) -> list[RunSummary]:
    """Every run in `home`, the last changed first. A grid is one run."""
    return sorted(map(summarise, _folders(home)), key=lambda run: (run.changed, run.path.name), reverse=True)


def find_run(text: str, home: Path) -> Path:
    """The run folder that `text` names: a path, `latest`, or the name of a run in `home`.

    Raises:
        RecipeError: if there is no run of that name, with the one that was probably meant.
    """
    folders = _folders(home)
    # an experiment often lies beside `runs` under the same name
    is_run_name = text in {folder.name for folder in folders}
    if os.path.exists(text) and not (is_run_name and not os.path.exists(os.path.join(text, RECORD))):
        return Path(text)
    if text == LATEST:
        if not folders:
            raise RecipeError(f"{LATEST}: there is no run in {home} yet; make one with `msm-mlx run RECIPE`")
        return max(folders, key=lambda folder: (folder / RECORD).stat().st_mtime_ns)
    names = [folder.name for folder in folders]
    if text in names:
        return home / text
    hint = did_you_mean(text, names) or (f" (there are {', '.join(sorted(names))})" if names else "")
    raise RecipeError(f"{text}: not a run folder, nor the name of a run in {home}{hint}; `msm-mlx runs` lists them")


def summarise(folder: Path) -> RunSummary:
    """What the files of a run say of it; a damaged record makes a damaged run and no error."""
    changed = datetime.fromtimestamp((folder / RECORD).stat().st_mtime, UTC)
    try:
        record = RunFolder(folder).record()
    except MsmError:
        return RunSummary(folder, "?", "?", "damaged", 0, disk_use(folder), changed, "")
    model = record.get("model")
    state: State = "running" if is_locked(folder) else "finished" if _is_done(folder, record) else "unfinished"
    return RunSummary(
        path=folder,
        recipe=str(record.get("recipe", "?")),
        model=str(model.get("name", "?")) if isinstance(model, dict) else "?",
        state=state,
        stages=sum(entry["state"] == "done" for entry in record["stages"].values()),
        disk=disk_use(folder),
        changed=changed,
        next=continuation(folder) if state == "unfinished" else "",
    )


def _is_done(folder: Path, record: dict[str, Any]) -> bool:
    if record.get("grid"):
        return (folder / RESULTS).is_file()
    return bool(record["stages"].get("results", {}).get("state") == "done")


def continuation(folder: Path) -> str:
    """The command that goes on with the run, as its own copy of the recipe tells it; empty if there is none.

    A cell goes on with its grid.
    """
    if folder.parent.name == CELLS:
        folder = folder.parent.parent
    recipe = read_recipe(folder)
    path, overrides = recipe.get("path"), recipe.get("overrides", [])
    if not isinstance(path, str) or not isinstance(overrides, list):
        return ""
    words = ["msm-mlx", "run", str(present_place(Path(path)))]
    for override in map(str, overrides):
        words += ["--set", override]
    return command(*words, "--profile", str(recipe.get("profile", "pocket")), "--run-dir", folder)


def load_resolved(folder: Path) -> dict[str, Any]:
    """The run's copy of its recipe, with every choice made.

    Raises:
        RecipeError: if it has none that can be read within the limits of settings files.
    """
    path = folder / RECIPE
    try:
        tree = parse(read(path))
        if isinstance(tree.value, dict) and not tree.problems:
            return tree.value
        reason = "; ".join(problem.line(path) for problem in tree.problems) or f"{path}: must be a mapping"
    except RecipeError as error:
        reason = str(error)
    raise RecipeError(f"{folder}: its copy of the recipe is damaged ({reason}); run the recipe's command again")


def read_recipe(folder: Path) -> dict[str, Any]:
    """The run's copy of its recipe; empty if it has none that can be read."""
    try:
        return load_resolved(folder)
    except RecipeError:
        return {}


def is_locked(folder: Path) -> bool:
    """Whether a process works in the folder now."""
    try:
        with (folder / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def disk_use(folder: Path) -> int:
    """Bytes of all files in the folder. Links are not followed."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(root) / name).st_size
            except OSError:  # gone meanwhile
                continue
    return total


def remove_run(folder: Path) -> None:
    """Delete a run folder with all that is in it.

    Raises:
        RecipeError: if it is no run folder, or only a link to one.
        MsmError: if a process works in it.
    """
    if folder.is_symlink() or not (folder / RECORD).is_file():
        raise RecipeError(f"{folder}: not a run folder (it has no {RECORD} of its own), so it is left alone; name one")
    with RunFolder(folder).lock(), writing(folder):
        doomed = folder.with_name(f".{folder.name}.removed")
        shutil.rmtree(doomed, ignore_errors=True)  # what an interrupted removal has left
        folder.rename(doomed)
        shutil.rmtree(doomed)


def differences(first: Path, second: Path) -> list[tuple[str, Any, Any]]:
    """What the recipes, models and results of two runs do not have in common, as `(key, in first, in second)`."""
    a, b = dict(_facts(first)), dict(_facts(second))
    return [(key, a.get(key), b.get(key)) for key in dict.fromkeys((*a, *b)) if a.get(key) != b.get(key)]


def _facts(folder: Path) -> Iterator[tuple[str, Any]]:
    from msm_mlx.runs.results import read_results  # a model of many parts, which most commands do without

    record = RunFolder(folder).record()
    yield from _flat(read_recipe(folder), "")
    for name in ("model", "versions"):
        yield from _flat(record.get(name), f"{name}.")
    try:
        results = read_results(folder)
    except RecipeError:
        return
    for row in results.pooled:
        yield f"results: {', '.join(part for part in (row.suite, row.arm, row.spec, row.metric) if part)}", row.value


def _flat(value: object, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}{key}." if isinstance(inner, dict) else f"{prefix}{key}")
    elif prefix not in ("path", "overrides", "profile_reason", "name_reason"):
        yield prefix, value


def _folders(home: Path) -> list[Path]:
    return [path.parent for path in home.glob(f"*/{RECORD}") if not path.parent.name.startswith(".")]
