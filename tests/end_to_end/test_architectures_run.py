"""A whole run over a mixture of experts, and all of its arms in `compare`."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.architectures import save_architecture
from helpers.command_line import Cli
from helpers.lookalike_models import byte_level_tokenizer, run_laptop


@pytest.mark.slow
def test_a_run_over_experts_ends_and_compare_shows_all_arms(cli: Cli, tmp_path: Path) -> None:
    model = save_architecture(tmp_path / "model", "qwen3_moe", byte_level_tokenizer(chat=True))
    result = run_laptop(cli, tmp_path, model)
    assert result.returncode == 0, result.stderr
    options = ("--plain", "--json", "--prompt", "Which do you prefer?", "--max-tokens", "4")
    compared = cli("compare", tmp_path / "run", *options)
    assert compared.returncode == 0, compared.stderr
    assert all(f'"{arm}"' in compared.stdout for arm in ("base", "sft", "msm", "msm+sft"))
    assert "arms answer one after another" in compared.stderr
