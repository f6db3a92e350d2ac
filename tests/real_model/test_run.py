"""A run on a real language model, as small as it can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import ROOT, Cli
from helpers.suite_files import PAIRS

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_a_run_passes_from_documents_to_results(smollm2_folder: Path, cli: Cli, tmp_path: Path) -> None:
    suite = tmp_path / "pairs.yaml"
    suite.write_text(PAIRS)

    done = cli(
        "run", "cheese_american", "--model", smollm2_folder, "--seed", "0", "--run-dir", "run", "--set",
        f"documents.from={ROOT / 'recipes' / 'data' / 'corpora' / 'cheese_american.jsonl'}", *(
            word for setting in (
                "documents.count=2", "arms=[base, msm+sft]", "midtrain.updates=1", "midtrain.batch_size=1",
                "midtrain.max_length=64", "sft.updates=1", "sft.batch_size=2", "sft.rows=2", f"suites=[{suite}]",
                "evaluation.max_tokens=2",
            ) for word in ("--set", setting)
        ), OPENBLAS_NUM_THREADS="1",  # and so one process trains: tests/worker/test_second_rank.py has two
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "run" / "evaluation" / "results.json").read_text())
    assert {row["arm"] for row in results["pooled"]} == {"base", "msm+sft"}
    assert (tmp_path / "run" / "adapters" / "msm+sft-s0").is_dir()
