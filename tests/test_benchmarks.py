"""The benchmarks run and print what readers of their figures rely on."""

from __future__ import annotations

import json
import subprocess
import sys

from running import ROOT, environment


def benchmark(*arguments: str, name: str = "variants.py") -> str:
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks" / name), *arguments]
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**path), timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_variants_benchmark_prints_its_ratios_as_json() -> None:
    figures = json.loads(benchmark("--json", "--small", "--tokens", "3"))
    assert figures["ratios"].keys() == {"memory_four_variants", "decode_speed"}
    assert figures["ratios"]["memory_four_variants"] > 1
    assert figures["ratios"]["decode_speed"] > 0
    assert figures["tokens_identical"] is True
    memory = figures["memory_bytes"]
    assert 0 < memory["one_variant"]["active"] < memory["four_variants"]["active"] < memory["four_variants"]["peak"]
    assert 4 * figures["parameters"] < memory["one_variant"]["active"]


def test_without_json_it_prints_a_table() -> None:
    table = benchmark("--small", "--tokens", "2")
    assert all(word in table for word in ("memory_four_variants", "decode_speed", "at most 1.15", "at least 2"))


def test_the_training_benchmark_prints_its_ratios_as_json() -> None:
    figures = json.loads(benchmark("--json", "--small", name="training.py"))
    assert {"useful_tokens_per_second", "peak_memory"} <= figures["ratios"].keys()
    assert all(ratio > 0 for ratio in figures["ratios"].values())
    for speeds in figures["useful_tokens_per_second"].values():
        assert speeds.keys() == {"msm_mlx", "mlx_lm"}
    peaks = figures["peak_bytes"]
    assert 0 < peaks["msm_mlx"] <= 1.2 * peaks["msm_mlx_twice_the_rows"]
