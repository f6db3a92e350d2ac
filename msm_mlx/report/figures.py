"""A finished run, read from its files alone, and its figures as text."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.arms import arm_of, shows_behaviour, variant_label
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import CELLS, RECIPE, RESULTS
from msm_mlx.runs.workspace import load_resolved
from msm_mlx.suites.kinds import is_main_metric

NAME = "model_name="
FAILURES = ("unclear", "unparsed")  # metrics that say how much could not be read
Row = Mapping[str, Any]


@dataclass(frozen=True)
class FinishedRun:
    """What the files of a run say: its recipe as it was resolved, its record, and its results."""

    folder: Path
    recipe: Mapping[str, Any]
    record: Mapping[str, Any]
    results: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.recipe["name"])

    @property
    def several_specs(self) -> bool:
        return len(self.recipe["specs"]) > 1

    @property
    def same_but_for_name(self) -> tuple[Any, ...]:
        """Equal for runs that differ in nothing but what the assistant is called."""
        others = [text for text in self.recipe["overrides"] if not text.startswith(NAME)]
        return (self.name, self.recipe["profile"], self.recipe["model"], *sorted(others))

    @property
    def command(self) -> str:
        """What repeats the run in a clone of the project."""
        path = Path(self.recipe["path"])
        place = f"recipes/{path.name}" if path.parent.name == "recipes" else path.name
        options = [part for text in self.recipe["overrides"] for part in ("--set", text)]
        where = ["--run-dir", f"runs/{self.folder.name}"] if self.folder.name != self.name else []
        return shlex.join(["msm-mlx", "run", place, *options, *where])

    @property
    def perplexities(self) -> dict[str, list[Row]]:
        """The rows of each arm, one a seed."""
        found: dict[str, list[Row]] = {}
        for row in self.results.get("perplexity", ()):
            found.setdefault(variant_label(row, self.several_specs), []).append(row)
        return found

    def records(self) -> Iterator[Row]:
        """The record of the run and, if it is a grid, of each of its cells."""
        yield self.record
        for cell in self.record.get("cells", ()):
            yield RunFolder(self.folder / CELLS / cell).record()

    @property
    def seconds(self) -> float:
        """Wall time of all stages together."""
        return float(sum(stage.get("seconds", 0.0) for record in self.records() for stage in record["stages"].values()))

    @property
    def versions(self) -> Mapping[str, str]:
        return next((record["versions"] for record in self.records() if "versions" in record), {})


def read_run(folder: Path) -> FinishedRun:
    """The run in `folder`.

    Raises:
        RecipeError: if it is no run folder, or its evaluation is not finished.
    """
    for name in (RECIPE, RESULTS):
        if not (folder / name).is_file():
            raise RecipeError(f"{folder}: has no {Path(name).name}; name the folder of a finished run")
    recipe, record = load_resolved(folder), RunFolder(folder).record()
    try:
        results = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
        # what all tables need, so that a damaged file is told here
        return FinishedRun(folder, recipe | {"specs": recipe["specs"]}, record, results | {"pooled": results["pooled"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"{folder}: its files are damaged ({error}); run the recipe's command again") from error


def is_main(row: Row) -> bool:
    return is_main_metric(row["metric"])


def suites_of(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row["suite"] for row in rows))


def of_suite(rows: Iterable[Row], suite: str) -> list[Row]:
    return [row for row in rows if row["suite"] == suite]


def both_fine_tuned(row: Row) -> bool:
    """Whether both arms of a contrast saw the demonstrations, so that the documents are all the difference."""
    return all(shows_behaviour(arm_of(label)) for label in (row["a"], row["b"]))


def is_headline(a: str, b: str) -> bool:
    """Whether a report is about these arms: msm+sft, against the demonstrations alone or another spec."""
    return a.startswith("msm+sft") and b.startswith(("sft", "msm+sft"))


def is_clear(row: Row) -> bool:
    """Whether the interval of a difference is clear of zero, and it means something."""
    return not row.get("failure") and bool(row["ci_low"] > 0 or row["ci_high"] < 0)


def share(row: Row | None) -> str:
    """A share with its interval, or why its figure means nothing."""
    if row and row.get("failure") and row["metric"] not in FAILURES:
        return f"no finding: {row['failure']}"
    return f"{row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]" if row else "-"


def signed(row: Row | None) -> str:
    if row is None:
        return "-"
    if row.get("failure"):
        return f"no finding: {row['failure']}"
    star = " *" if is_clear(row) else ""
    return f"{row['difference']:+.2f} [{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]{star}"
