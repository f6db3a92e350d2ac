"""What `msm-mlx` shows without a command: what to do first, and how the last run stands."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.text import Text

from msm_mlx.cli.output import out
from msm_mlx.errors import MsmError
from msm_mlx.runs.folder import RunFolder, human_moment
from msm_mlx.runs.layout import CONCLUSION, RESULTS
from msm_mlx.runs.workspace import LATEST, RunSummary, find_run, runs_home, summarise
from msm_mlx.text.commands import command
from msm_mlx.text.terminal import literal, visible
from msm_mlx.text.wording import first_sentence

FIRST = "msm-mlx run cheese_american"
FURTHER = {
    "msm-mlx init mine": "an experiment of your own",
    "msm-mlx doctor": "what this machine is ready for",
    "msm-mlx --help": "all commands",
}
DOCS = "docs/tutorial.md"  # where a reader begins, in the repository
INDENT = "  "


def show_start() -> None:
    """Print it on stdout. Reads no more than the files of one run, and imports nothing heavy."""
    console = out()
    last = _last_run()
    if last is None:
        console.print("Start with this: two minutes, offline, with a small model that comes along.\n")
        _show_command(console, FIRST)
        console.print("\nThen:")
    else:
        _show_run(console, last)
        console.print("\nBeside that:")
    further = FURTHER if last is None else {"msm-mlx runs": "all runs"} | FURTHER
    width = max(map(len, further))
    for line, purpose in further.items():
        _show_indented(console, Text.assemble((line.ljust(width), "name"), f"  {purpose}"))
    console.print("\nThe docs begin with")
    _show_command(console, _docs())


def _last_run() -> RunSummary | None:
    try:
        return summarise(find_run(LATEST, runs_home()))
    except MsmError:
        return None


def _show_run(console: Console, run: RunSummary) -> None:
    """Its name and state, what it found or what stopped it, and the command to type next."""
    name, moment = visible(run.path.name), human_moment(run.changed.isoformat())
    console.print(Text.assemble("Last run: ", (name, "bold"), f", {run.state}, last changed {moment}"))
    words = found(run.path) if run.state == "finished" else failure(run.path) if run.state == "unfinished" else ""
    if words:
        _show_indented(console, literal(words))
    console.print("Next:")
    _show_command(console, next_command(run))


def _show_command(console: Console, line: str) -> None:
    """A command or a path on one line, so that it can be copied."""
    console.print(Text.assemble(INDENT, (visible(line), "name")), soft_wrap=True)


def _show_indented(console: Console, text: Text) -> None:
    for line in text.wrap(console, max(console.width - len(INDENT), 1)):
        line.rstrip()
        console.print(Text(INDENT).append_text(line))


def next_command(run: RunSummary) -> str:
    """What to type about a run in this state."""
    name = run.path.name if run.path.parent == runs_home() else str(run.path)
    return run.next or command("msm-mlx", *(["compare"] if run.state == "finished" else ["runs", "show"]), name)


def found(run: Path) -> str:
    """The first sentence of what a finished run found; empty if its report is older than its results."""
    path = run / CONCLUSION
    try:
        if path.stat().st_mtime < (run / RESULTS).stat().st_mtime:
            return ""
        answer = str(json.loads(path.read_text(encoding="utf-8"))["answer"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return first_sentence(answer)


def failure(run: Path) -> str:
    """Why the stage that was last begun has failed, if it has."""
    try:
        stages = RunFolder(run).record()["stages"]
    except MsmError:
        return ""
    reasons = [f"{name} failed: {entry['failure']}" for name, entry in stages.items() if entry.get("failure")]
    return reasons[-1].partition("\n")[0] if reasons else ""


def _docs() -> str:
    """Where the docs are: on this machine, if msm-mlx runs from its repository."""
    here = Path(__file__).parents[2] / DOCS
    return str(here) if here.is_file() else f"{DOCS} in the repository of msm-mlx"
