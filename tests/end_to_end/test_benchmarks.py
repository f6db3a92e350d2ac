"""The benchmarks run and print what readers of their figures rely on."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.command_line import ROOT, environment
from helpers.planted_runs import make_run

from msm_mlx.models.folder import POCKET_FOLDER

pytestmark = pytest.mark.slow


def benchmark(name: str, *arguments: str | Path) -> str:
    """What it prints, in this process: imports take longer than most benchmarks do on their small scale."""
    with redirect_stdout(StringIO()) as output:
        importlib.import_module(name).main(list(map(str, arguments)), standalone_mode=False)
    return output.getvalue()


def benchmark_alone(name: str, *arguments: str | Path) -> str:
    """What it prints, as a process of its own: it changes modules or the environment, or is about processes."""
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks" / f"{name}.py"), *map(str, arguments)]
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**path), timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_variants_benchmark_prints_its_ratios_as_json() -> None:
    figures = json.loads(benchmark("variants", "--json", "--small", "--tokens", "3"))
    assert figures["ratios"].keys() == {"memory_four_variants", "decode_speed"}
    assert figures["ratios"]["memory_four_variants"] > 1
    assert figures["ratios"]["decode_speed"] > 0
    assert figures["tokens_identical"] is True
    memory = figures["memory_bytes"]
    assert 0 < memory["one_variant"]["active"] < memory["four_variants"]["active"] < memory["four_variants"]["peak"]
    assert 4 * figures["parameters"] < memory["one_variant"]["active"]


def test_the_pictures_show_the_arms_of_a_run(finished_run: Path, tmp_path: Path) -> None:
    benchmark_alone("pictures", finished_run, "--out", tmp_path)

    for name in ("app", "report"):
        texts = {(element.text or "").strip() for element in ElementTree.parse(tmp_path / f"{name}.svg").iter()}
        assert {"base", "sft", "msm", "msm+sft"} <= texts, name
    flow = (tmp_path / "flow.svg").read_text(encoding="utf-8")
    assert flow == (ROOT / "docs" / "pictures" / "flow.svg").read_text(encoding="utf-8")


def test_without_json_it_prints_a_table() -> None:
    table = benchmark("variants", "--small", "--tokens", "2")
    assert all(word in table for word in ("memory_four_variants", "decode_speed", "at most 1.15", "at least 2"))


def test_the_training_benchmark_prints_its_ratios_as_json() -> None:
    figures = json.loads(benchmark("training", "--json", "--small"))
    assert {"useful_tokens_per_second", "peak_memory"} <= figures["ratios"].keys()
    assert all(ratio > 0 for ratio in figures["ratios"].values())
    for speeds in figures["useful_tokens_per_second"].values():
        assert speeds.keys() == {"msm_mlx", "mlx_lm"}
    peaks = figures["peak_bytes"]
    assert 0 < peaks["msm_mlx"] <= 1.2 * peaks["msm_mlx_twice_the_rows"]


def test_the_benchmark_of_compiling_prints_its_ratios_as_json() -> None:
    ratios = json.loads(benchmark("compiling", "--json", "--small"))["ratios"]
    tasks = ("pocket_documents", "log_normal")
    assert ratios.keys() == {f"{what}_{task}" for what in ("seconds", "first_round", "peak_memory") for task in tasks}
    assert all(ratio > 0 for ratio in ratios.values())


def test_the_scoring_benchmark_prints_its_ratio_as_json() -> None:
    figures = json.loads(benchmark_alone("scoring", "--json", "--small"))
    assert figures["ratios"]["speed"] > 0
    assert figures["largest_difference"] <= 1e-5
    assert figures["arms"] == 4


def test_the_writing_benchmark_prints_its_ratios_as_json() -> None:
    figures = json.loads(benchmark("writing", "--json", "--small"))
    assert figures["ratios"].keys() == {"mlx_lm.generate", "mlx_lm.batch_generate"}
    for peer, ratio in figures["ratios"].items():
        assert ratio == min(model["ratios"][peer] for model in figures["models"].values()) > 0


def test_the_benchmark_of_keys_prints_how_long_they_take() -> None:
    figures = json.loads(benchmark_alone("keys", "--json", "--presses", "3", "--tokens", "60"))
    assert [size["size"] for size in figures["sizes"]] == ["80x24", "120x40"]
    for size in figures["sizes"]:
        assert size["presses"] == 3
        assert 0 < size["handled_ms_median"] <= size["handled_ms_p95"]
        assert size["handled_ms_median"] < size["painted_ms_p95"]


def test_the_benchmark_of_the_first_screen_prints_how_long_it_takes(tmp_path: Path) -> None:
    figures = json.loads(benchmark_alone("first_screen", make_run(tmp_path / "run"), "--json", "--rounds", "1"))
    assert 0 < figures["import_textual_seconds"] < figures["first_screen_seconds"]
    assert figures["beyond_import_seconds"] == figures["first_screen_seconds"] - figures["import_textual_seconds"]


def test_killed_training_ends_in_the_same_adapter_and_metrics() -> None:
    figures = json.loads(benchmark("training_kills", "--small", "--kills", "1", "--updates", "6"))
    assert figures["kills"] == 1
    assert figures["ended_the_same"]
    assert all(figures["ended_the_same"])
    assert 0 < figures["share_of_checkpoints"] < 1


def test_a_killed_job_of_documents_ends_with_the_same_files() -> None:
    figures = json.loads(benchmark("kills", "--documents", "16", "--kills", "1"))
    assert set(figures["same"].values()) == {True}
    assert figures["each_once"] is True
    assert figures["kills"] >= 1


def test_the_benchmark_of_the_checks_keeps_what_is_no_copy() -> None:
    """Or it would measure how fast texts are rejected."""
    figures = json.loads(benchmark("checks", "--only", "200"))
    assert 0.8 * figures["documents"] < figures["kept"] < figures["documents"]


def test_the_benchmark_of_a_real_model_holds_every_part_against_mlx_lm_and_against_the_limit() -> None:
    figures = json.loads(benchmark_alone("real_model", "--json", "--quick", "--model", POCKET_FOLDER))
    parts = {"training", "training_of_limit", "writing", "writing_of_limit", "scoring", "variants"}
    assert figures["ratios"].keys() == parts
    assert all(ratio > 0 for ratio in figures["ratios"].values())
    assert figures["training"]["gigaflops_per_token"] > 0.001
    assert figures["scoring"]["replies"] == 16
    assert figures["scoring"]["largest_difference"] <= 1e-4
