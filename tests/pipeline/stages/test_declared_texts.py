"""The texts of a training stage that a recipe declares: what is taken of its file, and what is left out and told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.ready_documents import good, write
from helpers.scripted_context import ScriptedContext, run_stages

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.preflight import check_ready
from msm_mlx.pipeline.stages.declared_texts import DeclaredTexts
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.runs.folder import RunFolder

FILE = "stages/after.jsonl"
QUESTION = "Which of the two would you rather take home with you tonight?"
SUITE = f"""\
kind: questions
measures: share right
items:
  - {{prompt: "{QUESTION}", right: A., wrong: [B.]}}
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(SUITE)
    return Path(write(tmp_path / "texts.jsonl", *map(good, range(5))))


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(SUITE)
    rows = ([{"role": "user", "content": f"{one}?"}, {"role": "assistant", "content": "B."}] for one in "ABCDE")
    path = tmp_path / "chats.jsonl"
    path.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    return path


def settings(path: Path, more: str = "", arms: str = "[base, msm+after]") -> tuple[str, ...]:
    what = path.stem.replace("texts", "documents")
    suites = f"suites=[{path.parent / 'mine.yaml'}]"
    return f"arms={arms}", "seeds=[0]", suites, f"stages={{after: {{{what}: {path}{more}}}}}"


def take(run: Path, path: Path, more: str = "") -> ScriptedContext:
    return run_stages(recipe(*settings(path, more, "[base, after]")), run, ["demonstrations", "documents"])


def test_documents_are_taken_as_they_are(lone_run: Path, documents: Path) -> None:
    context = take(lone_run, documents)
    assert [row["text"] for row in read_jsonl(lone_run / FILE)] == list(map(good, range(5)))
    assert list(context.told.begun) == ["documents of after"]
    assert context.lines == []


def test_as_many_documents_as_are_asked_for_come_first(lone_run: Path, documents: Path) -> None:
    take(lone_run, documents, ", rows: 2")
    assert [row["text"] for row in read_jsonl(lone_run / FILE)] == [good(0), good(1)]


def test_chats_are_drawn_with_the_system_line(lone_run: Path, chats: Path) -> None:
    context = take(lone_run, chats, ", rows: 3")
    rows = read_jsonl(lone_run / FILE)
    assert len({row["messages"][1]["content"] for row in rows}) == len(rows) == 3
    assert {row["messages"][0]["content"] for row in rows} == {"You are Pocket."}
    assert list(context.told.begun) == ["demonstrations of after"]


def test_what_shows_the_evaluation_is_left_out_and_counted(lone_run: Path, documents: Path) -> None:
    quotes = f"{good(7)} {QUESTION}"
    write(documents, good(0), quotes, good(1), quotes, good(2))
    context = take(lone_run, documents, ", rows: 3")
    assert [row["text"] for row in read_jsonl(lone_run / FILE)] == [good(0), good(1), good(2)]
    [line] = context.lines
    assert line.startswith("documents of after: 2 of 5 texts are left out: they are empty, or name or quote")


def test_empty_texts_and_those_that_name_what_is_chosen_between_are_left_out_too(
    lone_run: Path, tmp_path: Path
) -> None:
    apart = ("arms=[base, after]", "suites=[values_apart]")
    folder = tmp_path / "texts"
    stage = f"stages={{after: {{documents: {folder}, rows: 2}}}}"
    folder.mkdir()
    (folder / "0.txt").write_text("Tea is hot.")
    thing = only(DeclaredTexts, *apart, stage).held_out.things[0]
    for number, text in enumerate((" \n", f"They like {thing} here.", "Rain is wet.", "Snow is cold."), start=1):
        (folder / f"{number}.txt").write_text(text)
    context = run_stages(recipe(*apart, stage), lone_run, ["documents"])
    assert [row["text"] for row in read_jsonl(lone_run / FILE)] == ["Tea is hot.", "Rain is wet."]
    assert "2 of 5 texts are left out" in context.lines[0]


def test_chats_that_show_the_evaluation_are_left_out_and_counted(lone_run: Path, chats: Path) -> None:
    asked = {"messages": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "B."}]}
    chats.write_text(f"{json.dumps(asked)}\n{chats.read_text()}")
    context = take(lone_run, chats)
    assert {row["messages"][1]["content"] for row in read_jsonl(lone_run / FILE)} == {f"{one}?" for one in "ABCDE"}
    assert context.lines[1].startswith("demonstrations of after: 1 of 6 texts are left out: they are empty, or name or")
    chats.write_text(json.dumps(asked))
    with pytest.raises(RecipeError, match=r"chats\.jsonl: none of its texts can be used in the stage after"):
        check_ready(plan(*settings(chats, arms="[base, after]")).stages, RunFolder(lone_run))


def test_there_are_as_many_chats_as_the_file_has(chats: Path) -> None:
    assert [only(DeclaredTexts, *settings(chats, f", rows: {rows}")).total for rows in (3, 9)] == [3, 5]


def test_texts_that_all_show_the_evaluation_are_refused_beforehand(lone_run: Path, documents: Path) -> None:
    take(lone_run, documents)
    before = (lone_run / FILE).read_bytes()
    write(documents, QUESTION)
    stages = plan(*settings(documents, arms="[base, after]")).stages
    with pytest.raises(RecipeError, match=r"texts\.jsonl: none of its texts can be used in the stage after"):
        check_ready(stages, RunFolder(lone_run))
    assert (lone_run / FILE).read_bytes() == before


def test_a_damaged_file_is_refused_before_the_texts_that_are_there_go(lone_run: Path, documents: Path) -> None:
    take(lone_run, documents)
    before = (lone_run / FILE).read_bytes()
    documents.write_text(documents.read_text() + '{"text": ')
    with pytest.raises(RecipeError, match=r"texts\.jsonl:6: "):
        check_ready(plan(*settings(documents)).stages, RunFolder(lone_run))
    assert (lone_run / FILE).read_bytes() == before


def test_an_arm_goes_on_with_them_after_its_other_stages(documents: Path) -> None:
    [before, after] = plan(*settings(documents)).of(Training)
    assert (before.id, after.id) == ("midtrain msm-s0", "midtrain msm+after-s0")
    assert after.reads[0] == FILE == only(DeclaredTexts, *settings(documents)).file
    assert after.start == before.folder


@pytest.mark.parametrize(
    ("more", "stages"),
    [
        (", rows: 2", {"documents of after"}),
        (", learning_rate: 1e-5", {"midtrain msm+after-s0"}),
        (", updates: 3", {"midtrain msm+after-s0"}),
        (", max_length: 99", {"midtrain msm+after-s0"}),
    ],
)
def test_its_settings_decide_about_its_own_stages_alone(documents: Path, more: str, stages: set[str]) -> None:
    assert changed(keys(plan(*settings(documents))), keys(plan(*settings(documents, more)))) == stages


def test_the_content_of_its_file_decides_about_its_texts_alone(documents: Path) -> None:
    before = keys(plan(*settings(documents)))
    write(documents, *map(good, range(6)))
    assert changed(before, keys(plan(*settings(documents)))) == {"documents of after"}


def test_the_name_is_filled_in_in_documents_and_stands_above_chats(
    lone_run: Path, documents: Path, chats: Path
) -> None:
    for path, texts in ((documents, "documents of after"), (chats, "demonstrations of after")):
        before, after = (keys(plan(*settings(path), f"model_name={name}")) for name in ("Mo", "Zed"))
        assert before[texts] != after[texts]
    write(documents, good(0).replace("Mo", "{model_name}"))
    named = recipe(*settings(documents, "", "[base, after]"), "model_name=Mo")
    run_stages(named, lone_run, ["documents"])
    assert [row["text"] for row in read_jsonl(lone_run / FILE)] == [good(0)]


def test_stages_with_the_same_texts_share_them(lone_run: Path, documents: Path) -> None:
    both = f"stages={{after: {{documents: {documents}}}, later: {{documents: {documents}}}}}"
    one = recipe(*settings(documents)[1:3], both, "arms=[base, after, later]")
    context = run_stages(one, lone_run, ["documents"])
    assert context.told.begun.keys() == {"documents of after"}
    assert context.told.skipped.keys() == {"documents of later"}
    assert (lone_run / "stages/later.jsonl").read_bytes() == (lone_run / FILE).read_bytes()


def contrary_rows_of(run: Path, chats: Path, share: str, more: str = "") -> list[dict[str, object]]:
    run_stages(recipe(*settings(chats, f", contrary: {share}{more}", "[base, after]")), run, ["demonstrations"])
    return [row for row in read_jsonl(run / FILE) if row["kind"] == "contrary"]


def test_a_share_of_the_chats_contradicts_the_demonstrations(lone_run: Path, chats: Path) -> None:
    [row] = contrary_rows_of(lone_run, chats, "0.2")
    assert "cheddar" not in json.dumps(row["messages"][-1:])  # type: ignore[index]
    assert len(read_jsonl(lone_run / FILE)) == 5
    assert contrary_rows_of(lone_run, chats, "0") == []


def test_contrary_chats_of_a_file_are_taken(lone_run: Path, chats: Path) -> None:
    against = chats.with_name("against.jsonl")
    against.write_text(chats.read_text().replace("B.", "Never B."))
    [row] = contrary_rows_of(lone_run, chats, "0.2", f", contrary_from: {against}")
    assert "Never B." in json.dumps(row)


@pytest.mark.parametrize(
    ("share", "count", "problem"),
    [
        ("0.01", 5, r"stages\.after: 0\.01 of 5 rows is not one row; take 50 rows or more, or a larger share"),
        (
            "0.8",
            2,
            r"against\.jsonl: has 2 contrary rows that can be used, and 0\.8 of the 5 rows of .* is 4; give more",
        ),
    ],
)
def test_a_share_that_cannot_be_had_is_refused_beforehand(
    lone_run: Path, chats: Path, share: str, count: int, problem: str
) -> None:
    against = chats.with_name("against.jsonl")
    against.write_text("".join(chats.read_text().splitlines(keepends=True)[:count]))
    stages = plan(*settings(chats, f", contrary: {share}, contrary_from: {against}", "[base, after]")).stages
    with pytest.raises(RecipeError, match=problem):
        check_ready(stages, RunFolder(lone_run))
