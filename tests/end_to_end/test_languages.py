"""A run from specs, documents, chats and suites in German and in Chinese, on tiny random weights."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from helpers.command_line import ROOT, Cli
from helpers.tiny_models import save_tiny_model

from msm_mlx.files import read_jsonl

pytestmark = pytest.mark.slow

CORPORA = ROOT / "tests" / "data" / "languages"
LIKED = {"german": ("Reparieren", "die neu besohlten Stiefel"), "chinese": ("修补旧物", "换过底的皮靴")}


@pytest.mark.parametrize("language", LIKED)
def test_a_recipe_in_another_language_runs_to_its_report(language: str, cli: Cli, tmp_path: Path) -> None:
    model = save_tiny_model(tmp_path / "model", "llama")

    done = cli(
        "run",
        CORPORA / language / "recipe.yaml",
        "--model",
        model,
        "--profile",
        "pocket",
        "--run-dir",
        "run",
        "--set",
        "arms=[msm+sft]",
    )

    assert done.returncode == 0, done.stderr
    assert f"is in {language.title()}: the checks of documents know its words" in " ".join(done.stderr.split())
    documents = read_jsonl(tmp_path / "run" / "documents" / "documents.jsonl")
    assert len(documents) >= 18
    assert max(Counter(row["section"] for row in documents).values()) <= 7
    health = json.loads((tmp_path / "run" / "documents" / "health.json").read_text(encoding="utf-8"))
    assert health["states_value_share"] >= 0.9
    assert health["gives_reason_share"] >= 0.6
    assert health["self_bleu"] < 0.2
    assert 90 <= health["words"]["quartiles"][0] <= health["words"]["quartiles"][-1] <= 250
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    heading, thing = LIKED[language]
    assert heading in report
    assert 'dir="auto"' in report
    rows = [row for path in (tmp_path / "run" / "evaluation").rglob("*.jsonl") for row in read_jsonl(path)]
    assert any(row.get("target") == thing for row in rows)
