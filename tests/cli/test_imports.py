"""What a cheap command imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import RECIPES

HEAVY = {"mlx", "mlx_lm", "transformers", "tokenizers", "tiktoken", "huggingface_hub", "textual", "torch"}
PROBE = """
import json, sys
from msm_mlx.cli.main import main
sys.argv = ["msm-mlx", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as error:
    code = error.code
else:
    code = 0
print(json.dumps({"code": code, "modules": sorted({name.partition(".")[0] for name in sys.modules})}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["recipes"],
        ["specs"],
        ["runs"],
        ["init", "mine"],
        ["validate", str(RECIPES / "cheese_american.yaml")],
        ["estimate", str(RECIPES / "cheese_american.yaml")],
        ["run", "--dry-run", str(RECIPES / "cheese_american.yaml")],
        ["run", "--dry-run", "--json", str(RECIPES / "cheese_contrast.yaml")],
    ],
)
def test_cheap_commands_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """mlx-lm alone costs seconds, which a person who asks for help should not pay."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    outcome = json.loads(done.stderr.splitlines()[-1])

    assert outcome["code"] in (0, None), done.stderr
    assert HEAVY.isdisjoint(outcome["modules"])
