"""llama.cpp itself reads what is exported: same tokens, same prompts, same greedy answers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from helpers.lookalike_models import save_lookalike
from mlx_lm.generate import generate_step

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.export.adapter import QUESTION
from msm_mlx.export.gguf import export_gguf
from msm_mlx.prompting.prompts import opening_chat
from msm_mlx.runs.finished import open_run

pytestmark = pytest.mark.slow

TOKENS = 30
TIE = 0.02  # of logits, which rounding to 16 bits may turn

MakeTrained = Callable[..., Path]


@contextmanager
def served(file: Path) -> Iterator[Callable[[str, dict[str, Any]], Any]]:
    """llama.cpp's server with the model in `file`: asks a path of it."""
    llama = pytest.importorskip("xllamacpp")
    settings = llama.CommonParams()
    settings.model.path = str(file)
    settings.n_ctx, settings.n_parallel, settings.use_jinja, settings.warmup = 512, 1, True, False
    settings.verbosity = -1
    server = llama.Server(settings)

    def ask(path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(server.listening_address + path, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    yield ask


def greedy(loaded: LoadedModel, ids: list[int]) -> list[int]:
    """The tokens of our greedy answer, up to its end or to a tie of two tokens."""
    tokens: list[int] = []
    stops = {token for sequence in loaded.stop_tokens for token in sequence}
    for token, scores in generate_step(mx.array(ids), loaded.model, max_tokens=TOKENS):
        best, second = np.sort(np.array(scores.astype(mx.float32)))[:-3:-1]
        if int(token) in stops or best - second < TIE:
            break
        tokens.append(int(token))
    return tokens


@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_answers_are_those_of_the_run(family: str, trained_run: MakeTrained, tmp_path: Path) -> None:
    run = open_run(trained_run("base", save_lookalike(tmp_path / "base", family, chat=True, bits=None)))
    (variant,) = run.choose(["msm+sft"], 0)
    whole = export_gguf(run, variant, run.base(), tmp_path / "whole")
    loaded = run.open(variant)
    chat = opening_chat("Pocket", QUESTION)
    text, ids = loaded.renderer.text(chat, reply=True), loaded.render(chat, reply=True)
    ours = greedy(loaded, ids)
    with served(whole.file) as ask:
        start = loaded.tokenizer.bos_token or ""  # llama.cpp puts it before every text by itself
        assert ask("/apply-template", {"messages": chat})["prompt"] == text.removeprefix(start)
        assert ask("/tokenize", {"content": text, "add_special": False, "parse_special": True})["tokens"] == ids
        request = {"prompt": ids, "n_predict": TOKENS, "temperature": 0.0, "return_tokens": True}
        assert ask("/completion", request)["tokens"][: len(ours)] == ours
    assert len(ours) > 1
