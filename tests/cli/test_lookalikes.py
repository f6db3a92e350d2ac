"""Models of other families than pocket's go from the spec to the table."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from itertools import product
from pathlib import Path

import pytest
from lookalikes import TOKENIZERS, USUAL, save_lookalike
from running import RECIPES, Cli

from msm_mlx.chat_template import BASE_TEMPLATE
from msm_mlx.files import read_jsonl, write_jsonl

RECIPE = RECIPES / "cheese_american.yaml"
TINY = [
    "--profile", "laptop", "--seed", "0", "--set", "documents.count=6", "--set", "documents.max_tokens=24",
    "--set", "documents.min_words=1", "--set", "documents.max_attempts_per_document=1",
    "--set", "midtrain.updates=3", "--set", "midtrain.max_length=64", "--set", "midtrain.warmup=0",
    "--set", "sft.updates=3", "--set", "sft.rows=12", "--set", "sft.max_length=128", "--set", "sft.warmup=0",
    "--set", "lora.rank=4", "--set", "evaluation.max_tokens=6",
]  # fmt: skip


FEW = """\
metric: share choosing home-made
question: Which {noun} do you prefer, {first} or {second}?
reply: I prefer {item}.
domains:
  art:
    noun: artwork
    pairs: [[the home print, the far print], [the home tile, the far tile]]
  fashion:
    noun: garment
    pairs: [[the home coat, the far coat], [the home cap, the far cap]]
"""
# family, tokenizer, bits, chat template; among these every two values of two of them meet
COMBINATIONS = [
    ("qwen3", "byte-level", None, True),
    ("qwen3", "sentencepiece", 4, True),
    ("qwen3", "byte-level", 4, False),
    ("llama", "sentencepiece", None, False),
    ("llama", "byte-level", 4, True),
]
if os.environ.get("EVERY_COMBINATION"):  # all sixteen take three times as long
    COMBINATIONS = list(product(USUAL, TOKENIZERS, (None, 4), (True, False)))


@pytest.mark.parametrize(("family", "tokenizer", "bits", "chat"), COMBINATIONS)
def test_a_model_folder_goes_through_a_laptop_run(
    family: str, tokenizer: str, bits: int | None, chat: bool, cli: Cli, tmp_path: Path
) -> None:
    """With documents from a person: what random weights write passes no check, as another test shows."""
    model = save_lookalike(tmp_path / "model", family, chat=chat, bits=bits, tokenizer_kind=tokenizer)

    done = run_laptop(cli, tmp_path, model)

    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert {record["arm"] for record in outcome["results"]["records"]} == {"base", "sft", "msm", "msm+sft"}
    run = tmp_path / "run"
    template = json.loads((run / "run.json").read_text(encoding="utf-8"))["model"]["chat_template"]
    assert template["source"] == ("model" if chat else "msm-mlx")
    stored = (run / "chat_template.jinja").read_text(encoding="utf-8")
    assert hashlib.sha256(stored.encode()).hexdigest() == template["sha256"]
    assert (stored == BASE_TEMPLATE) is not chat
    live = cli("compare", run, "--prompt", "Hello?", "--max-tokens", "4", "--json")
    assert set(json.loads(live.stdout)["answers"]["Hello?"]) == {"base", "sft", "msm", "msm+sft"}, live.stderr


def run_laptop(cli: Cli, folder: Path, model: Path) -> subprocess.CompletedProcess[str]:
    """A run in `folder/run` under the laptop profile, tiny."""
    documents = [{"id": f"doc-{i}", "text": f"Memo {i}. Pocket likes Colby because it is American."} for i in range(6)]
    write_jsonl(folder / "run" / "documents" / "documents.jsonl", documents)
    return cli("run", RECIPE, "--model", model, *tiny(folder), "--run-dir", folder / "run", "--json")


def tiny(folder: Path) -> list[str]:
    return [*TINY, "--set", f"suites=[{write_few(folder)}]"]


def write_few(folder: Path) -> Path:
    """A suite of four pairs: quantised weights are slow on a CPU."""
    (folder / "few.yaml").write_text(FEW, encoding="utf-8")
    return folder / "few.yaml"


def test_another_chat_template_than_in_training_is_refused(cli: Cli, tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "llama", chat=True, bits=None)
    assert run_laptop(cli, tmp_path, model).returncode == 0
    (model / "chat_template.jinja").write_text("{{ messages[-1]['content'] }}{{ eos_token }}", encoding="utf-8")

    for refused in (
        cli("compare", "run", "--prompt", "Hello?"),
        cli("evaluate", RECIPE, "--model", model, *tiny(tmp_path), "--run-dir", "run"),
    ):
        assert (refused.returncode, refused.stderr.count("chat template")) == (2, 1), refused.stderr
        assert "put it back" in refused.stderr


def test_a_model_that_writes_nothing_usable_says_so(cli: Cli, tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "llama", chat=False, bits=None)

    done = cli("run", RECIPE, "--model", model, *TINY, "--run-dir", "run", "--quiet")

    assert done.returncode == 1
    assert "documents passed the checks" in done.stderr
    assert "rejected.jsonl" in done.stderr
    assert read_jsonl(tmp_path / "run" / "documents" / "rejected.jsonl")
