"""A record of finished runs in Markdown, made from their files alone: whatever came out stands in it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from msm_mlx.errors import RecipeError
from msm_mlx.evals.items import MAIN_METRIC
from msm_mlx.report.effects import effect_names, effect_rows
from msm_mlx.runs import CELLS, RunFolder
from msm_mlx.stages import RESULTS
from msm_mlx.variants import FINE_TUNED

NAME = "model_name="
Row = Mapping[str, Any]
Table = list[str]

INTRODUCTION = """\
Every figure here is read from the results files of finished runs by `benchmarks/evidence.py`; none is typed. Shares and
differences have 95 % intervals, over seeds and items together where a run has several seeds, and over
items alone where it has one. A star marks a difference whose interval is clear of zero."""


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


def read_run(folder: Path) -> FinishedRun:
    """The run in `folder`.

    Raises:
        RecipeError: if it is no run folder, or its evaluation is not finished.
    """
    try:
        recipe = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
        results = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
        record = RunFolder(folder).record()
        # what all tables need, so that a damaged file is told here
        return FinishedRun(folder, recipe | {"specs": recipe["specs"]}, record, results | {"pooled": results["pooled"]})
    except FileNotFoundError as error:
        raise RecipeError(f"{folder}: has no {Path(error.filename).name}; name the folder of a finished run") from error
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise RecipeError(f"{folder}: its files are damaged ({error}); run the recipe's command again") from error


def build_evidence(folders: Sequence[Path]) -> str:
    """The record of these runs. Runs that differ only in the assistant's name share a section and its last table."""
    groups: dict[tuple[Any, ...], list[FinishedRun]] = {}
    for run in map(read_run, folders):
        groups.setdefault(("grid", run.folder) if run.results.get("grid") else run.same_but_for_name, []).append(run)
    parts = ["# Evidence", INTRODUCTION]
    for runs in groups.values():
        parts += _grid_section(runs[0]) if runs[0].results.get("grid") else _section(runs)
    return "\n\n".join(parts) + "\n"


def _section(runs: Sequence[FinishedRun]) -> list[str]:
    """One recipe: the first run in full, and all of them side by side where they have other names."""
    first = runs[0]
    parts = [f"## {first.name}", *_facts(first)]
    for suite in _suites(first.results["pooled"]):
        meaning = next(row["metric"] for row in first.results["suites"] if row["name"] == suite)
        parts += [f"### {suite}: {meaning}", _arms(first, suite), _contrasts(_of(first.results["contrasts"], suite))]
        if domains := _domains(first, suite):
            parts += ["Each domain alone:", domains]
        if len(first.recipe["seeds"]) > 1:
            parts += ["Seeds apart:", _seeds(first, suite)]
    return [*parts, *_names(runs)] if len(runs) > 1 else parts


def _grid_section(run: FinishedRun) -> list[str]:
    parts = [f"## {run.name}, a grid of {len(run.record['cells'])} runs", *_facts(run)]
    rows = effect_rows(run.results)
    for suite in _suites(rows):
        own = _of(rows, suite)
        pairs = effect_names(own)
        cells: dict[tuple[Any, ...], dict[tuple[str, str], Row]] = {}
        for row in own:
            cells.setdefault(tuple(row["cell"].values()), {})[row["a"], row["b"]] = row
        header = [*run.results["grid"], *(f"{a} - {b}" for a, b in pairs)]
        body = [[*map(str, cell), *(_difference(found.get(pair)) for pair in pairs)] for cell, found in cells.items()]
        parts += [f"### {suite}", _table(header, body)]
    return parts


def _facts(run: FinishedRun) -> list[str]:
    """What was run, how to run it again, how long it took and with what."""
    recipe = run.recipe
    records = [run.record, *(RunFolder(run.folder / CELLS / cell).record() for cell in run.record.get("cells", ()))]
    seconds = sum(stage.get("seconds", 0.0) for record in records for stage in record["stages"].values())
    versions: Mapping[str, str] = next((record["versions"] for record in records if "versions" in record), {})
    seeds = ", ".join(map(str, recipe["seeds"]))
    return [
        f"    {_command(run)}",
        f"Model {recipe['model']} as {recipe['model_name']}, profile {recipe['profile']}, seeds {seeds}. "
        f"All stages together took {seconds:.0f} s. {_listed(versions)}".rstrip(),
    ]


def _command(run: FinishedRun) -> str:
    path = Path(run.recipe["path"])
    place = f"recipes/{path.name}" if path.parent.name == "recipes" else path.name
    options = [part for text in run.recipe["overrides"] for part in ("--set", text)]
    where = ["--run-dir", f"runs/{run.folder.name}"] if run.folder.name != run.name else []
    return shlex.join(["msm-mlx", "run", place, *options, *where])


def _listed(versions: Mapping[str, str]) -> str:
    return f"Versions: {', '.join(f'{name} {version}' for name, version in versions.items())}." if versions else ""


def _arms(run: FinishedRun, suite: str) -> str:
    """Each arm with its seeds pooled, in every metric of the suite."""
    rows = _of(run.results["pooled"], suite)
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(_label(row, run.several_specs), {})[row["metric"]] = row
    body = []
    for label, by_metric in found.items():
        first = next(iter(by_metric.values()))
        shares = [_share(by_metric.get(metric)) for metric in metrics]
        body.append([label, *shares, str(first["n"]), str(first["seeds"])])
    return _table(["arm", *metrics, "items", "seeds"], body)


def _contrasts(rows: Sequence[Row]) -> str:
    if not rows:
        return "No two trained arms to compare."
    body = [[f"{row['a']} - {row['b']}", _difference(row), str(row["n"])] for row in rows]
    return _table(["arms", f"difference in {rows[0]['metric']}", "items"], body)


def _domains(run: FinishedRun, suite: str) -> str:
    """The contrasts in each domain, a row for each pair of arms."""
    rows = _of(run.results["domains"]["contrasts"], suite)
    domains = list(dict.fromkeys(row["domain"] for row in rows))
    found = {(row["a"], row["b"], row["domain"]): row for row in rows}
    body = [
        [f"{a} - {b}", *(_difference(found.get((a, b, domain))) for domain in domains)] for a, b in effect_names(rows)
    ]
    return _table(["difference", *domains], body) if rows else ""


def _seeds(run: FinishedRun, suite: str) -> str:
    rows = [row for row in _of(run.results["records"], suite) if _is_main(row) and row["seed"] is not None]
    seeds = sorted({row["seed"] for row in rows})
    found: dict[str, dict[int, Row]] = {}
    for row in rows:
        found.setdefault(_label(row, run.several_specs), {})[row["seed"]] = row
    body = [[label, *(_share(by_seed.get(seed)) for seed in seeds)] for label, by_seed in found.items()]
    return _table(["arm", *(f"seed {seed}" for seed in seeds)], body)


def _names(runs: Sequence[FinishedRun]) -> list[str]:
    """Runs under several names: every arm, and the differences between arms that saw the demonstrations."""
    parts = [f"### {runs[0].name} under {len(runs)} names", *(f"    {_command(run)}" for run in runs[1:])]
    for suite in _suites(runs[0].results["pooled"]):
        shares, differences = [], []
        labels: dict[str, None] = {}
        pairs: dict[tuple[str, str], None] = {}
        for run in runs:
            arms = {_label(r, run.several_specs): r for r in _of(run.results["pooled"], suite) if _is_main(r)}
            effects = {(r["a"], r["b"]): r for r in _of(run.results["contrasts"], suite) if _both_fine_tuned(r)}
            labels |= dict.fromkeys(arms)
            pairs |= dict.fromkeys(effects)
            shares.append((run, arms))
            differences.append((run, effects))
        parts += [
            f"{suite}, each name:",
            _table(["name", *labels], [[_name(run), *(_share(arms.get(x)) for x in labels)] for run, arms in shares]),
            _table(
                ["name", *(f"{a} - {b}" for a, b in pairs)],
                [[_name(run), *(_difference(found.get(pair)) for pair in pairs)] for run, found in differences],
            ),
        ]
    return parts


def _name(run: FinishedRun) -> str:
    return str(run.recipe["model_name"])


def _both_fine_tuned(row: Row) -> bool:
    return all(label.partition("@")[0] in FINE_TUNED for label in (row["a"], row["b"]))


def _is_main(row: Row) -> bool:
    return row["metric"] in MAIN_METRIC.values()


def _suites(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row["suite"] for row in rows))


def _of(rows: Iterable[Row], suite: str) -> list[Row]:
    return [row for row in rows if row["suite"] == suite]


def _label(row: Row, several_specs: bool) -> str:
    return f"{row['arm']}@{row['spec']}" if several_specs and row["spec"] else str(row["arm"])


def _share(row: Row | None) -> str:
    return f"{row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]" if row else "-"


def _difference(row: Row | None) -> str:
    if row is None:
        return "-"
    star = " *" if row["ci_low"] > 0 or row["ci_high"] < 0 else ""
    return f"{row['difference']:+.2f} [{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]{star}"


def _table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
