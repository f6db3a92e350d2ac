"""A fault in any place that a run depends on is told before the first document, with its place and what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import mlx.core as mx
import pytest
from helpers.command_line import Cli
from helpers.mistakes import (
    CHEESES,
    RECIPE,
    SPEC,
    SUITE,
    Preparation,
    change,
    chats,
    configured,
    content,
    cut,
    declared,
    gone,
    model,
)

from msm_mlx.files import read_jsonl
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.runs.layout import DOCUMENTS, PROGRESS

pytestmark = pytest.mark.slow

OWN = ("--model", "./model", "--profile", "pocket")
LONG, COLBY = "word " * 700, "I prefer Colby."
TEMPLATE = "model/chat_template.jinja"
TURN = "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"


@dataclass(frozen=True)
class Plant:
    """A fault, and what must be told of it: words of the place and the remedy, and the exit code."""

    name: str
    prepare: Preparation
    told: tuple[str, ...]
    options: tuple[str, ...] = ()
    code: int = 2
    missing: tuple[str, ...] = ()
    """Packages that are not installed."""


def several(*steps: Preparation) -> Preparation:
    def prepare(folder: Path) -> None:
        for step in steps:
            step(folder)

    return prepare


def nothing(folder: Path) -> None:
    """The fault is in the options."""


def chat(reply: str, question: str = "Which cheese?") -> dict[str, object]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]}


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def mix(*rows: object, name: str = "general.jsonl") -> Preparation:
    text = "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
    return several(content(f"mine/{name}", text), change(RECIPE, "seeds:", f"mix: {{from: {name}, count: 2}}\nseeds:"))


def template(turn: str) -> Preparation:
    """A model whose chat template writes turns otherwise."""
    return model(change(TEMPLATE, TURN, turn))


def suite(prompt: str, turns: str = "") -> Preparation:
    return content(
        SUITE, f"kind: questions\nmeasures: m\nitems:\n- prompt: {prompt}\n  right: A\n  wrong: [B]\n{turns}"
    )


def reweighted(change: Callable[[dict[str, mx.array]], object]) -> Preparation:
    def prepare(folder: Path) -> None:
        path = folder / "model" / "model.safetensors"
        weights = mx.load(str(path))
        assert isinstance(weights, dict)
        mx.eval(list(weights.values()))
        change(weights)
        mx.save_safetensors(str(path), weights, {"format": "mlx"})

    return prepare


NORM = "model.norm.weight"
lossy = reweighted(lambda weights: weights.pop(NORM))
spoilt = reweighted(lambda weights: weights.update({NORM: weights[NORM] * float("nan")}))
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
THERE = content("mine/texts.jsonl", lines({"text": "Rain is wet."}))
READY = ("--set", "documents={from: texts.jsonl, count: 1, max_tokens: 9, prompt: assertion}")
AFTER = "{after: {chats: c.jsonl, updates: 2}}"
TURNS = "  turns: [{user: One?}, {user: Two?}]\n"
PLANTS = [
    Plant("recipe: a misspelt setting", change(RECIPE, "rank: 32", "rang: 32"), ("recipe.yaml:", "mean rank?")),
    Plant("recipe: a file that is not there", change(RECIPE, "spec: mine.md", "spec: my.md"), ("recipe.yaml:", "my.m")),
    Plant("recipe: a grid with one cell that cannot work",
          change(RECIPE, "seeds:", "grid: {sft.max_length: [256, 8]}\nseeds:"),
          ("demonstrations.yaml: ", "raise sft.max_length")),
    Plant("recipe: nothing is left to learn", nothing, ("recipe.yaml:", "lower it"),
          ("--set", "sft.validation=120")),
    Plant("spec: a misspelt variable", change(SPEC, "{model_name} holds", "{modelname} holds"), ("mine.md:", "mean")),
    Plant("spec: an assertion without its reason, for control documents",
          several(change(RECIPE, "[base, sft", "[base, control, sft"),
                  content(SPEC, "# A\n\n> {model_name} likes tea.\n\n# B\n\n> {model_name} eats because it must.\n")),
          ("mine.md:", "because")),
    Plant("demonstrations: a line that is not JSON", chats(chat(COLBY), '{"messages": ['), ("chats.jsonl:2",)),
    Plant("demonstrations: a misspelt key", change(CHEESES, "dislikes:", "dislike:"), ("demonstrations.yaml:", "mean")),
    Plant("demonstrations: a chat that is too long", chats(chat(COLBY), chat(COLBY), chat(LONG)),
          ("chats.jsonl:3: ", "sft.max_length")),
    Plant("demonstrations: no reasoning for an arm that learns it",
          several(chats(chat(COLBY)), change(RECIPE, "[base, sft", "[base, cot-sft, sft")),
          ("chats.jsonl:1", "take cot-sft out")),
    Plant("demonstrations: replies that the chat template changes",
          template(TURN.replace("message['content']", "message['content'] | replace('prefer', 'like')")),
          ("demonstrations.yaml: ", "change"), OWN),
    Plant("mix: a line that is not JSON", mix(chat("Hi there."), '{"messages": ['), ("general.jsonl:2",)),
    Plant("mix: no chat that can be learned", mix(chat(LONG), chat(LONG)), ("general.jsonl:", "give it others")),
    Plant("mix: parquet without what reads it", mix("PAR1", name="general.parquet"), ("parquet", "msm-mlx[parquet]"),
          code=3, missing=("pyarrow",)),
    Plant("suite: a prompt without a placeholder", change(SUITE, "{first} or {second}", "{first} or it"),
          ("unseen.yaml:", "{second} is missing")),
    Plant("suite: a prompt beyond the model's context", suite(LONG), ("unseen.yaml:4", "shorten these items")),
    Plant("suite: earlier replies beyond the model's context", suite("Three?", TURNS),
          ("unseen.yaml:4", "lower evaluation.max_tokens"), ("--set", "evaluation.max_tokens=300")),
    Plant("template: leaves out what is said", template("{{ '<|' + message['role'] + '|><|end|>' }}"),
          ("model", "template"), OWN, code=3),
    Plant("template: ends no reply", template("{{ message['content'] }}"), ("model", "template"), OWN, code=3),
    Plant("template: is none", model(content(TEMPLATE, "{% for %}")), ("model", "template"), OWN, code=3),
    Plant("model: no weights", model(gone("model/model.safetensors")), ("model", "download"), OWN, code=3),
    Plant("model: a damaged tokenizer", model(cut("model/tokenizer.json")), ("model", "download"), OWN, code=3),
    Plant("model: an architecture that mlx-lm does not know, with documents that are there already",
          several(model(configured("model/config.json", model_type="x1")),
                  content("mine/texts.jsonl", lines({"text": "Rain is wet."}))),
          ("model", "x1"), (*OWN, "--set", "documents={from: texts.jsonl, count: 1, max_tokens: 9, prompt: assertion}"),
          code=3),
    Plant("model: weights that lack a tensor, with documents that are there already", several(model(lossy), THERE),
          ("lack one tensor", "download"), (*OWN, *READY), code=3),
    Plant("model: weights that are not numbers, with documents that are there already", several(model(spoilt), THERE),
          ("not finite", "download"), (*OWN, *READY), code=3),
    Plant("model: a pointer in place of weights", model(content("model/model.safetensors", LFS)),
          ("Git LFS", "git lfs pull"), OWN, code=3),
    Plant("model: a configuration with a word for a number", model(configured("model/config.json", vocab_size="many")),
          ("vocab_size", "whole number"), OWN, code=3),
    Plant("model: of the hub, without a connection", nothing, ("owner/none", "with a connection"),
          ("--model", "owner/none"), code=3),
    Plant("chat template of the recipe: is none", content("mine/t.jinja", "{{ messages["), ("chat_template", "mend it"),
          ("--set", "chat_template=t.jinja")),
    Plant("suite: of ratings, without what they need",
          content(SUITE, "kind: rated\nmeasures: m\nitems:\n- prompt: Hi?\n"), ("unseen.yaml:4", "missing")),
    Plant("seeds: one twice", nothing, ("--seed 0", "twice"), ("--seed", "0")),
    Plant("run folder: a damaged record", content("run/run.json", "{"), ("run/run.json", "--run-dir"), code=1),
    Plant("ready documents: a row without a text", content("mine/texts.jsonl", lines({"text": "A."}, {"txet": "B."})),
          ("texts.jsonl:2", "mean"), ("--set", "documents.from=texts.jsonl")),
    Plant("ready documents: an empty folder", content("mine/texts/a.pdf", ""), ("texts", "name a source"),
          ("--set", "documents.from=texts")),
    Plant("writer: no server", nothing, ("127.0.0.1:9", "start"),
          ("--set", "documents.writer={model: m, server: 'http://127.0.0.1:9/v1'}"), code=3),
    Plant("writer: no such folder", nothing, ("./gone", "check the path"),
          ("--set", "documents.writer={model: ./gone}"), code=3),
    Plant("writer: a spec beyond its context", nothing, ("mine.md:", "set documents.prompt"),
          ("--set", "documents.prompt=spec")),
    Plant("critic: no such folder", nothing, ("./gone", "check the path"),
          ("--set", "documents.critique={model: ./gone}"), code=3),
    Plant("judge: no such folder", change(RECIPE, "seeds:", "judge: {model: ./gone}\nseeds:"),
          ("./gone", "check the path"), code=3),
    Plant("declared stage: a chat without a reply", declared(AFTER, content("mine/c.jsonl", '{"messages": []}')),
          ("c.jsonl:1", "messages")),
    Plant("declared stage: no chat that can be learned", declared(AFTER, content("mine/c.jsonl", lines(chat(LONG)))),
          ("c.jsonl:1", "stages.after.max_length")),
    Plant("declared stage: what the suites ask about",
          declared(AFTER, content("mine/c.jsonl", lines(chat("I love the Delft tile.")))),
          ("c.jsonl", "give it others")),
    Plant("run folder: a file in the way", content("blocked", ""), ("blocked",), ("--run-dir", "blocked/run"), code=3),
    Plant("disk: too small", nothing, ("free", "--run-dir"), ("--set", "lora.rank=1000000000", "--any-memory"), code=3),
    Plant("memory: too small", nothing, ("midtrain", "estimate"), ("--set", "lora.rank=1000000000"), code=3),
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_it_is_told_before_the_first_document(plant: Plant, cli: Cli, tmp_path: Path) -> None:
    create_experiment("mine", "cheese_american", tmp_path)
    plant.prepare(tmp_path)
    options = plant.options if "--run-dir" in plant.options else (*plant.options, "--run-dir", "run")

    with mock.patch.dict(sys.modules, dict.fromkeys(plant.missing)):
        done = cli("run", RECIPE, "--seed", "0", "--quiet", "--set", "documents.count=2", *options)

    assert done.returncode == plant.code, done.stderr
    assert all(word in done.stderr for word in plant.told), done.stderr
    assert done.stderr.count("error:") == 1
    assert "at fault is not known" not in done.stderr
    assert [row for name in (DOCUMENTS, PROGRESS) for file in tmp_path.rglob(name) for row in read_jsonl(file)] == []
