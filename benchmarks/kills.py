"""Writing that is killed again and again ends in the same files as writing that is left alone.

    python benchmarks/kills.py [--kills 20] [--documents 300] [--seed 0]

`msm-mlx documents cheese_american` is stopped with SIGKILL at random moments and begun again, until it has been killed
as often as asked or has ended; then it is let finish. Prints JSON: the kills, and whether each file is byte for byte
that of the undisturbed job. Exits with 1 if one is not, or if a document is there twice.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

FILES = ("documents.jsonl", "rejected.jsonl", "health.json")
SHORTEST = 0.8  # seconds that a job lives, at the least
BATCH = 8  # documents written together: small, so that a short life gets something done


@click.command(help=__doc__)
@click.option("--kills", default=20, show_default=True)
@click.option("--documents", default=300, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Decides when to kill.")
def main(kills: int, documents: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as disturbed:  # or one would copy
        started = time.monotonic()
        subprocess.run(job(Path(alone), documents), check=True)
        whole = time.monotonic() - started
        done = kill(job(Path(disturbed), documents), kills, whole / 6, random.Random(seed))
        subprocess.run(job(Path(disturbed), documents), check=True)
        same = {name: read(alone, name) == read(disturbed, name) for name in FILES}
        ids = [json.loads(line)["id"] for line in read(disturbed, FILES[0]).splitlines()]
    once = len(ids) == len(set(ids)) == documents
    print(json.dumps({"kills": done, "seconds_undisturbed": whole, "same": same, "each_once": once}, indent=2))
    if not (all(same.values()) and once):
        sys.exit(1)


def job(home: Path, documents: int) -> list[str]:
    start = "from msm_mlx.cli.main import main; main()"
    settings = ["--set", f"documents.count={documents}", "--set", f"documents.batch_size={BATCH}"]
    return [sys.executable, "-c", start, "documents", "cheese_american", *settings, "--run-dir", str(home / "run"),
            "--quiet"]  # fmt: skip


def kill(command: Sequence[str], kills: int, longest: float, rng: random.Random) -> int:
    """Run `command` and kill it, again and again; how often it was killed before it ended by itself."""
    for number in range(kills):
        process = subprocess.Popen(command, start_new_session=True)
        try:
            process.wait(timeout=rng.uniform(SHORTEST, max(longest, SHORTEST)))
            return number
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return kills


def read(home: str, name: str) -> bytes:
    return (Path(home) / "run" / "documents" / name).read_bytes()


if __name__ == "__main__":
    main()
