"""How long the first command of the README takes, against another commit, in the same sitting.

    python benchmarks/front_door.py --before COMMIT [--rounds 3] [--seed 0 ...]

`msm-mlx run cheese_american` (three seeds, pocket) is run from a worktree of COMMIT and from this checkout, one after
the other in turn, each into an empty folder. Prints JSON: the medians of the seconds on the clock and on the
processors, of those until the first line of progress and until every arm of a first seed has answered; the ratio of
the seconds on the clock; and whether both made the same adapters, answers and results, byte for byte. Exits with 1 if
they did not.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import click

ROOT = Path(__file__).parents[1]
START = "from msm_mlx.cli.main import main; main()"
COMPARED = ("**/adapters.safetensors", "documents/**/documents.jsonl", "evaluation/**/*.json*")


@dataclass(frozen=True)
class Times:
    """Of one run, in seconds."""

    clock: float
    processors: float
    first_line: float
    first_seed: float


@click.command(help=__doc__)
@click.option("--before", required=True, metavar="COMMIT")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--seed", "seeds", multiple=True, type=int, help="Of the recipe's seeds; repeatable. Default: all.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Of the recipe; repeatable.")
def main(before: str, rounds: int, seeds: tuple[int, ...], settings: tuple[str, ...]) -> None:
    options = [word for seed in seeds for word in ("--seed", str(seed))]
    options += [word for setting in settings for word in ("--set", setting)]
    times: dict[str, list[Times]] = {"before": [], "after": []}
    hashes: dict[str, dict[str, str]] = {}
    with worktree(before) as checkout:
        for _ in range(rounds):
            for name, code in (("before", checkout), ("after", ROOT)):
                with tempfile.TemporaryDirectory() as home:
                    times[name].append(run(code, Path(home) / "run", options))
                    hashes[name] = hashes_of(Path(home) / "run")
                print(name, asdict(times[name][-1]), file=sys.stderr)
    medians = {name: medians_of(each) for name, each in times.items()}
    differ = sorted(
        name for name in hashes["before"] | hashes["after"] if hashes["before"].get(name) != hashes["after"].get(name)
    )
    ratio = medians["after"]["clock"] / medians["before"]["clock"]
    rest: dict[str, Any] = {"ratio": ratio, "rounds": rounds, "files": len(hashes["after"]), "differ": differ}
    print(json.dumps(medians | rest, indent=2))
    sys.exit(1 if differ else 0)


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """A checkout of `commit`, which goes at the end."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "checkout"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", folder, commit], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", folder], check=True)


def run(code: Path, folder: Path, options: list[str]) -> Times:
    """Run the recipe with the code of a checkout."""
    command = [sys.executable, "-c", START, "run", str(code / "recipes/cheese_american.yaml"), "--run-dir", str(folder)]
    used, started, moment = processor_seconds(), time.monotonic(), time.time()
    process = subprocess.Popen(
        [*command, *options],
        env=os.environ | {"PYTHONPATH": str(code)},
        cwd=code,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    first_line = time.monotonic() - started if process.stderr.readline() else 0.0
    process.stderr.read()
    if process.wait():
        raise click.ClickException(f"the run of {code} failed")
    clock = time.monotonic() - started
    return Times(clock, processor_seconds() - used, first_line, first_seed(folder) - moment)


def processor_seconds() -> float:
    """Of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def first_seed(folder: Path) -> float:
    """The moment at which every arm of one seed had answered, by the events of a run."""
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    ends = {event["stage"]: event["at"] for event in events if event["event"] == "finish"}
    last: dict[str, float] = {}
    for stage, at in ends.items():
        name, _, seed = stage.rpartition("-s")
        if name.startswith("evaluate ") or stage == "evaluate base":
            last[seed] = max(last.get(seed, 0.0), datetime.fromisoformat(at).timestamp())
    base = last.pop("evaluate base", 0.0)
    return max(base, min(last.values()))


def hashes_of(folder: Path) -> dict[str, str]:
    """Of the files that have to be the same."""
    paths = sorted({path for pattern in COMPARED for path in folder.glob(pattern)})
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def medians_of(times: list[Times]) -> dict[str, float]:
    return {name: round(median(getattr(one, name) for one in times), 2) for name in Times.__dataclass_fields__}


if __name__ == "__main__":
    main()
