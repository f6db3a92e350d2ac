"""Two processes as `mlx.launch` starts them write documents and train one adapter together."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import RECIPES, SMALL, Cli, command, environment

from msm_mlx.engine.adapters import load_adapter
from msm_mlx.files import read_jsonl

pytestmark = pytest.mark.slow

RECIPE = RECIPES / "cheese_american.yaml"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def launch(folder: Path, *arguments: str | Path) -> list[tuple[int, str]]:
    """The exit code of each of two ranks, and what it has said on stderr."""
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps([[f"127.0.0.1:{port}"] for port in free_ports(2)]))
    ranks = [
        subprocess.Popen(
            command(*arguments), cwd=folder, env=environment(MLX_RANK=str(rank), MLX_HOSTFILE=str(hosts)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    said = [process.communicate(timeout=300)[1] for process in ranks]
    return [(process.returncode, stderr) for process, stderr in zip(ranks, said, strict=True)]


@pytest.mark.parametrize("other", [True, False])
def test_two_ranks_write_what_one_writes(
    cli: Cli, tmp_path: Path, other: bool, tiny_model_folder: Callable[[str], Path]
) -> None:
    settings = ["documents.prompt=assertion", "documents.count=6", "documents.max_tokens=60", "documents.batch_size=2"]
    settings += ["documents.max_attempts_per_document=4", *(["documents.writer.model=pocket"] if other else [])]
    job: list[str | Path] = ["documents", "write", RECIPE, "--profile", "pocket"]
    job += [part for setting in (*settings, "model_name=Pocket") for part in ("--set", setting)]
    job += ["--model", tiny_model_folder("llama")] if other else []
    together = tmp_path / "elsewhere" / "together"
    alone = cli(*job, "--run-dir", "alone")
    ranks = launch(tmp_path, *job, "--run-dir", together)
    assert [code for code, _ in ranks] == [alone.returncode, 0], (alone.stderr, ranks)
    assert alone.returncode == 0
    for name in ("documents.jsonl", "rejected.jsonl"):
        one, two = (folder / "documents" / name for folder in (tmp_path / "alone", together))
        assert one.read_bytes() == two.read_bytes()
    assert read_jsonl(together / "documents" / "rejected.jsonl")
    assert not (tmp_path / "rank-without-files").exists()


def test_two_ranks_follow_the_curve_of_one(finished_run: Path, cli: Cli, tmp_path: Path) -> None:
    """The same global batch; every rank checks itself that its adapter is rank 0's, and fails otherwise."""
    folder = tmp_path / "runs" / "together"
    shutil.copytree(finished_run / "documents", folder / "documents")
    said = launch(tmp_path, "midtrain", RECIPE, *SMALL, "--set", "documents.batch_size=6", "--run-dir", folder)
    assert [code for code, _ in said] == [0, 0], said
    assert "Rank 1 of 2 writes and trains along" in said[1][1]
    one, two = (
        [row["loss"] for row in read_jsonl(run / "adapters" / "msm-s0" / "metrics.jsonl")]
        for run in (finished_run, folder)
    )
    assert two == pytest.approx(one, rel=1e-3)
    alone, together = (load_adapter(run / "adapters" / "msm-s0") for run in (finished_run, folder))
    assert max(np.abs(np.array(alone[name]) - np.array(together[name])).max() for name in alone) < 1e-3
    assert not (tmp_path / "rank-without-files").exists()
