"""The logs of Inspect in a run folder stay those of its answers. Inspect is imported only where some are written."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from msm_mlx.export.transcripts import answered_variants
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import RESULTS, inspect_log
from msm_mlx.text.commands import command


def freshen_logs(folder: Path, say: Callable[[str], None]) -> None:
    """Write the logs of a finished run anew that are older than its results, those of the same variants, and delete
    what is no log of them any more. Without Inspect, `say` hears how it is done."""
    results = folder / RESULTS
    stale = [log for log in results.parent.glob("*.eval") if log.stat().st_mtime < results.stat().st_mtime]
    if not stale:
        return
    if not importlib.util.find_spec("inspect_ai"):
        again = command("msm-mlx", "export", folder, "--format", "inspect")
        say(f"Logs of Inspect in {results.parent} are of earlier answers; with inspect-ai, `{again}` writes them anew.")
        return
    from msm_mlx.export.inspect_log import write_logs

    run, names = open_run(folder), {log.name for log in stale}
    variants = [
        variant
        for variant in answered_variants(run)
        if any(Path(inspect_log(suite.name, variant)).name in names for suite in run.results.suites)
    ]
    written = write_logs(run, variants, results.parent)
    for log in set(stale).difference(written):
        log.unlink()
    say(f"Logs of Inspect in {results.parent} were of earlier answers and are written anew.")
