"""Models of other families than pocket's go from the spec to the table."""

from __future__ import annotations

import hashlib
import json
import os
from itertools import product
from pathlib import Path

import pytest
from helpers.command_line import Cli
from helpers.lookalike_models import LAPTOP_RECIPE, TOKENIZERS, USUAL, run_laptop, save_lookalike, tiny

from msm_mlx.files import read_jsonl
from msm_mlx.models.chat_template import BASE_TEMPLATE

pytestmark = pytest.mark.slow

# family, tokenizer, bits, chat template; with Qwen3 as it usually is, in fp32 and with its template, which
# test_hub_model.py takes, every two values of two of them meet
COMBINATIONS = [
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


def test_another_chat_template_than_in_training_is_refused(cli: Cli, tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "llama", chat=True, bits=None)
    assert run_laptop(cli, tmp_path, model).returncode == 0
    (model / "chat_template.jinja").write_text("{{ messages[-1]['content'] }}{{ eos_token }}", encoding="utf-8")

    for code, refused in (
        (1, cli("compare", "run", "--prompt", "Hello?")),
        (2, cli("evaluate", LAPTOP_RECIPE, "--model", model, *tiny(tmp_path), "--run-dir", "run")),
    ):
        assert (refused.returncode, refused.stderr.count("chat template")) == (code, 1), refused.stderr
        assert "put it back" in refused.stderr


def test_a_model_that_writes_nothing_usable_says_so(cli: Cli, tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "llama", chat=False, bits=None)

    done = cli("run", LAPTOP_RECIPE, "--model", model, *tiny(tmp_path), "--run-dir", "run", "--quiet")

    assert done.returncode == 1
    assert "documents passed the checks" in done.stderr
    assert "rejected.jsonl" in done.stderr
    assert read_jsonl(tmp_path / "run" / "documents" / "rejected.jsonl")
