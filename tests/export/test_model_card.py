"""The pages in front of what is pushed, word for word but for figures.

`PYTHONPATH=tests python tests/export/test_model_card.py` writes them anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from helpers.finished_runs import finish_run
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.trained_runs import make_trained_run
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.export.model_card import evaluation_table, plain
from msm_mlx.export.repositories import prepare_uploads
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import RESULTS
from msm_mlx.runs.results import SCHEMA, MeasuredSuite, RunResults, Share
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values
from msm_mlx.settings_file.parse import parse

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = {"dataset": "card-data.md", "model": "card-model.md"}


def cards(run: Path) -> dict[str, str]:
    """Those of a run, by the names of their goldens."""
    record = open_run(run)
    pages = {}
    for upload in prepare_uploads(record, record.choose([]), "me/cheese"):
        page = upload.files["README.md"]
        assert isinstance(page, bytes)
        pages[NAMES[upload.kind]] = page.decode()
    return pages


def without_figures(page: str) -> str:
    """The page without what differs from machine to machine: shares, and the versions that made it."""
    return re.sub(r"Made with .*?[.] ", "Made with VERSIONS. ", re.sub(r"\d[.]\d\d\b(?![.])", "#.##", page))


def test_the_pages(finished_run: Path) -> None:
    for name, page in cards(finished_run).items():
        assert without_figures(page) == (GOLDEN / name).read_text(encoding="utf-8"), name


def test_the_table_has_the_main_share_of_every_arm(finished_run: Path) -> None:
    results = json.loads((finished_run / RESULTS).read_text(encoding="utf-8"))
    shares = {row["arm"]: row for row in results["pooled"] if row["metric"] == "choice"}
    assert list(shares) == ["base", "sft", "msm", "msm+sft"]
    page = cards(finished_run)["card-model.md"]
    for arm, row in shares.items():
        assert f"| {arm} | {row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}] |" in page


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mlx-community/Qwen3-8B-4bit", "mlx-community/Qwen3-8B-4bit@main"])
def test_a_base_of_the_hub_is_linked(model: str, tmp_path: Path) -> None:
    record = open_run(make_trained_run(tmp_path, model, POCKET_WEIGHTS))
    upload = prepare_uploads(record, record.choose([]), "me/cheese", with_data=False)[0]
    page = upload.files["README.md"]
    assert isinstance(page, bytes)
    front = parse(page.decode().split("---")[1]).value
    assert front["base_model"] == "mlx-community/Qwen3-8B-4bit"
    assert front["base_model_relation"] == "adapter"
    assert "datasets" not in front


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "said"), [("mlx-community/Qwen3-14B-4bit@main", "mlx-community/Qwen3-14B-4bit"), ("/home/me/big", "big")]
)
def test_another_writer_is_named_without_its_folder(model: str, said: str, tmp_path: Path) -> None:
    run = make_trained_run(tmp_path, "pocket", POCKET_WEIGHTS)
    recipe = load_values(run / "recipe.yaml")
    recipe["settings"]["documents"]["writer"] = [{"model": model}]
    (run / "recipe.yaml").write_text(dump(recipe))
    record = open_run(run)
    for upload in prepare_uploads(record, record.choose([]), "me/cheese"):
        for name, content in upload.files.items():
            page = content.decode() if isinstance(content, bytes) else Path(content).read_bytes().decode("latin-1")
            assert "/home/me" not in page, name
            if upload.kind == "dataset" and name == "README.md":
                assert f"All documents were written by\n`{said}` and checked" in page


@given(st.text(max_size=60))
def test_no_text_becomes_markup(text: str) -> None:
    shown = plain(text)
    assert not set(shown.replace("&#", "")) & {"#"}
    assert not set(shown) & set("<>|`*[]\n\r")
    share = Share(
        suite=text, arm=text, spec=None, seed=None, metric="choice", value=0.5, ci_low=0.0, ci_high=1.0, n=2, seeds=1,
        failure=None,
    )  # fmt: skip
    suite = MeasuredSuite(name=text, kind="pairs", measures=text, file="", added=False)
    results = RunResults(schema=SCHEMA, run="r", records=[], pooled=[share], contrasts=[], suites=[suite])
    table = evaluation_table(results, several_specs=True)
    lines = table.split("\n")
    assert len(lines) == 5
    assert [line.count("|") for line in lines] == [3, 3, 3, 0, 0]


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        for each, page in cards(finish_run(Path(folder) / "cheese_american")).items():
            (GOLDEN / each).write_text(without_figures(page), encoding="utf-8")
