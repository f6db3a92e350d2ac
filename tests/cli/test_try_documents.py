"""`msm-mlx documents try`: a few drafts with their verdicts, of which nothing stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import Cli

RECIPE = Path(__file__).parents[2] / "recipes" / "cheese_contrast.yaml"


@pytest.mark.slow
def test_a_few_drafts_are_shown_and_nothing_stays(cli: Cli, tmp_path: Path) -> None:
    done = cli("documents", "try", str(RECIPE), "-n", "3", "--quiet", "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert len(shown["drafts"]) == shown["of"] == 3
    assert shown["kept"] == sum(draft["kept"] for draft in shown["drafts"])
    assert all(draft["kept"] == (draft["reasons"] == []) for draft in shown["drafts"])
    assert not (tmp_path / "runs").exists()
    words = cli("documents", "try", str(RECIPE), "-n", "1", "--set", "documents.checks.max_words=9", "--quiet").stdout
    assert "rejected: too long" in words
    assert "0 of 1 would be kept" in words
    assert "What may help: documents.checks.max_words: null turns off 'too long'" in words
