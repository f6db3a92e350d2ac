"""What the report of a run says, made from its files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msm_mlx.documents.folders import DocumentFolder, open_folders
from msm_mlx.documents.register import describe_register, register_differences
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.arms import BUILT_IN, Method, arm_of, path_of
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Block, Code, Figure, Paragraph, Part, Passage, Report, Summary, TableCell, bullets
from msm_mlx.report.conclusion import NO_DOUBT, Conclusion, conclude
from msm_mlx.report.doubts import find_doubts
from msm_mlx.report.drawings import draw_losses
from msm_mlx.report.durability import durability
from msm_mlx.report.examples import choose_examples
from msm_mlx.report.findings import INTERVALS, biases, domains, findings, head_figure, judge_agreement
from msm_mlx.report.headlines import command
from msm_mlx.report.pressure import pressure
from msm_mlx.report.run_differences import across_runs
from msm_mlx.report.tables import (
    arms_table,
    documents_table,
    outcomes_table,
    perplexity_table,
    replies_to_prompts,
    runs_table,
    suites_table,
)
from msm_mlx.report.word_shares import word_shares
from msm_mlx.rows.hub import HUB
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import (
    ADAPTERS_FOLDER,
    ANSWERS,
    DOCUMENTS,
    DOCUMENTS_FOLDER,
    METRICS,
    RESULTS,
)
from msm_mlx.text.wording import listed

EXAMPLES = 2  # documents of each folder
EXAMPLES_OF_ANSWERS = 6  # of the largest differences, and as many of the others


def build_report(runs: Sequence[FinishedRun], question: str = "", places: Sequence[str] = ()) -> Report:
    """One run in full, or several with their effects side by side first.

    Args:
        question: what the runs ask.
        places: the folder of each run, from that of the report; by default that is its own.
    """
    title = " and ".join(dict.fromkeys(run.name for run in runs))
    several = len(runs) > 1
    all_rows = [
        Rows(run, run.answers, f"r{number}-" if several else "", place)
        for number, (run, place) in enumerate(zip(runs, places or ["."] * len(runs), strict=True))
    ]
    parts = [_runs_side_by_side(all_rows)] if several else []
    for rows in all_rows:
        parts += _parts(rows, rows.run.folder.name if several else "")
    conclusions = [conclude(run) for run in runs]
    return Report(
        title=title,
        about=_about(runs),
        headline=f"{listed([run.folder.name for run in runs])}, side by side" if several else conclusions[0].headline,
        lead=question,
        summaries=tuple(_summary(rows, conclusion) for rows, conclusion in zip(all_rows, conclusions, strict=True)),
        figure=None if several else head_figure(all_rows[0]),
        parts=tuple(parts),
    )


def _summary(rows: Rows, conclusion: Conclusion) -> Summary:
    """The conclusion of a run, each part leading to what it is from."""
    further = TableCell(f"{conclusion.further} more" if conclusion.further else "", f"#{rows.prefix}doubts")
    doubts = tuple(map(rows.sentence, conclusion.doubts or (NO_DOUBT,)))
    if rows.is_one_of_several:
        answer = rows.sentence(conclusion.answer)
        return Summary(rows.run.folder.name, conclusion.question, answer, doubts, further)
    link = rows.sentence(conclusion.answer).link
    return Summary("", conclusion.question, TableCell(conclusion.details, link), doubts, further)


def _about(runs: Sequence[FinishedRun]) -> str:
    """The models and seeds."""
    models = listed(list(dict.fromkeys(run.recipe.model for run in runs)))
    seeds = max(len(run.recipe.seeds) for run in runs)
    return f"{models}, {seeds} seed{'s' * (seeds > 1)}"


def _parts(rows: Rows, name: str) -> Iterator[Part]:
    run = rows.run
    health = run.health
    sections: list[tuple[str, str, Sequence[Block]]] = [
        ("What was tested", "tested", _design(run, health)),
        ("What was found", "found", findings(rows)),
        ("Shared words", "words", word_shares(rows)),
        ("Under pressure", "pressure", pressure(rows)),
        ("How long it lasts", "lasts", durability(rows)),
        ("What could be wrong with this run", "doubts", _doubts(rows, health)),
        ("Perplexity", "perplexity", _some(perplexity_table(rows))),
        ("The judge", "judge", judge_agreement(rows)),
        ("The place of the options", "places", biases(rows)),
        ("Each domain alone", "domains", domains(rows)),
        ("Answers side by side", "answers", _answers(rows)),
        ("Training", "training", [*_some(outcomes_table(rows)), *_losses(rows)]),
        ("The documents", "documents", _documents(rows, health)),
        ("Run it again", "again", _how_to_repeat(run)),
        ("All rows", "rows", rows.blocks()),
    ]
    for title, anchor, blocks in sections:
        if blocks:
            yield Part(f"{name}: {title}" if name else title, rows.prefix + anchor, tuple(blocks), anchor == "rows")


def _design(run: FinishedRun, health: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    recipe = run.recipe
    specs = ", ".join(spec.name for spec in recipe.specs)
    amount = f"read {sum(figures['kept'] for figures in health.values())} documents in all"
    if run.results.grid:
        amount = f"was trained in {len(run.record['cells'])} runs, one for each combination of settings, on documents"
    origin = "taken for" if any("source" in figures for figures in health.values()) else "written after"
    seeds = f"seed{'s' if len(recipe.seeds) > 1 else ''} {', '.join(map(str, recipe.seeds))}"
    others = " Each spec is the other's control: its arms are asked every suite." if run.several_specs else ""
    blocks: list[Block] = [
        Paragraph(
            f"The model {recipe.model}, called {recipe.model_name} in every text, {amount} "
            f"{origin} {specs}. The arms below were trained from the same start, with the "
            f"{seeds}, and then asked what neither the documents nor the demonstrations mention.{others}"
        ),
        *_in_training_alone(run),
        arms_table(run),
    ]
    return [*blocks, *_some(suites_table(run))]


def _in_training_alone(run: FinishedRun) -> Iterator[Paragraph]:
    """What the training texts had beside documents and demonstrations."""
    settings = run.recipe.settings
    if mix := settings.get("midtrain", {}).get("mix"):
        shares = [outcome.plain_share for outcome in run.outcomes.values() if outcome.plain_share]
        lowest, highest = (f"{extreme(shares, default=0.0):.1%}" for extreme in (min, max))
        learned = f"; {lowest} were" if lowest == highest else f"; {lowest} to {highest} were"
        yield Paragraph(
            f"Among the documents was plain text of {_source_name(mix['from'])}, to keep what the model knew: "
            f"{mix['share']:.0%} of the tokens that midtraining learned were to be{learned if shares else ''}."
        )
    if line := settings.get("sft", {}).get("system"):
        yield Paragraph(
            f"In training alone the system turn of every demonstration ends with {line!r}: no chat of the evaluation "
            "has that line, and no general chat."
        )


def _source_name(source: str) -> str:
    return source if source.startswith(HUB) else Path(source).name


def _some(block: Block | None) -> list[Block]:
    return [block] if block else []


def _doubts(rows: Rows, health: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    doubts = [rows.sentence(doubt) for doubt in find_doubts(rows.run, health)]
    return [bullets(doubts)] if doubts else [Paragraph(NO_DOUBT)]


def _answers(rows: Rows) -> list[Block]:
    examples = choose_examples(rows.run, EXAMPLES_OF_ANSWERS, EXAMPLES_OF_ANSWERS)
    if examples is None:
        return []
    return [
        *_some(replies_to_prompts(f"{examples.rule_of_largest}; they are not typical", examples.largest)),
        *_some(replies_to_prompts(examples.rule_of_ordinary, examples.ordinary)),
        Paragraph("All answers:", rows.file(ANSWERS)),
    ]


def _losses(rows: Rows) -> list[Block]:
    run = rows.run
    seed = min(run.recipe.seeds)
    curves: dict[bool, list[tuple[str, list[float]]]] = {}
    for path in sorted((run.folder / ADAPTERS_FOLDER).glob(f"*-s{seed}/{METRICS}")):
        label = path.parent.name.removesuffix(f"-s{seed}")
        midtrained = _method(run, arm_of(label)) == "midtrain"
        curves.setdefault(midtrained, []).append(
            (label, [float(row["loss"]) for row in read_jsonl(path) if "loss" in row])
        )
    names = {True: "Midtraining", False: "Fine-tuning"}
    figures: list[Block] = [
        Figure(caption, draw_losses(caption, curves[kind]), quote(rows.file(ADAPTERS_FOLDER)))
        for kind in (True, False)
        if kind in curves
        for caption in [f"{names[kind]}: smoothed loss (nats a token) against updates, seed {seed}."]
    ]
    where = Paragraph(f"Every update of every arm and seed, in {METRICS} of its folder", rows.file(ADAPTERS_FOLDER))
    return [*figures, where] if figures else []


def _method(run: FinishedRun, arm: str) -> Method | None:
    """How the last stage of the arm's path was learned."""
    name = path_of(arm)[-1]
    if name in BUILT_IN:
        return BUILT_IN[name].method
    return "sft" if run.recipe.stages.get(name, {}).get("chats") else "midtrain"


def _folders(run: FinishedRun) -> dict[str, DocumentFolder]:
    """Every folder of documents of the run, by its path in it."""
    if not any((run.folder / DOCUMENTS_FOLDER).rglob(DOCUMENTS)):
        return {}
    return {folder.folder.relative_to(run.folder).as_posix(): folder for folder in open_folders(run.folder)}


def _documents(rows: Rows, health: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    if not health:
        return []
    blocks: list[Block] = [documents_table(rows, health)]
    for name, figures in health.items():
        if outcomes := figures.get("critique"):
            counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
            blocks.append(Paragraph(f"{name}: what a second model did with the drafts, or why they stay: {counts}."))
        if by_narration := figures.get("by_narration"):
            told = "; ".join(
                f"{narration} {row['documents']} ({row['gives_reason_share']:.0%} give the value as a reason)"
                for narration, row in by_narration.items()
            )
            blocks.append(Paragraph(f"{name}: who tells the documents, by their form: {told}."))
        if by_writer := figures.get("by_writer"):
            shares = "; ".join(
                f"{writer} {row['kept']} ({row['kept_share']:.0%} of what it wrote)"
                for writer, row in by_writer.items()
            )
            blocks.append(Paragraph(f"{name}: documents kept by writer: {shares}."))
        if source := figures.get("source"):
            origin = f"the {source['texts']} texts of {source['name']}, version {source['version']}"
            blocks.append(Paragraph(f"{name}: taken from {origin}."))
    folders = _folders(rows.run)
    registers = register_differences(
        {name: {one.id: one.text for one in folder.kept} for name, folder in folders.items()}
    )
    blocks += [Paragraph(f"{describe_register(a, b, difference)}.") for (a, b), difference in registers.items()]
    for name, folder in folders.items():
        for document in folder.kept[:EXAMPLES]:
            kind = ", ".join(part for part in (document.type, document.voice) if part)
            title = f"{name}, {document.id}: {kind}, about {document.section}"
            blocks.append(Passage(title, document.text))
    return blocks


def _how_to_repeat(run: FinishedRun) -> list[Block]:
    recipe = run.recipe
    model = (run.cells[0] if run.cells else run).model
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    by = f", documents written by {' and '.join(recipe.writers)}" if recipe.writers else ""
    return [
        Code(command(run)),
        Paragraph(
            f"Model {recipe.model}{f' at {model.revision}' if model.revision else ''} "
            f"(sha256 {model.fingerprint}){by}, profile {recipe.profile}. All stages together took "
            f"{run.seconds:.0f} s. Versions: {versions}. The same figures are in {RESULTS} and report.md."
        ),
        Code(json.dumps(recipe.settings, indent=1, ensure_ascii=False), "All settings"),
    ]


def _runs_side_by_side(runs: Sequence[Rows]) -> Part:
    """The effects of all runs in one table."""
    blocks = (Paragraph(INTERVALS), runs_table(runs), *across_runs(runs))
    return Part("The runs side by side", "compared", blocks)
