"""What a cheap command imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import RECIPES

HEAVY = {"mlx", "mlx_lm", "transformers", "tokenizers", "tiktoken", "huggingface_hub", "textual", "torch"}
COMMANDS = [
    [],
    ["--help"],
    ["--version"],
    ["run", "--help"],
    ["recipes"],
    ["specs"],
    ["runs"],
    ["init", "mine"],
    ["validate", str(RECIPES / "cheese_american.yaml")],
    ["run", "--dry-run", str(RECIPES / "cheese_american.yaml")],
    ["run", "--dry-run", "--json", str(RECIPES / "cheese_contrast.yaml")],
]
# one process runs them one after another: what none has imported, each alone does not import either
PROBE = """
import json, sys
from msm_mlx.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["msm-mlx", *words]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    modules = sorted({name.partition(".")[0] for name in sys.modules})
    print("\\n" + json.dumps({"words": words, "code": code, "modules": modules}), file=sys.stderr)
"""


@pytest.mark.slow
def test_cheap_commands_import_nothing_heavy(tmp_path: Path) -> None:
    """mlx-lm alone costs seconds, which a person who asks for help should not pay."""
    command = [sys.executable, "-c", PROBE, json.dumps(COMMANDS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    outcomes = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{"words"')]

    assert [(outcome["words"], outcome["code"]) for outcome in outcomes] == [(words, 0) for words in COMMANDS]
    assert [(outcome["words"], HEAVY & set(outcome["modules"])) for outcome in outcomes] == [
        (words, set()) for words in COMMANDS
    ]
