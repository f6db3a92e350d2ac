"""`msm-mlx documents try`: what the writer makes of a recipe, with the verdict of every check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from msm_mlx.cli.output import out, print_json, reporter
from msm_mlx.cli.recipes import recipe_command
from msm_mlx.pipeline.experiment import Experiment


@click.command("try")
@recipe_command
@click.option("-n", "--drafts", "count", type=click.IntRange(1, 200), default=5, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print the drafts as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def try_documents(experiment: Experiment, count: int, as_json: bool, quiet: bool) -> None:
    """Show a few drafts with what every check says.

    They are the first that a run would ask for, and nothing stays of them. Below them stands how many would be kept,
    and which settings may help.

    \b
    Examples:
      msm-mlx documents try recipes/cheese_american.yaml
      msm-mlx documents try my.yaml -n 20 --model SmolLM2-135M --set sampling.temperature=0.6
    """
    from msm_mlx.pipeline.tryout import try_writer

    started = time.monotonic()
    with reporter(quiet=quiet or as_json) as report:
        drafts, settings = try_writer(
            experiment.recipe,
            count,
            report,
            lambda draft, total: None if as_json else _show(draft.document, draft.reasons),
        )
    seconds, tokens = time.monotonic() - started, sum(draft.document.tokens for draft in drafts)
    reasons = [draft.reasons[0] for draft in drafts if draft.reasons]
    kept = len(drafts) - len(reasons)
    if as_json:
        rows = [_plain(draft.document, draft.reasons) for draft in drafts]
        print_json({"kept": kept, "of": len(drafts), "tokens": tokens, "seconds": round(seconds, 1), "drafts": rows})
        return
    out().print(Text(_summary(kept, len(drafts), reasons, settings, tokens, seconds)))


def _show(document: Any, reasons: Sequence[str]) -> None:
    from msm_mlx.text.terminal import literal

    verdict = f"rejected: {'; '.join(reasons)}" if reasons else "kept"
    style = "error" if reasons else "ok"
    by = f" by {document.writer}" if document.writer else ""
    head = f"{document.section}, {document.voice} {document.type}{by}, {document.tokens} tokens"
    out().print(Text.assemble((f"{literal(head).plain}: ", "bold"), (verdict, style)))
    out().print(literal(document.text))
    out().print()


def _summary(kept: int, total: int, reasons: Sequence[str], settings: Any, tokens: int, seconds: float) -> str:
    from msm_mlx.documents.checks.wording_rules import count_checks
    from msm_mlx.documents.shortfall import advice

    lines = [
        f"{kept} of {total} would be kept. {tokens:,} tokens in {seconds:.0f} s, {tokens / seconds:,.0f} a second."
    ]
    if reasons:
        lines.append(f"Rejected: {count_checks(reasons)}.")
        if help_ := advice(reasons, settings):
            lines.append(f"What may help: {help_}.")
    return "\n".join(lines)


def _plain(document: Any, reasons: Sequence[str]) -> dict[str, Any]:
    row = {name: getattr(document, name) for name in ("id", "section", "type", "voice", "tokens", "text")}
    row |= {"writer": document.writer} if document.writer else {}
    return {**row, "kept": not reasons, "reasons": list(reasons)}
