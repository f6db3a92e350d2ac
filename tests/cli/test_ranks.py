"""Two processes as `mlx.launch` starts them train one adapter together."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from running import RECIPES, SMALL, Cli, command, environment

from msm_mlx.engine.adapters import load_adapter
from msm_mlx.files import read_jsonl

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


def test_two_ranks_follow_the_curve_of_one(small_run: Path, cli: Cli, tmp_path: Path) -> None:
    """The same global batch; every rank checks itself that its adapter is rank 0's, and fails otherwise."""
    folder = tmp_path / "runs" / "together"
    shutil.copytree(small_run / "documents", folder / "documents")
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([[f"127.0.0.1:{port}"] for port in free_ports(2)]))
    arguments = command("midtrain", RECIPE, *SMALL, "--set", "documents.batch_size=6", "--run-dir", folder)
    ranks = [
        subprocess.Popen(
            arguments, cwd=tmp_path, env=environment(MLX_RANK=str(rank), MLX_HOSTFILE=str(hosts)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    said = [process.communicate(timeout=300) for process in ranks]

    assert [process.returncode for process in ranks] == [0, 0], said
    assert "Rank 1 of 2 trains along" in said[1][1]
    one, two = (
        [row["loss"] for row in read_jsonl(run / "adapters" / "msm-s0" / "metrics.jsonl")]
        for run in (small_run, folder)
    )
    assert two == pytest.approx(one, rel=1e-3)
    alone, together = (load_adapter(run / "adapters" / "msm-s0") for run in (small_run, folder))
    assert max(np.abs(np.array(alone[name]) - np.array(together[name])).max() for name in alone) < 1e-3
    assert not (tmp_path / "rank-without-files").exists()
