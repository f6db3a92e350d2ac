"""`msm-mlx models import`: a GGUF file becomes a folder that every command takes by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import Cli
from helpers.gguf_files import tiny_gguf

from msm_mlx.models.hub import resolve_model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tiny_gguf("qwen3").write(tmp_path / "Tiny-F32.gguf")


def test_the_folder_is_printed_and_listed_and_its_name_stands_for_it(
    file: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = cli("models", "import", file)

    assert (done.returncode, done.stdout) == (0, "models/Tiny\n"), done.stderr
    assert "`--model Tiny` stands for it; `msm-mlx models Tiny`" in done.stderr
    assert "models/Tiny" in cli("models").stdout
    monkeypatch.chdir(tmp_path)
    assert resolve_model("Tiny").folder == tmp_path / "models" / "Tiny"


def test_the_name_and_the_home_can_be_chosen(file: Path, cli: Cli, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = cli("models", "import", file, "--name", "mine", "--dtype", "float16", MSM_MLX_HOME=str(home))

    assert done.stdout == f"{home}/models/mine\n"
    assert (home / "models" / "mine" / "model.safetensors").exists()


@pytest.mark.parametrize("name", ["../mine", "a/b", "", ".hidden"])
def test_a_name_is_that_of_one_folder(name: str, file: Path, cli: Cli) -> None:
    done = cli("models", "import", file, "--name", name)

    assert done.returncode == 2
    assert "must be the name of a folder" in done.stderr


def test_a_second_import_is_refused(file: Path, cli: Cli) -> None:
    cli("models", "import", file)
    done = cli("models", "import", file)

    assert done.returncode == 2
    assert "models/Tiny: is there already" in done.stderr


def test_a_broken_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    done = cli("models", "import", "broken.gguf")

    assert done.returncode == 3
    assert "broken.gguf: a GGUF file of a big-endian machine" in done.stderr


def test_a_gguf_file_in_place_of_a_model_leads_to_the_import(file: Path, cli: Cli) -> None:
    done = cli("validate", "cheese_american", "--model", file)

    assert done.returncode == 2
    assert f"is a GGUF file; `msm-mlx models import {file}`" in done.stderr
