"""What the wheel holds, and what the README promises."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from msm_mlx.recipe.shipped import shipped_recipes

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


def test_an_empty_folder_is_all_that_a_run_needs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """As `uvx msm-mlx run cheese_american` does it: from the wheel alone, in an environment that has the other
    packages, every shipped recipe goes by its name."""
    environment, folder = tmp_path / "environment", tmp_path / "empty"
    venv.create(environment)
    (packages,) = environment.glob("lib/python*/site-packages")
    others = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "others.pth").write_text("\n".join(others), encoding="utf-8")
    folder.mkdir()

    def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MSM_MLX_HOME")}
        return subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)

    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python"]
    done = call(*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel.filename))
    assert done.returncode == 0, done.stderr
    done = call(environment / "bin" / "msm-mlx", "run", "cheese_american", "--dry-run")
    assert (done.returncode, "pocket (embedded) in runs/cheese_american" in done.stdout) == (0, True), done.stderr
    done = call(environment / "bin" / "msm-mlx", "validate", *shipped_recipes())
    assert done.stdout.splitlines() == [f"{name}: nothing is wrong" for name in shipped_recipes()], done.stderr
    assert str(packages) in done.stderr, "the general data of the wheel, not of this checkout"
    assert not any(folder.iterdir())


def test_pocket_is_small(wheel: zipfile.ZipFile) -> None:
    weights = wheel.getinfo("msm_mlx/pocket/weights/model.safetensors")

    assert weights.file_size <= POCKET_LIMIT


def test_ci_runs_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]

    assert ci.startswith("sh .ci/openblas;")
    assert ci in readme
