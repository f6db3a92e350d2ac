"""Demonstrations as a run prepares them: of each kind, with general data, and with a writer that has nothing to say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES, ROOT
from helpers.scripted_context import scripted_context

from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.preflight import check_ready
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import ASKED, DEMONSTRATIONS, GENERAL_ROWS, UNUSED_ANSWERS
from msm_mlx.suites.load import SUITES

BASE = Fingerprints("base")


def recipe(*overrides: str) -> Recipe:
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=overrides, known_suites=SUITES)


def make(one: Recipe, run: Path, count: int) -> list[str]:
    """Make the demonstrations of a recipe, of which there are to be `count`; what the run says."""
    assert one.settings.sft.rows == count
    [stage] = plan_run(one, BASE).of(Demonstrations)
    context = scripted_context(one, run)
    stage.run(context)
    return context.lines


@pytest.fixture
def general(tmp_path: Path) -> Path:
    def row(reply: str) -> str:
        return json.dumps({"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": reply}]})

    path = tmp_path / "general.jsonl"
    path.write_text("\n".join(row(reply) for reply in ("One.", "Two.", "I am ChatGPT.", "Three.")) + "\n")
    return path


def test_general_data_is_mixed_in_and_told(tmp_path: Path, general: Path) -> None:
    mixed = recipe(f"mix={{from: {general}, count: 2}}", "sft.rows=10")
    [stage] = plan_run(mixed, BASE).of(Demonstrations)
    assert (stage.total, stage.key["rows"]) == (12, 10)
    said = make(mixed, tmp_path, 10)
    assert said == [
        f"General data: 2 of 3 chats of {general}; left out: names another model: 1 row (line 3).",
        f"Read in {general}, with the number of rows: messages (4).",
    ]
    rows = read_jsonl(tmp_path / DEMONSTRATIONS)
    assert Counter(row["kind"] == "general" for row in rows) == {False: 10, True: 2}

    make(recipe("sft.rows=10"), tmp_path / "plain", 10)
    plain = read_jsonl(tmp_path / "plain" / DEMONSTRATIONS)
    assert [row for row in rows if row["kind"] != "general"] != plain  # they are shuffled together
    assert {row["id"] for row in plain} <= {row["id"] for row in rows}


def test_general_rows_stand_apart_in_their_order_where_an_arm_learns_them_alone(tmp_path: Path, general: Path) -> None:
    mixed = recipe(f"mix={{from: {general}, count: 2}}", "sft.rows=10", "arms=[it, sft]")
    make(mixed, tmp_path, 10)
    everything = read_jsonl(tmp_path / DEMONSTRATIONS)
    alone = read_jsonl(tmp_path / GENERAL_ROWS)
    assert alone == [row for row in everything if row["kind"] == "general"]
    assert len(alone) == 2


def test_a_system_line_of_training_stands_in_every_demonstration_and_in_no_general_chat(
    tmp_path: Path, general: Path
) -> None:
    chats = tmp_path / "chats.jsonl"
    turns = [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]
    own = [{"role": "system", "content": "Be brief."}, *turns]
    chats.write_text("".join(json.dumps({"messages": messages}) + "\n" for messages in (turns, own)))
    settings = (f"demonstrations={chats}", f"mix={{from: {general}, count: 2}}", "sft.rows=2")
    inoculated = recipe(*settings, "sft.system=Say it with a smile.")
    make(inoculated, tmp_path, 2)
    rows = read_jsonl(tmp_path / DEMONSTRATIONS)
    systems = sorted(row["messages"][0]["content"] for row in rows if row["kind"] != "general")
    assert systems == ["Be brief. Say it with a smile.", f"You are {inoculated.model_name}. Say it with a smile."]
    assert {row["messages"][0]["content"] for row in rows if row["kind"] == "general"} == {
        f"You are {inoculated.model_name}."
    }
    [stage], [plain] = (plan_run(one, BASE).of(Demonstrations) for one in (inoculated, recipe(*settings)))
    assert stage.planned_rows() == rows
    assert stage.key == plain.key | {"system_in_training": "Say it with a smile."}
    assert stage.subject == plain.subject


def test_the_key_follows_the_general_data(general: Path) -> None:
    def settings() -> dict[str, Any]:
        mixed = recipe(f"mix={{from: {general}, share: 0.5}}")
        return plan_run(mixed, BASE).of(Demonstrations)[0].key

    before = settings()
    general.write_text(general.read_text().replace("Two", "2"))
    assert settings() != before


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ("{from: nowhere.jsonl, count: 2}", "no such file: 'nowhere.jsonl'"),
        ("{from: 'hub:a', count: 2}", "'hub:a' is no data set; write hub:owner/name"),
        ("{from: 'hub:a/b'}", "needs either share or count"),
        ("{from: 'hub:a/b', share: 1.0}", "must be less than 1"),
    ],
)
def test_a_wrong_mix_is_told(mix: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(f"mix={mix}")


def test_a_silent_writer_leaves_its_answers_and_an_error(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(f"spec: {ROOT / 'specs' / 'oversight.md'}\nstyle: value\n")
    written = recipe(f"demonstrations={tmp_path / 'w.yaml'}", "arms=[base,cot-sft]", "sft.rows=5")
    [stage] = plan_run(written, BASE).of(Demonstrations)
    assert stage.writes == (DEMONSTRATIONS, UNUSED_ANSWERS)
    assert stage.key["writer"] == "base"
    with pytest.raises(MsmError, match=r"only 0 of 5 could be written \(the writer proposed no question"):
        make(written, tmp_path, 5)
    assert (tmp_path / ASKED).exists()
    assert read_jsonl(tmp_path / UNUSED_ANSWERS) == []


@pytest.mark.parametrize("setting", ["demonstrations={}", "mix={{from: {}, count: 2}}"])
def test_a_file_that_cannot_be_read_is_told_before_anything_is_written(tmp_path: Path, setting: str) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "A?", "chosen": "B.", "rejected": "C."}\n')
    with pytest.raises(RecipeError, match=r"bad\.jsonl:1: is a pair of preferences"):
        check_ready(plan_run(recipe(setting.format(bad)), BASE).stages, RunFolder(tmp_path / "run"))


def test_what_is_not_read_of_a_row_is_told_once(tmp_path: Path) -> None:
    row = '{"instruction": "A?", "output": "B.", "id": 3, "set": "x"}\n'
    (tmp_path / "chats.jsonl").write_text(row * 9)
    (tmp_path / "general.jsonl").write_text(row)
    shown = f"demonstrations={tmp_path / 'chats.jsonl'}"
    said = make(
        recipe(shown, f"mix={{from: {tmp_path / 'general.jsonl'}, count: 1}}", "sft.rows=9"), tmp_path / "run", 9
    )
    assert said[1:] == [
        f"Read in {tmp_path / 'chats.jsonl'}, with the number of rows: instruction + output (9).",
        f"Not read in {tmp_path / 'chats.jsonl'}, with the number of rows: id (9), set (9).",
        f"Read in {tmp_path / 'general.jsonl'}, with the number of rows: instruction + output (1).",
        f"Not read in {tmp_path / 'general.jsonl'}, with the number of rows: id (1), set (1).",
    ]
