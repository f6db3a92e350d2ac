"""Models of other families than pocket's go from the spec to the table."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from lookalikes import save_lookalike
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
# every two of family, weights and template meet; all eight combinations take twice the time
COMBINATIONS = [("qwen3", None, True), ("qwen3", 4, False), ("llama", None, False), ("llama", 4, True)]


@pytest.mark.parametrize(("family", "bits", "chat"), COMBINATIONS)
def test_a_model_folder_goes_through_a_laptop_run(
    family: str, bits: int | None, chat: bool, cli: Cli, tmp_path: Path
) -> None:
    """With documents from a person: what random weights write passes no check, as the next test shows."""
    arguments = [*TINY, "--set", f"suites=[{write_few(tmp_path)}]"]
    model, run = save_lookalike(tmp_path / "model", family, chat=chat, bits=bits), tmp_path / "run"
    documents = [{"id": f"doc-{i}", "text": f"Memo {i}. Pocket likes Colby because it is American."} for i in range(6)]
    write_jsonl(run / "documents" / "documents.jsonl", documents)

    done = cli("run", RECIPE, "--model", model, *arguments, "--run-dir", run, "--json")

    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert {record["arm"] for record in outcome["results"]["records"]} == {"base", "sft", "msm", "msm+sft"}
    template = json.loads((run / "run.json").read_text(encoding="utf-8"))["model"]["chat_template"]
    assert template["source"] == ("model" if chat else "msm-mlx")
    stored = (run / "chat_template.jinja").read_text(encoding="utf-8")
    assert hashlib.sha256(stored.encode()).hexdigest() == template["sha256"]
    assert (stored == BASE_TEMPLATE) is not chat
    _refuses_another_template(cli, model, run, arguments)


def write_few(folder: Path) -> Path:
    """A suite of four pairs: quantised weights are slow on a CPU."""
    (folder / "few.yaml").write_text(FEW, encoding="utf-8")
    return folder / "few.yaml"


def _refuses_another_template(cli: Cli, model: Path, run: Path, settings: list[str]) -> None:
    (model / "chat_template.jinja").write_text("{{ messages[-1]['content'] }}{{ eos_token }}", encoding="utf-8")
    for arguments in (("compare", run, "--prompt", "Hello?"), ("evaluate", RECIPE, "--model", model, *settings)):
        refused = cli(*arguments, *([] if arguments[0] == "compare" else ["--run-dir", run]))
        assert (refused.returncode, refused.stderr.count("chat template")) == (2, 1), refused.stderr
        assert "put it back" in refused.stderr


def test_a_model_that_writes_nothing_usable_says_so(cli: Cli, tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "llama", chat=False, bits=None)

    done = cli("run", RECIPE, "--model", model, *TINY, "--run-dir", "run", "--quiet")

    assert done.returncode == 1
    assert "documents passed the checks" in done.stderr
    assert "rejected.jsonl" in done.stderr
    assert read_jsonl(tmp_path / "run" / "documents" / "rejected.jsonl")
