"""What the report of a run says, made from its files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msm_mlx.evals.items import MAIN_METRIC
from msm_mlx.files import read_jsonl
from msm_mlx.report.blocks import Block, Bullets, Cell, Code, Figure, Paragraph, Part, Passage, Report, Table, table
from msm_mlx.report.doubts import find_doubts
from msm_mlx.report.drawings import Interval, draw_intervals, draw_losses
from msm_mlx.report.effects import by_cell, draw_effects, effect_names, effect_rows
from msm_mlx.report.examples import RULE, Side, at_random, documents_of, most_different, read_sides
from msm_mlx.report.finished import (
    FinishedRun,
    Row,
    both_fine_tuned,
    is_clear,
    is_main,
    of_suite,
    share,
    signed,
    suites_of,
)
from msm_mlx.stages import ANSWERS, RESULTS
from msm_mlx.variants import CONTROL, variant_label

ARMS = {
    "base": "the model as it came",
    "sft": "fine-tuned on the demonstrations alone",
    "cot-sft": "fine-tuned on the demonstrations with the reasoning before each reply",
    "msm": "midtrained on the documents alone",
    "control+sft": "midtrained on documents with the preferences and no reasons, then fine-tuned on the demonstrations",
    "msm+sft": "midtrained on the documents, then fine-tuned on the same demonstrations",
    "it": "fine-tuned on general instructions alone",
}
INTERVALS = (
    "In brackets are 95 % intervals, over seeds and items together where there are several seeds and over items "
    "alone where there is one. A star marks a difference whose interval is clear of zero."
)
LONGEST = 600  # characters of an answer that are shown
EXAMPLES = 2  # documents of each folder


def build_report(runs: Sequence[FinishedRun], question: str = "") -> Report:
    """One run in full, or several with their effects side by side first."""
    title = " and ".join(dict.fromkeys(run.name for run in runs))
    parts = [_compared(runs)] if len(runs) > 1 else []
    for number, run in enumerate(runs):
        parts += _parts(run, f"r{number}-" if len(runs) > 1 else "", run.folder.name if len(runs) > 1 else "")
    return Report(title, question or "What do the same demonstrations teach after different documents?", tuple(parts))


def _parts(run: FinishedRun, prefix: str, name: str) -> Iterator[Part]:
    health = _health(run)
    findings = _grid(run) if run.results.get("grid") else _findings(run, prefix)
    sections: list[tuple[str, str, Sequence[Block]]] = [
        ("What was tested", "tested", _tested(run, health)),
        ("What was found", "found", findings),
        ("What could be wrong with this run", "doubts", _doubts(run, health)),
        ("Each domain alone", "domains", _domains(run)),
        ("Answers side by side", "answers", _answers(run)),
        ("Training", "training", _losses(run)),
        ("The documents", "documents", _documents(run, health)),
        ("Run it again", "again", _again(run)),
        ("All rows", "rows", _rows(run, prefix)),
    ]
    for title, anchor, blocks in sections:
        if blocks:
            yield Part(f"{name}: {title}" if name else title, prefix + anchor, tuple(blocks))


def _tested(run: FinishedRun, health: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    recipe = run.recipe
    specs = ", ".join(run_spec.rsplit("/", 1)[-1] for run_spec in map(str, recipe["specs"]))
    kept = sum(found["kept"] for found in health.values())
    seeds = ", ".join(map(str, recipe["seeds"]))
    added = ", added after the run: no document or demonstration was checked against it"
    meanings = [
        (row["name"] + (added if row.get("added") else ""), row["metric"]) for row in run.results.get("suites", ())
    ]
    blocks: list[Block] = [
        Paragraph(
            f"The model {recipe['model']}, called {recipe['model_name']} in every text, read {kept} documents in all, "
            f"written after {specs}. The arms below were trained from the same start, with the seeds {seeds}, and then "
            "asked what neither the documents nor the demonstrations mention."
        ),
        table("The arms", ("arm", "how it was trained"), [(arm, ARMS.get(arm, "")) for arm in recipe["arms"]]),
    ]
    if meanings:
        blocks.append(table("The suites", ("suite", "what is measured"), meanings))
    return blocks


def _findings(run: FinishedRun, prefix: str) -> list[Block]:
    suites = suites_of(run.results["pooled"])
    if not suites:
        return []
    first = suites[0]
    blocks: list[Block] = [Bullets(tuple(_sentences(run, first))), _arms_figure(run, first), Paragraph(INTERVALS)]
    blocks.append(_arms_table(run, suites, prefix))
    effects = [row for row in run.results["contrasts"] if both_fine_tuned(row)]
    if effects:
        found = {(row["a"], row["b"], row["suite"]): row for row in effects}
        body: list[list[str | Cell]] = [
            [f"{a} - {b}", *(Cell(signed(found.get((a, b, suite))), f"#{prefix}rows-{suite}") for suite in suites)]
            for a, b in effect_names(effects)
        ]
        blocks.append(table("Differences between arms", ("difference", *suites), body))
    return blocks


def _sentences(run: FinishedRun, suite: str) -> Iterator[str]:
    """The main differences on `suite` in words."""
    meaning = next((row["metric"] for row in run.results["suites"] if row["name"] == suite), suite)
    for row in of_suite(run.results["contrasts"], suite):
        if not _is_headline(row["a"], row["b"]):
            continue
        clear = is_clear(row)
        verdict = "The interval is clear of zero." if clear else "The interval includes zero: nothing is shown."
        seeds = f"{row['seeds']} seed{'s' * (row['seeds'] != 1)}"
        yield (
            f"{suite} ({meaning}): {row['a']} less {row['b']} is {signed(row)}, from {row['n']} items and {seeds}. "
            f"{verdict}"
        )


def _is_headline(a: str, b: str) -> bool:
    """Whether a report is about these arms: msm+sft, against the demonstrations alone or another spec."""
    return a.startswith("msm+sft") and b.startswith(("sft", "msm+sft"))


def _arms_figure(run: FinishedRun, suite: str) -> Figure:
    rows = [row for row in of_suite(run.results["pooled"], suite) if is_main(row)]
    single = [row for row in of_suite(run.results["records"], suite) if is_main(row) and row["seed"] is not None]
    intervals = [
        Interval(label, row["value"], row["ci_low"], row["ci_high"], _dots(single, label, run.several_specs))
        for row in rows
        for label in [variant_label(row, run.several_specs)]
    ]
    caption = f"{suite}: each arm with its 95 % interval; small dots are single seeds. The dashed line is one half."
    return Figure(caption, draw_intervals(caption, intervals, 0.0, 1.0, 0.5))


def _dots(rows: Sequence[Row], label: str, several_specs: bool) -> tuple[float, ...]:
    return tuple(row["value"] for row in rows if variant_label(row, several_specs) == label)


def _arms_table(run: FinishedRun, suites: Sequence[str], prefix: str) -> Table:
    found: dict[str, dict[str, Row]] = {}
    for row in run.results["pooled"]:
        if is_main(row):
            found.setdefault(variant_label(row, run.several_specs), {})[row["suite"]] = row
    body: list[list[str | Cell]] = [
        [label, *(Cell(share(by_suite.get(suite)), f"#{prefix}rows-{suite}") for suite in suites)]
        for label, by_suite in found.items()
    ]
    return table("Each arm, its seeds pooled; figures lead to their rows", ("arm", *suites), body)


def _grid(run: FinishedRun) -> list[Block]:
    blocks: list[Block] = [Paragraph(INTERVALS)]
    drawings = draw_effects(run.results)
    rows = effect_rows(run.results)
    for suite in suites_of(rows):
        own = of_suite(rows, suite)
        pairs = effect_names(own)
        header = (*run.results["grid"], *(f"{a} - {b}" for a, b in pairs))
        body = [[*map(str, cell), *(signed(found.get(pair)) for pair in pairs)] for cell, found in by_cell(own).items()]
        caption = f"Differences on {suite}, for every combination of settings"
        named = f'role="img" aria-label="{caption}"'
        blocks += [
            Bullets(tuple(_extremes(own, pair) for pair in pairs)),
            Figure(caption, drawings[suite].replace("<svg ", f"<svg {named} ", 1)),
            table(caption, header, body),
        ]
    return blocks


def _extremes(rows: Sequence[Row], pair: tuple[str, str]) -> str:
    """The least and the largest difference between two arms over all combinations, in words."""
    own = sorted((row for row in rows if (row["a"], row["b"]) == pair), key=lambda row: float(row["difference"]))
    ends = (f"{signed(row)} at {', '.join(f'{k} {v}' for k, v in row['cell'].items())}" for row in (own[0], own[-1]))
    return f"{own[0]['suite']}: {pair[0]} less {pair[1]} goes from " + " to ".join(ends) + "."


def _doubts(run: FinishedRun, health: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    found = find_doubts(run, health)
    return [Bullets(tuple(found))] if found else [Paragraph("None of the rules that look for weaknesses applies.")]


def _domains(run: FinishedRun) -> list[Block]:
    contrasts = run.results.get("domains", {}).get("contrasts", [])
    suite = next(iter(suites_of(contrasts)), None)
    rows = [row for row in of_suite(contrasts, suite) if both_fine_tuned(row)] if suite else []
    blocks: list[Block] = []
    for a, b in effect_names(rows):
        if _is_headline(a, b):
            own = [row for row in rows if (row["a"], row["b"]) == (a, b)]
            intervals = [Interval(row["domain"], row["difference"], row["ci_low"], row["ci_high"]) for row in own]
            caption = f"{suite}: {a} less {b} in each domain, with 95 % intervals. The dashed line is no difference."
            blocks.append(Figure(caption, draw_intervals(caption, intervals, -1.0, 1.0, 0.0)))
    return blocks


def _answers(run: FinishedRun) -> list[Block]:
    sides = [] if run.results.get("grid") else read_sides(run)  # those of a grid are in its cells
    if not sides:
        return []
    suite = next(iter(suites_of(run.results["pooled"])))
    return [
        *_side_tables(RULE, most_different(sides, suite)),
        *_side_tables("And as many of all prompts, drawn at random", at_random(sides)),
        Paragraph(f"All answers are in {ANSWERS} in the run's folder."),
    ]


def _side_tables(why: str, sides: Sequence[Side]) -> list[Block]:
    if not sides:
        return []
    labels = list(dict.fromkeys(label for side in sides for label in side))
    body = [
        [next(iter(side.values()))["prompt"], *(_written(side[label]) if label in side else "-" for label in labels)]
        for side in sides
    ]
    return [table(why, ("prompt", *labels), body)]


def _written(row: Mapping[str, Any]) -> str:
    text = str(row["written"][0]) if row["written"] else "-"
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."


def _losses(run: FinishedRun) -> list[Block]:
    seed = min(run.recipe["seeds"])
    curves: dict[bool, list[tuple[str, list[float]]]] = {}
    for path in sorted((run.folder / "adapters").glob(f"*-s{seed}/metrics.jsonl")):
        label = path.parent.name.removesuffix(f"-s{seed}")
        midtrained = label.partition("@")[0] in ("msm", CONTROL)
        curves.setdefault(midtrained, []).append((label, [float(row["loss"]) for row in read_jsonl(path)]))
    names = {True: "Midtraining", False: "Fine-tuning"}
    return [
        Figure(caption, draw_losses(caption, curves[kind]))
        for kind in (True, False)
        if kind in curves
        for caption in [f"{names[kind]}: smoothed loss (nats a token) against updates, seed {seed}."]
    ]


def _health(run: FinishedRun) -> dict[str, dict[str, Any]]:
    found = {}
    for name, path in documents_of(run.folder):
        health = path.parent / "health.json"
        if health.is_file():
            found[name] = json.loads(health.read_text(encoding="utf-8"))
    return found


def _documents(run: FinishedRun, health: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    if not health:
        return []
    body = [
        (
            name, str(h["kept"]), str(h["rejected"]), f"{h['kept_share']:.0%}", str(h["tokens"]),
            f"{h['gives_reason_share']:.0%}",
            ", ".join(f"{reason} {count}" for reason, count in h["rejected_by_reason"].items()) or "none",
        )
        for name, h in health.items()
    ]  # fmt: skip
    header = ("documents", "kept", "rejected", "share kept", "tokens", "give the value as a reason", "why rejected")
    blocks: list[Block] = [table("What was written", header, body)]
    for name, path in documents_of(run.folder):
        for record in read_jsonl(path)[:EXAMPLES]:
            title = f"{name}, {record['id']}: {record['type']}, {record['voice']}, about {record['section']}"
            blocks.append(Passage(title, str(record["text"])))
    return blocks


def _again(run: FinishedRun) -> list[Block]:
    recipe = run.recipe
    model: Mapping[str, Any] = next((record["model"] for record in run.records() if "model" in record), {})
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    fingerprint = model.get("fingerprint", "")
    return [
        Code(run.command),
        Paragraph(
            f"Model {recipe['model']}{' at ' + model['revision'] if model.get('revision') else ''} "
            f"(sha256 {fingerprint}), profile {recipe['profile']}. All stages together took {run.seconds:.0f} s. "
            f"Versions: {versions}. The same figures are in {RESULTS} and report.md."
        ),
        Code(json.dumps(recipe["settings"], indent=1, ensure_ascii=False)),
    ]


def _rows(run: FinishedRun, prefix: str) -> list[Block]:
    blocks: list[Block] = []
    if run.results.get("grid"):
        return [Paragraph("Each combination is a run of its own in cells/, with a folder and results of its own.")]
    for suite in suites_of(run.results["records"]):
        rows = of_suite(run.results["records"], suite)
        metrics = list(dict.fromkeys(row["metric"] for row in rows))
        found: dict[tuple[str, str], dict[str, Row]] = {}
        for row in rows:
            seed = "-" if row["seed"] is None else str(row["seed"])
            found.setdefault((variant_label(row, run.several_specs), seed), {})[row["metric"]] = row
        body = [
            [label, seed, *(share(own.get(metric)) for metric in metrics), str(next(iter(own.values()))["n"])]
            for (label, seed), own in found.items()
        ]
        caption = f"{suite}: every arm and seed; the answers behind them are the lines of {ANSWERS} with this suite"
        blocks.append(table(caption, ("arm", "seed", *metrics, "items"), body, f"{prefix}rows-{suite}"))
    return blocks


def _compared(runs: Sequence[FinishedRun]) -> Part:
    """The effects of all runs in one table."""
    found: list[tuple[str, dict[tuple[str, str, str], Row]]] = [
        (run.folder.name, {(row["suite"], row["a"], row["b"]): row for row in run.results["contrasts"]
                           if both_fine_tuned(row) and row["metric"] in MAIN_METRIC.values()})
        for run in runs
    ]  # fmt: skip
    keys = list(dict.fromkeys(key for _, rows in found for key in rows))
    body = [[f"{s}: {a} - {b}", *(signed(rows.get((s, a, b))) for _, rows in found)] for s, a, b in keys]
    blocks = (Paragraph(INTERVALS), table("Differences between arms", ("difference", *(n for n, _ in found)), body))
    return Part("The runs side by side", "compared", blocks)
