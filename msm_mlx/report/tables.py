"""The tables of a report, in the order of the page. Cells lead to the rows, or the files, that they are from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msm_mlx.recipe.arm_descriptions import describe_training
from msm_mlx.recipe.arms import arm_of
from msm_mlx.recipe.contrasts import is_asked
from msm_mlx.recipe.controls import arm_roles, sort_labels
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Replies, SharedReply, Table, TableCell, table
from msm_mlx.report.effects import EffectTable, effect_names
from msm_mlx.report.examples import Side, reply_of
from msm_mlx.report.headlines import both_show_behaviour, is_general, is_main, perplexities_by_arm
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import (
    ADAPTERS_FOLDER,
    ANSWERS,
    CELLS,
    DOCUMENTS,
    HEALTH,
    METRICS,
    PERPLEXITY,
    REJECTED,
    VERDICTS,
)
from msm_mlx.runs.results import Bias, Contrast, JudgeReport, Share
from msm_mlx.suites.kinds import is_main_metric
from msm_mlx.text.wording import cut

MAX_CHARACTERS = 600  # characters of an answer that are shown

Body = list[list[str | TableCell]]


def arms_table(run: FinishedRun) -> Table:
    """The first table: what each arm of the recipe is, and what it is a control for."""
    here = [arm for arm in run.recipe.arms if arm not in run.adapters]
    lines = [(role.arm, role.line) for role in arm_roles(here, run.recipe.stand_ins)]
    lines += [(arm, "") for arm in run.adapters]
    rows = [(arm, describe_training(arm, run.recipe.stages, run.adapters), line) for arm, line in lines]
    return table("The arms, each control behind the arm that it is for", ("arm", "how it was trained", "control"), rows)


def suites_table(run: FinishedRun) -> Table | None:
    """What each suite measures."""
    added = ", added after the run: no document or demonstration was checked against it"
    rows = [(suite.name + (added if suite.added else ""), suite.measures) for suite in run.results.suites]
    return table("The suites", ("suite", "what is measured"), rows) if rows else None


def shares_table(rows: Rows, suites: Sequence[str]) -> Table:
    """Every arm's share on every suite, its seeds pooled, each control behind the arm that it is for."""
    by_arm: dict[str, dict[str, Share]] = {}
    for row in rows.run.results.pooled:
        if is_main(row):
            by_arm.setdefault(row.label(rows.run.several_specs), {})[row.suite] = row
    stand_ins = rows.run.recipe.stand_ins
    differs_in = {role.arm: role.differs_in for role in arm_roles(dict.fromkeys(map(arm_of, by_arm)), stand_ins)}
    body: Body = [
        [label, differs_in[arm_of(label)], *(rows.cell(by_arm[label].get(suite), suite, label) for suite in suites)]
        for label in sort_labels(by_arm, stand_ins)
    ]
    caption = "Each arm, its seeds pooled, and what it is a control for; figures lead to their rows"
    return table(caption, ("arm", "control for", *suites), body)


def differences_table(rows: Rows, suites: Sequence[str]) -> Table | None:
    """Every difference between arms that show behaviour, or from an adapter that nobody trained here, on every
    suite."""
    adapters = rows.run.recipe.adapters.keys()
    effects = [
        row
        for row in rows.run.results.contrasts
        if both_show_behaviour(row) or is_general(row.b) or not adapters.isdisjoint((row.a, row.b))
    ]
    by_pair = {(row.a, row.b, row.suite): row for row in effects}
    body: Body = [
        [f"{a} - {b}", *(rows.cell(by_pair.get((a, b, suite)), suite) for suite in suites)]
        for a, b in effect_names(effects)
    ]
    return table("Differences between arms", ("difference", *suites), body) if body else None


def log_odds_table(rows: Rows) -> Table | None:
    """The log-odds of every arm, its seeds pooled, and of every difference that the recipe asks about."""
    results, several = rows.run.results, rows.run.several_specs
    by_name: dict[str, dict[str, TableCell]] = {}
    for share in results.pooled:
        if share.log_odds and not share.failure:
            label = share.label(several)
            cell = TableCell(share.log_odds.signed, rows.link(share.suite, label))
            by_name.setdefault(label, {})[share.suite] = cell
    for row in results.contrasts:
        if row.log_odds and not row.failure and is_asked(row.a, row.b, rows.run.recipe.stand_ins):
            cell = TableCell(row.log_odds.as_difference, rows.link(row.suite))
            by_name.setdefault(f"{row.a} - {row.b}", {})[row.suite] = cell
    suites = list(dict.fromkeys(suite for by_suite in by_name.values() for suite in by_suite))
    body: Body = [
        [name, *(by_suite.get(suite, TableCell("-")) for suite in suites)] for name, by_suite in by_name.items()
    ]
    caption = "Log-odds of the target over the other option (nats), both orders averaged, and their differences"
    return table(caption, ("arm or difference", *suites), body) if body else None


def grid_table(rows: Rows, effects: EffectTable) -> Table:
    """The differences on a suite, for every combination of a grid's settings."""
    body: Body = [
        [
            *cell.settings,
            *(TableCell(text, quote(rows.file(f"{CELLS}/{cell.name}/{ANSWERS}"))) for text in cell.effects),
        ]
        for cell in effects.cells
    ]
    caption = f"Differences on {effects.suite}, for every combination of settings; figures lead to its answers"
    return table(caption, effects.header, body, rows.link(effects.suite).removeprefix("#"))


def runs_table(runs: Sequence[Rows]) -> Table:
    """The differences of several runs side by side."""
    by_run: list[dict[tuple[str, str, str], Contrast]] = [
        {(row.suite, row.a, row.b): row for row in rows.run.results.contrasts
         if both_show_behaviour(row) and is_main_metric(row.metric)}
        for rows in runs
    ]  # fmt: skip
    body: Body = [
        [f"{s}: {a} - {b}", *(rows.cell(effects.get((s, a, b)), s) for effects, rows in zip(by_run, runs, strict=True))]
        for s, a, b in dict.fromkeys(key for effects in by_run for key in effects)
    ]
    return table("Differences between arms", ("difference", *(rows.run.folder.name for rows in runs)), body)


def perplexity_table(rows: Rows) -> Table | None:
    """Each arm's perplexity on neutral text, its seeds averaged."""
    body: Body = [
        [label, TableCell(_mean([row.perplexity for row in seeds]), quote(rows.file(PERPLEXITY))), str(seeds[0].tokens)]
        for label, seeds in perplexities_by_arm(rows.run).items()
    ]
    caption = "Perplexity on plain text (pocket's is of the kind it was pretrained on), seeds averaged, no interval"
    return table(caption, ("arm", "perplexity", "tokens"), body) if body else None


def judge_table(rows: Rows, judge: JudgeReport) -> Table:
    """How far the judge agrees with labels by hand, leading to its verdicts."""
    link = quote(rows.file(VERDICTS)) if (rows.run.folder / VERDICTS).is_file() else ""
    header = ("task", "used", "kappa", "right", "unclear", "examples", "chance")
    body: Body = [
        [
            "ratings" if task.task == "rating" else "acts", "yes" if task.usable else "NO: UNUSABLE",
            TableCell(f"{task.kappa:.2f}", link), TableCell(f"{task.accuracy:.0%}", link),
            TableCell(f"{task.unclear:.0%}", link), str(task.n), TableCell(f"p = {task.p:.4f}", link),
        ]
        for task in judge.agreement
    ]  # fmt: skip
    return table(f"The judge {judge.judge}", header, body)


def biases_table(rows: Rows) -> Table | None:
    """How far each arm goes by the place of an option in a forced choice, its seeds averaged."""
    by_arm: dict[tuple[str, str], list[Bias]] = {}
    for row in rows.run.results.biases:
        by_arm.setdefault((row.suite, row.label(rows.run.several_specs)), []).append(row)
    body: Body = [
        [
            f"{suite}: {label}",
            TableCell(_mean([row.first.value for row in seeds]), rows.link(suite, label)),
            TableCell(_mean([row.written_first for row in seeds if row.written_first is not None]), rows.link(suite)),
            TableCell(_mean([row.decided for row in seeds]), rows.link(suite, label)),
        ]
        for (suite, label), seeds in by_arm.items()
    ]
    header = ("suite and arm", "takes what is named first", "writes what is named first", "same in both orders")
    return table("Shares of the forced choices", header, body) if body else None


def replies_to_prompts(caption: str, sides: Sequence[Side]) -> Replies | None:
    """What the arms answered to the same prompts."""
    prompts = []
    for side in sides:
        arms: dict[str, list[str]] = {}
        for label, row in side.items():
            arms.setdefault(_shortened(row), []).append(label)
        replies = tuple(SharedReply(", ".join(labels), text) for text, labels in arms.items())
        prompts.append((next(iter(side.values())).prompt, replies))
    return Replies(caption, tuple(prompts)) if prompts else None


def outcomes_table(rows: Rows) -> Table | None:
    """What each training changed, leading to the losses of its updates."""
    body: Body = []
    for stage, it in rows.run.outcomes.items():
        losses = f"{ADAPTERS_FOLDER}/{stage.partition(' ')[2]}/{METRICS}"
        link = quote(rows.file(losses)) if (rows.run.folder / losses).is_file() else ""
        values = (str(it.updates), *(f"{value:.3f}" for value in (it.before, it.after, it.standard_error)))
        body.append([stage, *(TableCell(value, link) for value in values), it.measured])
    header = ("training", "updates", "loss before", "after", "standard error of the difference", "measured on")
    return table("What training did to the loss (nats a token)", header, body) if body else None


def documents_table(rows: Rows, health: Mapping[str, Mapping[str, Any]]) -> Table:
    """The figures of each folder of documents, each leading to the file that it is from."""
    body: Body = [[name, *_health_cells(rows, name, figures)] for name, figures in health.items()]
    header = ("documents", "kept", "rejected", "share kept", "tokens", "give the value as a reason", "why rejected")
    return table("What was written", header, body)


def _health_cells(rows: Rows, name: str, figures: Mapping[str, Any]) -> Iterator[TableCell]:
    reasons = ", ".join(f"{reason} {count}" for reason, count in figures["rejected_by_reason"].items()) or "none"
    cells = [
        (str(figures["kept"]), DOCUMENTS),
        (str(figures["rejected"]), REJECTED),
        (f"{figures['kept_share']:.0%}", HEALTH),
        (str(figures["tokens"]), HEALTH),
        (f"{figures['gives_reason_share']:.0%}", HEALTH),
    ]
    yield from (TableCell(text, quote(rows.file(f"{name}/{file}"))) for text, file in cells)
    yield TableCell(reasons)


def _shortened(row: AnswerRow) -> str:
    return cut(reply_of(row) or "-", MAX_CHARACTERS)


def _mean(values: Sequence[float]) -> str:
    if not values:
        return "-"
    mean = f"{sum(values) / len(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.2f} to {max(values):.2f})"
