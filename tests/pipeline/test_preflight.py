"""All that is wrong with a recipe and its files comes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.pipeline.preflight import inspect_recipe
from msm_mlx.recipe.scaffold import create_experiment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_experiment("mine", "cheese_american", tmp_path)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_files_are_all_looked_into(folder: Path) -> None:
    replace(folder / "mine.md", "{model_name} holds", "{modelname} holds")
    replace(folder / "demonstrations.yaml", "likes:", "lieks:")
    replace(folder / "unseen.yaml", "reply:", "repli:")

    found = inspect_recipe(folder / "recipe.yaml").problems

    for name in ("mine.md:", "demonstrations.yaml:", "unseen.yaml:"):
        assert any(name in line for line in found), found


def test_a_broken_recipe_does_not_hide_a_broken_spec(folder: Path) -> None:
    replace(folder / "recipe.yaml", "rank: 32", "rang: 32")
    (folder / "mine.md").write_text("# Nothing asserted\n\nOnly prose.\n", encoding="utf-8")

    found = inspect_recipe(folder / "recipe.yaml").problems

    assert len(found) == 2
    assert "did you mean rank?" in found[0]
    assert "no assertion found" in found[1]


def test_a_broken_recipe_hides_no_other_broken_file(folder: Path) -> None:
    replace(folder / "recipe.yaml", "rank: 32", "rang: 32")
    replace(folder / "demonstrations.yaml", "likes:", "lieks:")
    replace(folder / "unseen.yaml", "reply:", "repli:")

    found = inspect_recipe(folder / "recipe.yaml").problems

    for name in ("recipe.yaml:", "demonstrations.yaml:", "unseen.yaml:"):
        assert any(name in line for line in found), found


def test_a_broken_recipe_does_not_look_around(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Nothing asserted\n", encoding="utf-8")
    replace(folder / "recipe.yaml", "rank: 32", "rang: 32")
    replace(folder / "recipe.yaml", "spec: mine.md", "spec: ../secret.md")

    assert not any("secret.md" in line for line in inspect_recipe(folder / "recipe.yaml").problems)
    assert any("secret.md" in line for line in inspect_recipe(folder / "recipe.yaml", allow_outside=True).problems)


def test_documents_without_room_for_their_least_words_are_refused_at_once(folder: Path) -> None:
    (line,) = inspect_recipe(folder / "recipe.yaml", overrides=["documents.max_tokens=20"]).problems
    assert line.startswith("documents.max_tokens: 20 tokens hold no document of documents.min_words: 15")
    few = ["documents.max_tokens=20", "documents.min_words=10"]
    assert inspect_recipe(folder / "recipe.yaml", overrides=few).problems == []


def test_a_model_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    for model, said in (
        ("./gone", "no such folder"),
        ("my model", "check the spelling"),
        (tmp_path / "model", "holds"),
    ):
        (line,) = inspect_recipe(folder / "recipe.yaml", model=str(model)).problems
        assert said in line
    assert inspect_recipe(folder / "recipe.yaml", model="mlx-community/Qwen3-8B-4bit").problems == []


def test_a_suite_about_another_spec(folder: Path) -> None:
    replace(folder / "recipe.yaml", "suites: [unseen.yaml,", "suites: [spec_knowledge,")

    (line,) = inspect_recipe(folder / "recipe.yaml").problems

    assert "about the specs" in line


def test_a_mix_and_the_texts_of_declared_stages_are_read_too(folder: Path) -> None:
    for name in ("general", "after", "texts"):
        (folder / f"{name}.jsonl").write_text("garbage\n", encoding="utf-8")
    declared = "{after: {chats: after.jsonl, updates: 2}, plain: {documents: texts.jsonl, updates: 2}}"
    replace(folder / "recipe.yaml", "seeds:", f"stages: {declared}\nmix: {{from: general.jsonl, count: 2}}\nseeds:")

    found = inspect_recipe(folder / "recipe.yaml").problems

    for name in ("general.jsonl:1", "after.jsonl:1", "texts.jsonl:1"):
        assert any(name in line for line in found), found


def test_data_sets_of_the_hub_are_said_to_be_unread(folder: Path) -> None:
    replace(folder / "recipe.yaml", "seeds:", "mix: {from: 'hub:some/where', count: 2}\nseeds:")

    findings = inspect_recipe(folder / "recipe.yaml")

    assert findings.problems == []
    assert [note for note in findings.notes if note.startswith("hub:some/where is not read here; a run fetches it")]


def test_a_suite_of_rows_is_told_once(folder: Path) -> None:
    (folder / "rows.jsonl").write_text('{"question": "Which?"}\n', encoding="utf-8")
    replace(folder / "recipe.yaml", "suites: [unseen.yaml", "suites: [rows.jsonl")

    [line] = inspect_recipe(folder / "recipe.yaml").problems

    assert "'rows.jsonl' must end with .yaml" in line


def test_a_declared_stage_that_no_arm_has_is_said_and_is_no_problem(folder: Path) -> None:
    (folder / "texts.jsonl").write_text('{"text": "Rain is wet."}\n', encoding="utf-8")
    replace(folder / "recipe.yaml", "seeds:", "stages: {plain: {documents: texts.jsonl, updates: 2}}\nseeds:")

    findings = inspect_recipe(folder / "recipe.yaml")

    assert findings.problems == []
    [note] = findings.notes
    assert "no arm has plain" in note


@pytest.mark.slow
def test_rows_and_prompts_are_measured_where_that_is_asked_for(folder: Path) -> None:
    replace(folder / "unseen.yaml", "Which {noun}", f"{'Very ' * 600}much, which {{noun}}")

    assert inspect_recipe(folder / "recipe.yaml").problems == []
    problems = inspect_recipe(folder / "recipe.yaml", rehearse=True).problems

    assert problems
    assert all(line.startswith(f"{folder / 'unseen.yaml'}:") for line in problems)
    assert "and the model reads 512" in problems[0]


def test_a_tokenizer_that_is_out_of_reach_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    findings = inspect_recipe(folder / "recipe.yaml", rehearse=True, model="nobody/nothing", profile="pocket")
    assert findings.problems == []
    assert any(note.startswith("Rows and prompts are not measured: model nobody/nothing: ") for note in findings.notes)
