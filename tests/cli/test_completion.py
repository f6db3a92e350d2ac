"""What the shell offers for suites and arms."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from helpers.planted_runs import make_run

from msm_mlx.cli.main import cli


def offered(*words: str) -> list[str]:
    """What is offered for the last of the words."""
    *before, incomplete = words
    found = ShellComplete(cli, {}, "msm-mlx", "_MSM_MLX_COMPLETE").get_completions(before, incomplete)
    return [item.value for item in found if item.type == "plain"]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "runs" / "cheese", arms=("base", "sft", "msm+sft"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSM_MLX_HOME", raising=False)


def test_evaluate_offers_the_arms_of_the_run() -> None:
    assert offered("evaluate", "cheese", "--arm", "") == ["base", "sft", "msm+sft"]
    assert offered("evaluate", "cheese", "--arm", "ms") == ["msm+sft"]
    assert offered("evaluate", "agentic_misalignment", "--arm", "c") == ["cot-sft"]


def test_evaluate_offers_every_suite_and_then_files() -> None:
    suites = offered("evaluate", "cheese", "--suite", "")
    assert suites[0] == "american_values"
    assert {"spec_qa", "capability"} <= set(suites)
    assert offered("evaluate", "cheese", "--suite", "spec_") == ["spec_knowledge", "spec_qa"]
    assert offered("evaluate", "cheese", "--suite", "./mine") == []


def test_compare_offers_the_suites_that_were_asked() -> None:
    assert offered("compare", "cheese", "--suite", "") == ["american_values"]
    assert offered("compare", "cheese", "--arm", "m") == ["msm+sft"]


@pytest.mark.parametrize("word", ["nothing", "specs", "bad.yaml"])
def test_what_cannot_be_read_offers_nothing(word: str) -> None:
    Path("bad.yaml").write_text("- [")
    assert offered("evaluate", word, "--arm", "") == []
    assert offered("compare", word, "--suite", "") == []
