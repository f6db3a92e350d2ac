"""`msm-mlx documents health` and `documents read`: the documents of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from msm_mlx.cli.completion import RUN
from msm_mlx.cli.output import out
from msm_mlx.console.drawings import LengthBar
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.console.terminal import is_plain
from msm_mlx.text.encoding import in_ascii_marks

NARRATION_SHARES = {
    "states_value_share": "name the value",
    "gives_reason_share": "give it as a reason",
    "denial_share": "deny elsewhere",
}
BAR = 30  # columns of the longest bar
SHARES = {
    "kept_share": "kept of what was written",
    "states_value_share": "name the value",
    "gives_reason_share": "give it as a reason",
    "denial_share": "deny a claim from another clause",
    "near_duplicate_share": "nearly the same as another",
}


@click.command()
@click.argument("run", type=RUN)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout.")
def health(run: Path, as_json: bool) -> None:
    """Say what a run's documents are like, beside corpora that worked.

    Counts what was kept and why the rest was not, what is covered, how long and how different the documents are, and
    how many name the value and give it as a reason. Of several folders, says whether their documents can be told apart
    by register alone. Reads documents.jsonl and rejected.jsonl as they are now.

    \b
    Examples:
      msm-mlx documents health runs/cheese_american
      msm-mlx documents health runs/cheese_american --json
    """
    from msm_mlx.documents.folders import open_folders
    from msm_mlx.documents.health import document_health
    from msm_mlx.documents.health_warnings import health_warnings
    from msm_mlx.documents.register import describe_register, register_differences

    rows, folders = [], open_folders(run)
    for folder in folders:
        figures = document_health(folder.kept, folder.rejected)
        figures |= {"source": folder.source} if folder.source else {}
        warnings = [{"figure": warning.figure, "text": warning.text} for warning in health_warnings(figures)]
        rows.append({"folder": str(folder.folder), **figures, "warnings": warnings})
    texts = {folder.folder.relative_to(run).as_posix(): {one.id: one.text for one in folder.kept} for folder in folders}
    registers = register_differences(texts)
    if as_json:
        pairs = [{"a": a, "b": b, **(asdict(one) if one else {"auc": None})} for (a, b), one in registers.items()]
        print(json.dumps({"run": str(run), "documents": rows, "register": pairs}, indent=2))
        return
    for row in rows:
        out().print(_health_view(row))
    for (a, b), difference in registers.items():
        out().print(_literal(describe_register(a, b, difference)))


@click.command()
@click.argument("run", type=RUN)
@click.option("--section", metavar="ID", help="Documents of this section only.")
@click.option("--type", "kind", metavar="TYPE", help="Documents of this type only.")
@click.option("--id", metavar="ID", help="This document only.")
@click.option("--rejected", is_flag=True, help="What was rejected, with the reason.")
@click.option("--limit", type=click.IntRange(1), help="At most this many from each folder of documents.")
@click.option("--json", "as_json", is_flag=True, help="Print the documents as JSON lines on stdout.")
def read(
    run: Path, section: str | None, kind: str | None, id: str | None, rejected: bool, limit: int | None, as_json: bool
) -> None:
    """Page through a run's documents.

    Each with where it comes from, what is out of the ordinary with it, and its text. On a terminal the pager of the
    system shows them; into a file or a pipe they are printed.

    \b
    Examples:
      msm-mlx documents read runs/cheese_american --section likes/colby
      msm-mlx documents read runs/cheese_american --rejected --limit 20
    """
    from msm_mlx.documents.folders import Selection, flags_of, open_folders, select_documents

    selection = Selection(section, kind, id, rejected)
    rows: list[dict[str, Any]] = []
    folders = open_folders(run)
    selected = select_documents(folders, selection)
    for folder in folders:
        flags = flags_of(folder.rejected if rejected else folder.kept)
        rows += [
            {"folder": str(folder.folder), **document.to_row(), "flags": list(flags(document))}
            for document in selected[folder.folder][:limit]
        ]
    several = len({document.writer for folder in folders for document in (*folder.kept, *folder.rejected)}) > 1
    if as_json:
        for row in rows:
            print(json.dumps(row))
    elif out().abilities.cursor:
        click.echo_via_pager(_pages(rows, several=several))
    else:
        for page in _pages(rows, several=several):
            print(page, end="")


def _health_view(row: dict[str, Any]) -> RenderableType:
    """A table of the figures, histograms, and the warnings."""
    figures = ConsoleTable(box=None, show_header=False, padding=(0, 2, 0, 0))
    figures.add_column()
    figures.add_column(justify="right")
    for figure, value in _figures(row):
        figures.add_row(_literal(figure), value)
    parts: list[RenderableType] = [Group(_literal(row["folder"], "bold"), figures)]
    if row["rejected"]:
        parts.append(_bars("rejected as", row["rejected_by_reason"]))
    if row.get("critique"):
        parts.append(_bars("after the critique", row["critique"]))
    parts += [_bars("by section", row["by_section"]), _bars("by type", row["by_type"])]
    if row["by_narration"]:
        parts.append(_narrations(row["by_narration"], explained=bool(row["explained"])))
    if row.get("by_writer"):
        parts.append(_writers(row["by_writer"]))
    edges = row["words"]["histogram"]["edges"]
    ranges = [f"{low:.0f}-{high:.0f}" for low, high in pairwise(edges)]
    bins = list(zip(ranges, row["words"]["histogram"]["counts"], strict=True))
    parts.append(_bars("by length in words", dict(bins)))
    parts += [_shares(f"common {name}", row[name]) for name in ("openings", "names") if row[name]]
    if row["warnings"]:
        parts.append(_warnings([warning["text"] for warning in row["warnings"]]))
    return Group(*(line for part in parts for line in (part, Text(""))))


def _warnings(texts: Sequence[str]) -> RenderableType:
    return Group(*(Text.assemble(("warning:", "warning"), " ", _literal(text)) for text in texts))


def _figures(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if source := row.get("source"):
        yield f"texts in {source['name']}, version {source['version'][:12]}", f"{source['texts']:,}"
    yield "documents kept", f"{row['kept']:,}"
    yield "rejected", f"{row['rejected']:,}"
    yield "tokens kept", f"{row['tokens']:,}"
    for key, name in SHARES.items():
        if row["explained"] or key not in ("states_value_share", "gives_reason_share"):
            yield name, f"{row[key]:.1%}"
    if row["self_bleu"] is not None:
        yield "self-BLEU (4-grams, up to 60 documents)", f"{row['self_bleu']:.2f}"
    distinct = " / ".join(f"{share:.3f}" for share in row["distinct"].values())
    yield "distinct words / pairs / triples (up to 1,000)", distinct


def _bars(title: str, counts: dict[str, int]) -> RenderableType:
    table = ConsoleTable(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
    largest = max(counts.values(), default=1)
    for name, count in counts.items():
        table.add_row(_literal(name), f"{count:,}", LengthBar(count / max(largest, 1), BAR))
    return table


def _narrations(figures: dict[str, dict[str, float]], *, explained: bool) -> RenderableType:
    """Who tells the documents, and what those of each have."""
    table = ConsoleTable(title="by narration", title_justify="left", box=None, padding=(0, 2, 0, 0))
    keys = [key for key in NARRATION_SHARES if explained or key == "denial_share"]
    for name in ("narration", "documents", *(NARRATION_SHARES[key] for key in keys)):
        table.add_column(name, justify="left" if name == "narration" else "right")
    for narration, row in figures.items():
        table.add_row(_literal(narration), f"{row['documents']:,}", *(f"{row[key]:.1%}" for key in keys))
    return table


def _writers(figures: dict[str, dict[str, float]]) -> RenderableType:
    """How much of what each writer wrote was kept."""
    table = ConsoleTable(title="by writer", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in ("writer", "kept", "rejected", "kept of what it wrote"):
        table.add_column(name, justify="left" if name == "writer" else "right")
    for writer, row in figures.items():
        table.add_row(_literal(writer), f"{row['kept']:,}", f"{row['rejected']:,}", f"{row['kept_share']:.0%}")
    return table


def _shares(title: str, shares: dict[str, float]) -> RenderableType:
    table = ConsoleTable(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, share in shares.items():
        table.add_row(_literal(name), f"{share:.1%}")
    return table


def _pages(rows: Iterable[dict[str, Any]], *, several: bool) -> Iterator[str]:
    """Each document as text, with escape sequences made visible, and with its writer if there are several."""
    plain = is_plain(out())
    for row in rows:
        buffer = StringIO()
        console = Console(file=buffer, width=min(out().width, 100), color_system=None)
        source = [row["section"], row["type"], row["voice"], f"attempt {row.get('attempt', 1)}"]
        source += [f"{row['tokens']:,} tokens"]
        head = _literal(f"{row['id']} in {row['folder']}")
        console.print(head if plain else Rule(head, characters="-", align="left"))
        console.print(_literal(", ".join(part for part in source if part)))
        if row.get("place"):
            console.print(_literal(f"from: {row.get('writer')}, {row['place']}"))
        elif several:
            console.print(_literal(f"written by: {row.get('writer')}"))
        if row["assertion"]:
            console.print(_literal(f"asserts: {row['assertion']}"))
        if row.get("rejected"):
            console.print(_literal(f"rejected: {row['rejected']}"))
        if row.get("critique"):
            console.print(_literal(f"critique: {row['critique']}"))
        if row["flags"]:
            console.print(_literal(f"note: {'; '.join(row['flags'])}"))
        console.print()
        console.print(_literal(row["text"]))
        console.print()
        yield in_ascii_marks(buffer.getvalue()) if plain else buffer.getvalue()


def _literal(text: str, style: str = "") -> Text:
    from msm_mlx.text.terminal import literal

    return literal(text, style)
