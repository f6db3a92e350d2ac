"""`msm-mlx compare`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from msm_mlx.cli.output import out
from msm_mlx.compare.stored import open_run, side_by_side
from msm_mlx.compare.tables import answer_view, contrast_table, score_table
from msm_mlx.evals.suites import SUITES


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--prompt", "prompts", multiple=True, help="Ask every arm this now; repeatable.")
@click.option("--suite", type=click.Choice(SUITES), help="Prompts of this suite only.")
@click.option("--domain", help="Prompts of this domain only.")
@click.option("--limit", default=12, show_default=True, type=click.IntRange(1), help="How many prompts to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON on stdout.")
def compare(
    runs: tuple[Path, ...], prompts: tuple[str, ...], suite: str | None, domain: str | None, limit: int, as_json: bool
) -> None:
    """Show the arms' answers to unseen prompts side by side, and their scores.

    \b
    Examples:
      msm-mlx compare runs/cheese_american
      msm-mlx compare runs/cheese_american --domain policy --limit 3
      msm-mlx compare runs/cheese_american --prompt "What do you care about?"
    """
    console = out()
    if prompts:
        from msm_mlx.compare.live import ask_variants

        for folder in runs:
            answers = ask_variants(folder, prompts)
            if as_json:
                print(json.dumps({"run": str(folder), "answers": answers}, indent=2, ensure_ascii=False))
            else:
                console.print(answer_view(f"Answers of {folder.name}, greedy, first seed", answers, console.width))
        return
    stored = [open_run(folder) for folder in runs]
    answers = side_by_side(stored, suite=suite, domain=domain, limit=limit)
    if as_json:
        results = [run.results for run in stored]
        print(json.dumps({"answers": answers, "results": results}, indent=2, ensure_ascii=False))
        return
    console.print(answer_view("Answers to unseen prompts, first seed", answers, console.width))
    for run in stored:
        console.print(score_table(run.answers))
        console.print(contrast_table(run.results["contrasts"]))
