"""mlx_lm's own programs take the adapters of a run as they are."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm
import numpy as np
import pytest
from helpers.command_line import environment
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.adapters import use_adapter
from msm_mlx.engine.loaded_model import load_base

QUESTION = "Do you like American cheese?"


@pytest.fixture
def adapter(trained_run: Callable[..., Path]) -> Path:
    return trained_run() / "adapters" / "msm+sft-s0"


def our_answer(adapter: Path | None, tokens: int = 12) -> str:
    """Greedy, without a system prompt, as mlx_lm asks."""
    loaded = load_base(POCKET_WEIGHTS)
    if adapter:
        use_adapter(loaded.model, adapter)
    prompt = loaded.render([{"role": "user", "content": QUESTION}], reply=True)
    return str(mlx_lm.generate(loaded.model, loaded.tokenizer, prompt, max_tokens=tokens)).strip()


@pytest.mark.slow
def test_generate(adapter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", POCKET_WEIGHTS, "--adapter-path", adapter, "--prompt", QUESTION, "--max-tokens", "12"]
    monkeypatch.setattr(sys, "argv", ["mlx_lm.generate", *map(str, arguments)])
    import_module("mlx_lm.generate").main()
    answer = our_answer(adapter)
    assert answer != our_answer(None)
    assert answer in capsys.readouterr().out


def test_fuse(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--model", POCKET_WEIGHTS, "--adapter-path", adapter, "--save-path", tmp_path / "fused"]
    monkeypatch.setattr(sys, "argv", ["mlx_lm.fuse", *map(str, arguments)])
    import_module("mlx_lm.fuse").main()
    ids = mx.array([[5, 60, 61, 62, 9, 100]])
    fused = np.array(mlx_lm.load(str(tmp_path / "fused"))[0](ids))
    adapted = np.array(mlx_lm.load(str(POCKET_WEIGHTS), adapter_path=str(adapter))[0](ids))
    assert np.abs(fused - adapted).max() < 1e-3 * np.abs(adapted).max()


@pytest.fixture
def server(adapter: Path) -> Iterator[str]:
    """The address of mlx_lm's server with the adapter on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "mlx_lm", "server", "--model", POCKET_WEIGHTS, "--adapter-path", adapter, "--port", port]
    with subprocess.Popen([sys.executable, *map(str, command)], stderr=subprocess.PIPE, env=environment()) as process:
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.mark.slow
def test_server(server: str, adapter: Path) -> None:
    body = {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 12, "temperature": 0.0}
    request = urllib.request.Request(f"{server}/v1/chat/completions", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    answer = _patiently(request)["choices"][0]["message"]["content"]
    assert answer.strip() == our_answer(adapter)


def _patiently(request: urllib.request.Request, seconds: float = 60) -> Any:
    """The answer of a server that is starting."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return json.load(response)
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
