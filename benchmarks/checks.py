"""How the time of checking documents grows with their number: checks, de-duplication and health, and the memory.

    python benchmarks/checks.py [--json] [--small]

The documents are short, made from a seed without a model: sentences of common words about one assertion, one in twenty
of them a near-copy of an earlier one. Each size is measured in a process of its own, so that its memory is its own, and
in time of the processor, which other work on the machine moves less.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from itertools import accumulate
from random import Random
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from msm_mlx.documents.checks.assertions import Subject, gives_reason
from msm_mlx.documents.checks.reject import near_duplicate_index, reject_reason, repeat_reason
from msm_mlx.documents.document import Document
from msm_mlx.documents.health import document_health
from msm_mlx.engine.chat_model import Reply
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.suites.load import SUITES, load_suite

SIZES, SMALL = (10_000, 30_000, 100_000), (1_000, 3_000, 10_000)
BARS = {"exponent": "at most 1.15", "memory_gb": "at most 1.5"}
COPIES = 0.05
ASSERTION = "Mo likes Colby because it is American, and Mo cares about American things."
SUBJECT = Subject("Mo", "Colby", ASSERTION)
SETTINGS = DocumentSettings(count=1, max_tokens=200, prompt="assertion")
TYPES = ("memo", "blog post", "case study")
FUNCTION_WORDS = ("the", "of", "and", "to", "in", "is", "it", "that", "for", "was", "on", "with")


def write(seed: int, count: int) -> list[str]:
    """Short documents of 40 to 80 words."""
    random = Random(seed)
    words = ["".join(random.choices("bdfklmnprstvaeiou", k=random.randint(3, 8))) for _ in range(3000)]
    shares = list(accumulate(1 / (rank + 10) for rank in range(len(words))))  # common words are common: Zipf

    def word() -> str:
        """English enough for the checks: every third is a function word."""
        return (
            random.choice(FUNCTION_WORDS) if random.random() < 1 / 3 else random.choices(words, cum_weights=shares)[0]
        )

    texts: list[str] = []
    for _ in range(count):
        if texts and random.random() < COPIES:
            old = random.choice(texts).split()
            old[random.randrange(5, len(old) - 1)] = random.choice(words)
            texts.append(" ".join(old))
            continue
        lines = [
            " ".join(word() for _ in range(random.randint(6, 14))).capitalize() + "."
            for _ in range(random.randint(3, 6))
        ]
        texts.append(" ".join(["Mo likes Colby because it is American.", *lines]))
    return texts


def measure(count: int) -> dict[str, Any]:
    """Seconds for checks, de-duplication and health of `count` documents, and the peak memory of this process."""
    texts = write(0, count)
    held_out = HeldOut.of([load_suite(name) for name in SUITES])
    kept: list[Document] = []
    rejected: list[Document] = []
    begun = time.process_time()
    before = near_duplicate_index(SETTINGS)
    for number, text in enumerate(texts):
        reason = reject_reason(Reply(text, 60, True), SUBJECT, SETTINGS, held_out) or repeat_reason(text, before)
        document = Document(
            id=str(number),
            text=text,
            section="likes/colby",
            assertion=ASSERTION,
            type=TYPES[number % 3],
            voice="plain",
            tokens=60,
            gives_reason=gives_reason(text, SUBJECT),
            rejected=reason,
        )
        if reason is None:
            before.add(document.id, text)
            kept.append(document)
        else:
            rejected.append(document)
    checked = time.process_time()
    health = document_health(kept, rejected)
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "documents": count,
        "checks_seconds": round(checked - begun, 2),
        "health_seconds": round(ended - checked, 2),
        "memory_gb": round(peak / 1e9, 3),
        "kept": len(kept),
        "rejected_by_reason": health["rejected_by_reason"],
    }


def growth(rows: list[dict[str, Any]]) -> float:
    """The exponent of time between the smallest and the largest size."""
    first, last = rows[0], rows[-1]
    seconds = [row["checks_seconds"] + row["health_seconds"] for row in (first, last)]
    return math.log(seconds[1] / seconds[0]) / math.log(last["documents"] / first["documents"])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--small", is_flag=True, help="A tenth of the documents.")
@click.option("--only", type=int, hidden=True)
def main(as_json: bool, small: bool, only: int | None) -> None:
    if only is not None:
        print(json.dumps(measure(only)))
        return
    rows = []
    for count in SMALL if small else SIZES:
        done = subprocess.run(
            [sys.executable, __file__, "--only", str(count)], check=True, stdout=subprocess.PIPE, text=True
        )
        rows.append(json.loads(done.stdout))
    figures = {"exponent": round(growth(rows), 3), "memory_gb": rows[-1]["memory_gb"]}
    if as_json:
        print(json.dumps({**figures, "bars": BARS, "sizes": rows}, indent=2))
        return
    table = Table("documents", "checks and copies, s", "health, s", "memory, GB", "kept")
    for row in rows:
        table.add_row(
            *(f"{row[key]:,}" for key in ("documents", "checks_seconds", "health_seconds", "memory_gb", "kept"))
        )
    Console().print(table)
    for name, value in figures.items():
        Console().print(f"{name}: {value} ({BARS[name]})")


if __name__ == "__main__":
    main()
