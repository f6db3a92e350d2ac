"""Each mistake of the table gets one message: place, cause and remedy. `WRITE_GOLDENS=1 pytest` writes them anew."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from helpers.command_line import ROOT
from helpers.mistakes import MISTAKES, RUN, Mistake

from msm_mlx.cli.main import main
from msm_mlx.recipe.scaffold import create_experiment

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "golden" / "mistakes.txt"
LONGEST = 340  # characters of a problem with what to do about it
WRITING = bool(os.environ.get("WRITE_GOLDENS"))


def read_goldens() -> dict[str, str]:
    """The messages by the name of the mistake."""
    if not GOLDEN.exists():
        return {}
    parts = GOLDEN.read_text(encoding="utf-8").split("\n== ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


@pytest.fixture(scope="module")
def goldens() -> dict[str, str]:
    return read_goldens()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_one_message(
    mistake: Mistake,
    goldens: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    create_experiment("mine", "cheese_american", tmp_path)
    if mistake.needs_run:
        shutil.copytree(request.getfixturevalue("finished_run"), tmp_path / RUN)
    mistake.prepare(tmp_path)
    before = files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["msm-mlx", *mistake.command])

    with pytest.raises(SystemExit) as ended:
        main()

    message = capsys.readouterr().err.replace(str(tmp_path), "/work").replace(str(ROOT), "/msm-mlx")
    page = f"$ msm-mlx {shlex.join(mistake.command)}\n{message}exit {ended.value.code}\n"
    assert ended.value.code == mistake.code, page
    assert "at fault is not known" not in page
    assert "Traceback" not in page
    assert [line for line in problems(message) if ": " not in line or len(line) > LONGEST] == [], page
    assert before.items() <= files(tmp_path).items(), "nothing may be lost"
    if WRITING:
        goldens[mistake.name] = page
        sections = [f"\n== {each.name}\n{goldens[each.name]}" for each in MISTAKES if each.name in goldens]
        GOLDEN.write_text("".join(sections), encoding="utf-8")
    assert page == goldens[mistake.name]


def problems(message: str) -> list[str]:
    """The lines that say where something is wrong, without the first if that only counts them."""
    lines = message.removeprefix("error: ").splitlines()
    return lines[1:] if len(lines) > 1 else lines


def test_every_mistake_has_its_golden(goldens: dict[str, str]) -> None:
    assert list(goldens) == [mistake.name for mistake in MISTAKES]
    assert len(MISTAKES) >= 60


def files(folder: Path) -> dict[str, bytes]:
    """All files that a person could miss; a run notes what it did in its own record."""
    kept = (
        path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", "run.json", "recipe.yaml")
    )
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}
