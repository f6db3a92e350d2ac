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
from msm_mlx.models.chat_renderer import load_renderer
from msm_mlx.models.chat_template import BASE_TEMPLATE
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.folder import RunFolder

DATED = (
    "{{ '<|im_start|>system\nToday is ' + strftime_now('%Y-%m-%d') + '<|im_end|>\n' }}{% for m in messages %}"
    "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
DEMANDING = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
)
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
    arms = ("--set", "arms=[base, sft]")
    assert run_laptop(cli, tmp_path, model, *arms).returncode == 0
    (model / "chat_template.jinja").write_text("{{ messages[-1]['content'] }}{{ eos_token }}", encoding="utf-8")

    refusals = [
        cli("compare", "run", "--prompt", "Hello?"),
        cli("chat", "run"),
        cli("evaluate", LAPTOP_RECIPE, "--model", model, *tiny(tmp_path), *arms, "--run-dir", "run"),
    ]

    assert [refused.returncode for refused in refusals] == [3, 3, 3]
    messages = {" ".join(refused.stderr.split()).partition("its chat template ")[2] for refused in refusals}
    assert len(messages) == 1, messages
    assert "put it back" in messages.pop()


def test_a_recipe_has_a_chat_template_of_its_own_and_a_run_one_date(cli: Cli, tmp_path: Path) -> None:
    """On another day everything is as it was, and the adapter takes its template along."""
    template = tmp_path / "own.jinja"
    template.write_text(DATED, encoding="utf-8")
    model = save_lookalike(tmp_path / "model", "qwen3", chat=True, bits=None)
    own = ["--set", f"chat_template={template}", "--set", "arms=[base, sft]"]
    record = RunFolder(tmp_path / "run")
    record.describe(date="2020-01-02")

    first = run_laptop(cli, tmp_path, model, *own)
    again = cli(
        "run", LAPTOP_RECIPE, "--model", model, *tiny(tmp_path), *own, "--run-dir", "run", "--dry-run", "--json"
    )
    exported = cli("export", "run", "--arm", "sft", "--format", "mlx", "--out", "out")

    assert first.returncode == 0, first.stderr
    written = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert written["date"] == "2020-01-02"
    assert written["model"]["chat_template"]["source"] == "recipe"
    assert written["model"]["fingerprint"].endswith("+2020-01-02")
    assert not any(stage["run"] for stage in json.loads(again.stdout)["stages"]), again.stdout
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "out" / "chat_template.jinja").read_text(encoding="utf-8") == DATED
    base = open_run(tmp_path / "run").base()
    assert (base.choice.text, base.choice.date) == (DATED, "2020-01-02")
    assert cli("compare", "run", "--prompt", "Hello?", "--max-tokens", "2", "--json").returncode == 0


def test_a_template_that_wants_chats_otherwise_goes_through_a_run(cli: Cli, tmp_path: Path) -> None:
    """It takes no system turn, opens a thought and ends no reply: what is done is said once, and exported."""
    model = save_lookalike(tmp_path / "model", "qwen3", chat=True, bits=None)
    (model / "chat_template.jinja").write_text(DEMANDING, encoding="utf-8")

    done = run_laptop(cli, tmp_path, model, "--set", "arms=[base, sft]", quiet=False)
    exported = cli("export", "run", "--arm", "sft", "--format", "fused", "--out", "out")

    assert done.returncode == 0, done.stderr
    for note in ("takes no system turn", "opens a thought before every reply", "ends no reply"):
        assert done.stderr.count(note) == 1, done.stderr
    assert exported.returncode == 0, exported.stderr
    fused = load_renderer(tmp_path / "out")
    assert (
        fused.control.ids["<|im_start|>"] in json.loads((tmp_path / "out" / "config.json").read_text())["eos_token_id"]
    )
    assert [fused.control.ids["<|im_start|>"]] in fused.stop_tokens


def test_a_model_that_writes_nothing_usable_says_so(cli: Cli, tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "llama", chat=False, bits=None)

    done = cli("run", LAPTOP_RECIPE, "--model", model, *tiny(tmp_path), "--run-dir", "run", "--quiet")

    assert done.returncode == 1
    assert "passed the checks" in done.stderr
    assert "rejected.jsonl" in done.stderr
    assert read_jsonl(tmp_path / "run" / "documents" / "rejected.jsonl")
