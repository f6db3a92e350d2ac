"""msm-mlx from Python: what it offers, what that costs, and that it says what the files say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from helpers.command_line import ROOT, environment
from helpers.finished_runs import TINY
from helpers.planted_runs import make_run, plant_grid

import msm_mlx
from msm_mlx import AnswerRecord, ArmRecord, ContrastRecord, MsmError, ScoreRecord, api, load_recipe, open_run, run
from msm_mlx.runs.results import read_results
from msm_mlx.settings_file.parse import parse

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
RECORDS = {"arms": ArmRecord, "scores": ScoreRecord, "pooled": ScoreRecord, "contrasts": ContrastRecord}
LISTS = {**RECORDS, "answers": AnswerRecord}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two seeds; not to be changed."""
    return make_run(tmp_path_factory.mktemp("home") / "runs" / "planted", seeds=(0, 1))


def test_the_import_brings_nothing_of_the_package_and_nothing_heavy() -> None:
    program = "import sys; before = {*sys.modules}; import msm_mlx; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert set(done.stdout.split()) <= {"msm_mlx", "__future__"}


def test_every_name_is_there_and_no_other() -> None:
    assert msm_mlx.__all__ == api.__all__
    assert all(getattr(msm_mlx, name) is getattr(api, name) for name in msm_mlx.__all__)
    assert {*msm_mlx.__all__} <= {*dir(msm_mlx)}
    assert not {*msm_mlx.__all__} & {path.stem for path in (ROOT / "msm_mlx").iterdir()}, "a module would hide it"
    with pytest.raises(AttributeError, match="no attribute 'load_recipes'"):
        msm_mlx.load_recipes  # type: ignore[attr-defined]  # noqa: B018


def test_settings_are_those_of_the_command_line_and_texts_stay_texts() -> None:
    recipe = load_recipe(
        "cheese_american",
        settings={
            "documents.count": 7,
            "midtrain.learning_rate": 1e-5,
            "suites": ["values_apart"],
            "model_name": "A: B",
        },
        seeds=[3],
    )

    assert (recipe.settings.documents.count, recipe.settings.midtrain.learning_rate) == (7, 1e-5)
    assert (recipe.suites, recipe.model_name, recipe.seeds) == (("values_apart",), "A: B", (3,))
    with pytest.raises(MsmError, match="did you mean count"):
        load_recipe("cheese_american", settings={"documents.conut": 7})


def test_a_run_is_found_by_name_by_folder_and_as_the_latest(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSM_MLX_HOME", str(planted.parents[1]))

    assert {open_run(name).folder.resolve() for name in ("latest", "planted", planted)} == {planted}
    assert repr(open_run(planted)) == f"Run({str(planted)!r})"
    with pytest.raises(MsmError, match="did you mean planted"):
        open_run("plantet")


def test_records_say_what_the_results_say(planted: Path) -> None:
    outcome, results = open_run(planted), read_results(planted)

    for rows, records in ((results.records, outcome.scores), (results.pooled, outcome.pooled)):
        assert [(row.suite, row.metric, row.arm, row.spec, row.seed, row.value, row.ci_low, row.n) for row in rows] == [
            (row.suite, row.metric, row.arm, row.spec, row.seed, row.value, row.ci_low, row.n) for row in records
        ]
    assert [(row.a, row.b, row.difference, row.p_holm) for row in results.contrasts] == [
        (row.a, row.b, row.difference, row.p_holm) for row in outcome.contrasts
    ]
    assert {row.log_odds for row in outcome.pooled if row.metric == "choice"} == {1.0}
    lines = [json.loads(line) for line in (planted / "evaluation" / "answers.jsonl").read_text().splitlines()]
    assert [(line["item"], line["arm"], line["written"][0], line["metrics"]) for line in lines] == [
        (row.item, row.arm, row.reply, row.metrics) for row in outcome.answers
    ]
    assert {(row.score, row.margin, row.kind, row.cell) for row in outcome.answers} == {(1.0, 1.0, "pairs", "")}


def test_arms_come_with_their_training_and_adapter(planted: Path) -> None:
    base, *trained = open_run(planted).arms

    assert (base.arm, base.seed, base.training, base.adapter) == ("base", None, "the model as it came", None)
    assert [(arm.arm, arm.spec, arm.seed) for arm in trained[-2:]] == [("msm+sft", "american", seed) for seed in (0, 1)]
    assert trained[-1].training == "midtrained on the documents, then fine-tuned on the demonstrations"
    assert all(arm.adapter and (arm.adapter / "adapters.safetensors").is_file() for arm in trained)


def test_records_of_a_grid_name_their_cell(tmp_path: Path) -> None:
    cells = {count: make_run(tmp_path / f"cell-{count}", arms=("base", "sft", "msm+sft")) for count in (4, 8)}
    outcome = open_run(plant_grid(make_run(tmp_path / "grid"), "documents.count", cells))

    for records in (outcome.arms, outcome.answers, outcome.scores, outcome.pooled):
        assert {record.cell for record in records} == {"documents.count=4", "documents.count=8"}
    assert len(outcome.arms) == 6


def test_records_are_rows_of_a_table(planted: Path) -> None:
    outcome = open_run(planted)
    for name, record in LISTS.items():
        assert {type(row) for row in getattr(outcome, name)} == {record}

    pandas = pytest.importorskip("pandas")
    for name, record in LISTS.items():
        frame = pandas.DataFrame(getattr(outcome, name))
        assert list(frame.columns) == [field.name for field in fields(record)]
        assert frame.iloc[-1].iloc[0] == next(iter(asdict(getattr(outcome, name)[-1]).values()))


def test_an_unfinished_evaluation_is_said(tmp_path: Path) -> None:
    outcome = open_run(make_run(tmp_path / "run", texts=None))

    assert outcome.answers == []
    with pytest.raises(MsmError, match="has no finished evaluation"):
        outcome.scores  # noqa: B018


def test_the_page_names_every_field() -> None:
    rows = {name: set(re.findall(r"`(\w+)`", row)) for name, row in re.findall(r"^\| `(\w+)` \|(.*)$", PAGE, re.M)}

    assert rows.keys() == LISTS.keys()
    for name, record in LISTS.items():
        if name != "pooled":
            assert rows[name] == {field.name for field in fields(record)} - {"cell"}


@pytest.mark.slow
def test_the_program_of_the_page_runs(own_run: Path) -> None:
    """With the settings of the run that is there already, so that it only reports."""
    program, *_ = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len([line for line in program.splitlines() if line.strip()]) <= 10
    settings = {key: parse(value).value for key, _, value in (text.partition("=") for text in TINY)}
    program = program.replace('{"documents.count": 60}', repr(settings))

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=own_run.parents[1], env=environment(), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "midtrain msm-s0: not run again" in done.stdout
    assert re.search(r"^values_apart: msm\+sft choice \d\.\d\d \[", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("runs/cheese_american/report.html\n")


def test_nothing_runs_under_mlx_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_RANK", "0")

    with pytest.raises(MsmError, match="use the command"):
        run("cheese_american")
