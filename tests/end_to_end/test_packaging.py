"""What the wheel holds, and what the README promises."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POCKET_LIMIT = 12_000_000  # bytes


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, timeout=120
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_holds_specs_recipes_suites_prompts_and_pocket(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())

    for folder, target in (("specs", "msm_mlx/data/specs"), ("recipes", "msm_mlx/data/recipes")):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"{target}/{path.relative_to(ROOT / folder)}" for path in files} <= names
    assert {"msm_mlx/data/specs/science/rules.md", "msm_mlx/data/recipes/data/oversight_answers.jsonl"} <= names
    package = [path for path in (ROOT / "msm_mlx").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {str(path.relative_to(ROOT)) for path in package} <= names


def test_pocket_is_small(wheel: zipfile.ZipFile) -> None:
    weights = wheel.getinfo("msm_mlx/pocket/weights/model.safetensors")

    assert weights.file_size <= POCKET_LIMIT


def test_ci_runs_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]

    assert ci.startswith("sh .ci/openblas;")
    assert ci in readme
