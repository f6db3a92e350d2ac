"""`msm-mlx models NAME` shows what holds for a model, and `msm-mlx models FOLDER` lists models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers.architectures import save_architecture

from msm_mlx.cli.main import cli


def models(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["models", *arguments])


def test_of_a_model_it_says_what_holds(tmp_path: Path) -> None:
    folder = save_architecture(tmp_path / "one", "gemma2")
    (folder / "generation_config.json").write_text('{"do_sample": true, "top_k": 64, "top_p": 0.95}')

    [findings] = json.loads(models(str(folder), "--json").stdout)["appraisals"].values()

    assert {finding["subject"]: finding["holds"] for finding in findings}["packing"]
    texts = {finding["subject"]: finding["text"] for finding in findings}
    assert texts["sampling"] == (
        "Documents, demonstrations and scenes are sampled with temperature 1, top_p 0.95, top_k 64 "
        f"(generation_config.json of {folder})."
    )
    assert texts["profile"].startswith("The profile is small because")
    assert texts["name"].startswith("Every text calls the assistant One")
    assert "packing" in models(str(folder)).stdout
    assert "appraisals" not in json.loads(models(str(tmp_path), "--json").stdout)


@pytest.mark.parametrize("name", ["nowhere", "./a/b"])
def test_what_is_neither_is_refused(name: str) -> None:
    assert models(name).exit_code == 2
